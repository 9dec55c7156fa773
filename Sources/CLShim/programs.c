// Programs from source or binary, kernels, launches.
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

#include "CLShim.h"

int32_t clshim_program_from_source(clshim_context context, clshim_device device, const char *source,
                                   size_t length, const char *options, clshim_program *program, char *log,
                                   size_t capacity) {
  cl_int status;
  if (capacity > 0) log[0] = 0;
  *program = clCreateProgramWithSource(context, 1, &source, &length, &status);
  if (status != CL_SUCCESS) return status;
  status = clBuildProgram(*program, 1, &device, options, NULL, NULL);
  if (status == CL_SUCCESS) return status;
  size_t size = 0;
  if (clGetProgramBuildInfo(*program, device, CL_PROGRAM_BUILD_LOG, 0, NULL, &size) == CL_SUCCESS &&
      size < capacity)
    clGetProgramBuildInfo(*program, device, CL_PROGRAM_BUILD_LOG, size, log, NULL);
  clReleaseProgram(*program);
  *program = NULL;
  return status;
}

int32_t clshim_program_from_binary(clshim_context context, clshim_device device, const uint8_t *binary,
                                   size_t length, const char *options, clshim_program *program) {
  cl_int status, binary_status = CL_SUCCESS;
  *program = clCreateProgramWithBinary(context, 1, &device, &length, &binary, &binary_status, &status);
  if (status != CL_SUCCESS) return status;
  if (binary_status == CL_SUCCESS) binary_status = clBuildProgram(*program, 1, &device, options, NULL, NULL);
  if (binary_status == CL_SUCCESS) return CL_SUCCESS;
  clReleaseProgram(*program);
  *program = NULL;
  return binary_status;
}

int32_t clshim_program_binary_size(clshim_program program, size_t *length) {
  *length = 0;
  return clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof *length, length, NULL);
}

int32_t clshim_program_binary(clshim_program program, uint8_t *binary, size_t length) {
  size_t known = 0;
  cl_int status = clshim_program_binary_size(program, &known);
  if (status != CL_SUCCESS) return status;
  if (known > length) return CL_INVALID_VALUE;
  return clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof binary, &binary, NULL);
}

void clshim_program_release(clshim_program program) { clReleaseProgram(program); }

int32_t clshim_kernel_create(clshim_program program, const char *name, clshim_kernel *kernel) {
  cl_int status;
  *kernel = clCreateKernel(program, name, &status);
  return status;
}

int32_t clshim_kernel_argument(clshim_kernel kernel, uint32_t index, size_t bytes, const void *value) {
  return clSetKernelArg(kernel, index, bytes, value);
}

int32_t clshim_launch(clshim_queue queue, clshim_kernel kernel, uint32_t dimensions, const size_t *global,
                      const size_t *local, clshim_event *event) {
  return clEnqueueNDRangeKernel(queue, kernel, dimensions, NULL, global, local, 0, NULL, event);
}

void clshim_kernel_release(clshim_kernel kernel) { clReleaseKernel(kernel); }
