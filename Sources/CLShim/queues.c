// Contexts, in-order queues, buffers, transfers and events.
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

#include "CLShim.h"

int32_t clshim_context_create(clshim_device device, clshim_context *context) {
  cl_int status;
  *context = clCreateContext(NULL, 1, &device, NULL, NULL, &status);
  return status;
}

void clshim_context_release(clshim_context context) { clReleaseContext(context); }

int32_t clshim_queue_create(clshim_context context, clshim_device device, int32_t is_profiling,
                            clshim_queue *queue) {
  cl_int status;
  *queue = clCreateCommandQueue(context, device, is_profiling ? CL_QUEUE_PROFILING_ENABLE : 0, &status);
  return status;
}

int32_t clshim_queue_flush(clshim_queue queue) { return clFlush(queue); }

int32_t clshim_queue_finish(clshim_queue queue) { return clFinish(queue); }

void clshim_queue_release(clshim_queue queue) { clReleaseCommandQueue(queue); }

int32_t clshim_memory_create(clshim_context context, size_t bytes, clshim_memory *memory) {
  cl_int status;
  *memory = clCreateBuffer(context, CL_MEM_READ_WRITE, bytes, NULL, &status);
  return status;
}

void clshim_memory_release(clshim_memory memory) { clReleaseMemObject(memory); }

int32_t clshim_write(clshim_queue queue, clshim_memory memory, size_t offset, size_t bytes, const void *host,
                     clshim_event *event) {
  return clEnqueueWriteBuffer(queue, memory, CL_FALSE, offset, bytes, host, 0, NULL, event);
}

int32_t clshim_read(clshim_queue queue, clshim_memory memory, size_t offset, size_t bytes, void *host,
                    clshim_event *event) {
  return clEnqueueReadBuffer(queue, memory, CL_FALSE, offset, bytes, host, 0, NULL, event);
}

int32_t clshim_marker(clshim_queue queue, clshim_event *event) {
  return clEnqueueMarkerWithWaitList(queue, 0, NULL, event);
}

int32_t clshim_barrier(clshim_queue queue, clshim_event event) {
  return clEnqueueBarrierWithWaitList(queue, 1, &event, NULL);
}

int32_t clshim_event_wait(clshim_event event) {
  cl_int status = clWaitForEvents(1, &event);
  if (status != CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST) return status;
  cl_int work;
  cl_int query = clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof work, &work, NULL);
  return query == CL_SUCCESS && work < 0 ? work : status;
}

int32_t clshim_event_is_complete(clshim_event event, int32_t *is_complete) {
  cl_int work = CL_QUEUED;
  cl_int status = clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof work, &work, NULL);
  *is_complete = work <= CL_COMPLETE;
  return status != CL_SUCCESS ? status : work < 0 ? work : CL_SUCCESS;
}

int32_t clshim_event_times(clshim_event event, uint64_t *begin, uint64_t *end) {
  cl_ulong time = 0;
  cl_int status = clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_START, sizeof time, &time, NULL);
  *begin = time;
  if (status != CL_SUCCESS) return status;
  status = clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_END, sizeof time, &time, NULL);
  *end = time;
  return status;
}

void clshim_event_release(clshim_event event) { clReleaseEvent(event); }
