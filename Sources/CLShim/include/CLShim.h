// CLShim: OpenCL and CLBlast as plain functions that return a status. No policy, no tensors, no output.
//
// Every function returns 0 or a negative OpenCL (or CLBlast) status; clshim_status_name puts it in words.
// Handles are OpenCL's own objects. Nothing here is locked: the caller serialises what OpenCL does not.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct _cl_device_id *clshim_device;
typedef struct _cl_context *clshim_context;
typedef struct _cl_command_queue *clshim_queue;
typedef struct _cl_mem *clshim_memory;
typedef struct _cl_program *clshim_program;
typedef struct _cl_kernel *clshim_kernel;
typedef struct _cl_event *clshim_event;

/// "CL_OUT_OF_RESOURCES" for -5; CLBlast's own statuses are named likewise.
const char *clshim_status_name(int32_t status);

// MARK: Devices

/// How many devices all platforms have together; no driver at all counts as 0 devices, status 0.
int32_t clshim_device_count(int32_t *count);
/// The device at a place in the order of platforms, then devices.
int32_t clshim_device_at(int32_t index, clshim_device *device);

enum clshim_text {
  CLSHIM_PLATFORM_NAME,
  CLSHIM_PLATFORM_VERSION,
  CLSHIM_DEVICE_NAME,
  CLSHIM_DEVICE_VENDOR,
  CLSHIM_DEVICE_VERSION,
  CLSHIM_DRIVER_VERSION,
  CLSHIM_DEVICE_EXTENSIONS
};
/// Copies one text property, cut to `capacity` bytes, always terminated.
int32_t clshim_device_text(clshim_device device, enum clshim_text which, char *text, size_t capacity);

enum clshim_number {
  CLSHIM_COMPUTE_UNITS,
  CLSHIM_GLOBAL_MEMORY,
  CLSHIM_LARGEST_ALLOCATION,
  CLSHIM_LOCAL_MEMORY,
  CLSHIM_LARGEST_WORK_GROUP,
  CLSHIM_PARAMETER_BYTES,
  CLSHIM_NVIDIA_CAPABILITY,  // 90 for 9.0; only for devices that list cl_nv_device_attribute_query
  CLSHIM_IS_PROCESSOR        // 1 when the device is the host's processor
};
int32_t clshim_device_number(clshim_device device, enum clshim_number which, uint64_t *number);

// MARK: Contexts, queues, memory

int32_t clshim_context_create(clshim_device device, clshim_context *context);
void clshim_context_release(clshim_context context);

/// An in-order queue.
int32_t clshim_queue_create(clshim_context context, clshim_device device, int32_t is_profiling,
                            clshim_queue *queue);
int32_t clshim_queue_flush(clshim_queue queue);
int32_t clshim_queue_finish(clshim_queue queue);
void clshim_queue_release(clshim_queue queue);

int32_t clshim_memory_create(clshim_context context, size_t bytes, clshim_memory *memory);
void clshim_memory_release(clshim_memory memory);

/// Enqueue a transfer; `host` must live until `event` is complete.
int32_t clshim_write(clshim_queue queue, clshim_memory memory, size_t offset, size_t bytes, const void *host,
                     clshim_event *event);
int32_t clshim_read(clshim_queue queue, clshim_memory memory, size_t offset, size_t bytes, void *host,
                    clshim_event *event);

// MARK: Events

/// An event that completes with everything enqueued before it.
int32_t clshim_marker(clshim_queue queue, clshim_event *event);
/// Holds back later work of `queue` until `event` is complete.
int32_t clshim_barrier(clshim_queue queue, clshim_event event);
/// Blocks until the event is complete; gives the status of the work itself.
int32_t clshim_event_wait(clshim_event event);
int32_t clshim_event_is_complete(clshim_event event, int32_t *is_complete);
/// Begin and end in nanoseconds of the device's clock; the event's queue must be profiling.
int32_t clshim_event_times(clshim_event event, uint64_t *begin, uint64_t *end);
void clshim_event_release(clshim_event event);

// MARK: Programs and kernels

/// Builds a program. On a build failure `log` (cut to `capacity`, terminated) holds the compiler's words.
int32_t clshim_program_from_source(clshim_context context, clshim_device device, const char *source,
                                   size_t length, const char *options, clshim_program *program, char *log,
                                   size_t capacity);
int32_t clshim_program_from_binary(clshim_context context, clshim_device device, const uint8_t *binary,
                                   size_t length, const char *options, clshim_program *program);
int32_t clshim_program_binary_size(clshim_program program, size_t *length);
int32_t clshim_program_binary(clshim_program program, uint8_t *binary, size_t length);
void clshim_program_release(clshim_program program);

int32_t clshim_kernel_create(clshim_program program, const char *name, clshim_kernel *kernel);
int32_t clshim_kernel_argument(clshim_kernel kernel, uint32_t index, size_t bytes, const void *value);
/// `event` may be null.
int32_t clshim_launch(clshim_queue queue, clshim_kernel kernel, uint32_t dimensions, const size_t *global,
                      const size_t *local, clshim_event *event);
void clshim_kernel_release(clshim_kernel kernel);

// MARK: CLBlast

/// A row-major product of CLBlast: c = alpha op(a) op(b) + beta c. Offsets and leading dimensions in
/// elements.
struct clshim_gemm {
  int32_t is_double, a_is_transposed, b_is_transposed;
  size_t m, n, k;
  double alpha, beta;
  clshim_memory a, b, c;
  size_t a_offset, b_offset, c_offset;
  size_t a_leading, b_leading, c_leading;
};
/// How many bytes `clshim_gemm_run` needs beside its operands.
int32_t clshim_gemm_scratch(const struct clshim_gemm *gemm, clshim_queue queue, size_t *bytes);
/// Enqueues the product. Not thread-safe. `event` may be null.
int32_t clshim_gemm_run(const struct clshim_gemm *gemm, clshim_queue queue, clshim_memory scratch,
                        clshim_event *event);
