// Devices: the flat list of every platform's devices, and their properties.
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <stdlib.h>
#include <string.h>

#include "CLShim.h"

// The loader's way of saying that no driver is installed.
#define NO_PLATFORM (-1001)

// Calls visit for each device in order until it returns nonzero.
static int32_t each_device(int (*visit)(cl_device_id, void *), void *state) {
  cl_uint platform_count = 0;
  cl_int status = clGetPlatformIDs(0, NULL, &platform_count);
  if (status == NO_PLATFORM || platform_count == 0) return CL_SUCCESS;
  if (status != CL_SUCCESS) return status;
  cl_platform_id *platforms = calloc(platform_count, sizeof *platforms);
  if (!platforms) return CL_OUT_OF_HOST_MEMORY;
  status = clGetPlatformIDs(platform_count, platforms, NULL);
  int done = 0;
  for (cl_uint p = 0; p < platform_count && status == CL_SUCCESS && !done; ++p) {
    cl_uint count = 0;
    // A platform without devices (CL_DEVICE_NOT_FOUND) is no fault.
    if (clGetDeviceIDs(platforms[p], CL_DEVICE_TYPE_ALL, 0, NULL, &count) != CL_SUCCESS || count == 0)
      continue;
    cl_device_id *devices = calloc(count, sizeof *devices);
    if (!devices) {
      status = CL_OUT_OF_HOST_MEMORY;
      break;
    }
    if (clGetDeviceIDs(platforms[p], CL_DEVICE_TYPE_ALL, count, devices, NULL) == CL_SUCCESS)
      for (cl_uint d = 0; d < count && !done; ++d) done = visit(devices[d], state);
    free(devices);
  }
  free(platforms);
  return status;
}

static int count_one(cl_device_id device, void *state) {
  (void)device;
  ++*(int32_t *)state;
  return 0;
}

int32_t clshim_device_count(int32_t *count) {
  *count = 0;
  return each_device(count_one, count);
}

struct search {
  int32_t left;
  cl_device_id found;
};

static int take_one(cl_device_id device, void *state) {
  struct search *search = state;
  if (search->left-- > 0) return 0;
  search->found = device;
  return 1;
}

int32_t clshim_device_at(int32_t index, clshim_device *device) {
  struct search search = {index, NULL};
  int32_t status = each_device(take_one, &search);
  *device = search.found;
  return status != CL_SUCCESS ? status : search.found ? CL_SUCCESS : CL_DEVICE_NOT_FOUND;
}

int32_t clshim_device_text(clshim_device device, enum clshim_text which, char *text, size_t capacity) {
  cl_device_info device_info = 0;
  cl_platform_info platform_info = 0;
  switch (which) {
    case CLSHIM_PLATFORM_NAME:
      platform_info = CL_PLATFORM_NAME;
      break;
    case CLSHIM_PLATFORM_VERSION:
      platform_info = CL_PLATFORM_VERSION;
      break;
    case CLSHIM_DEVICE_NAME:
      device_info = CL_DEVICE_NAME;
      break;
    case CLSHIM_DEVICE_VENDOR:
      device_info = CL_DEVICE_VENDOR;
      break;
    case CLSHIM_DEVICE_VERSION:
      device_info = CL_DEVICE_VERSION;
      break;
    case CLSHIM_DRIVER_VERSION:
      device_info = CL_DRIVER_VERSION;
      break;
    case CLSHIM_DEVICE_EXTENSIONS:
      device_info = CL_DEVICE_EXTENSIONS;
      break;
  }
  if (capacity == 0) return CL_INVALID_VALUE;
  text[0] = 0;
  cl_platform_id platform = NULL;
  cl_int status = CL_SUCCESS;
  if (platform_info) status = clGetDeviceInfo(device, CL_DEVICE_PLATFORM, sizeof platform, &platform, NULL);
  if (status != CL_SUCCESS) return status;
  size_t size = 0;
  status = platform_info ? clGetPlatformInfo(platform, platform_info, 0, NULL, &size)
                         : clGetDeviceInfo(device, device_info, 0, NULL, &size);
  if (status != CL_SUCCESS) return status;
  char *all = calloc(size + 1, 1);
  if (!all) return CL_OUT_OF_HOST_MEMORY;
  status = platform_info ? clGetPlatformInfo(platform, platform_info, size, all, NULL)
                         : clGetDeviceInfo(device, device_info, size, all, NULL);
  if (status == CL_SUCCESS) {
    strncpy(text, all, capacity - 1);
    text[capacity - 1] = 0;
  }
  free(all);
  return status;
}

int32_t clshim_device_number(clshim_device device, enum clshim_number which, uint64_t *number) {
  // Each property has its own width in the API.
  cl_uint narrow = 0;
  cl_ulong wide = 0;
  size_t size = 0;
  cl_int status = CL_INVALID_VALUE;
  switch (which) {
    case CLSHIM_COMPUTE_UNITS:
      status = clGetDeviceInfo(device, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof narrow, &narrow, NULL);
      *number = narrow;
      break;
    case CLSHIM_GLOBAL_MEMORY:
      status = clGetDeviceInfo(device, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof wide, &wide, NULL);
      *number = wide;
      break;
    case CLSHIM_LARGEST_ALLOCATION:
      status = clGetDeviceInfo(device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof wide, &wide, NULL);
      *number = wide;
      break;
    case CLSHIM_LOCAL_MEMORY:
      status = clGetDeviceInfo(device, CL_DEVICE_LOCAL_MEM_SIZE, sizeof wide, &wide, NULL);
      *number = wide;
      break;
    case CLSHIM_LARGEST_WORK_GROUP:
      status = clGetDeviceInfo(device, CL_DEVICE_MAX_WORK_GROUP_SIZE, sizeof size, &size, NULL);
      *number = size;
      break;
    case CLSHIM_PARAMETER_BYTES:
      status = clGetDeviceInfo(device, CL_DEVICE_MAX_PARAMETER_SIZE, sizeof size, &size, NULL);
      *number = size;
      break;
    case CLSHIM_NVIDIA_CAPABILITY: {
      // cl_nv_device_attribute_query; ask only devices that list it.
      cl_uint minor = 0;
      status = clGetDeviceInfo(device, 0x4000, sizeof narrow, &narrow, NULL);
      if (status == CL_SUCCESS) status = clGetDeviceInfo(device, 0x4001, sizeof minor, &minor, NULL);
      *number = 10 * narrow + minor;
      break;
    }
    case CLSHIM_IS_PROCESSOR:
      status = clGetDeviceInfo(device, CL_DEVICE_TYPE, sizeof wide, &wide, NULL);
      *number = (wide & CL_DEVICE_TYPE_CPU) != 0;
      break;
  }
  return status;
}
