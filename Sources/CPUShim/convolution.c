// convolution.c: convolutions by oneDNN, each run on the calling thread alone, and what follows them.
#include "CPUPictures.h"
#include "kernel.h"
#include "onednn.h"

#include <stdlib.h>
#include <string.h>

#ifdef CONTRAPPOSTO_ONEDNN

struct cpu_convolution {
  int kind;
  dnnl_engine_t engine;
  dnnl_primitive_desc_t description;
  dnnl_primitive_t primitive;
  /// Between the order of the parameters and the algorithm's own; NULL when they are the same.
  dnnl_primitive_t reorder;
  dnnl_memory_desc_t x, y, packed, plain;
  int64_t scratch_bytes;
};

/// The library's own order of memory descriptors: what a run hands it.
typedef struct {
  const dnnl_memory_desc_t *description;
  int argument;
  const void *data;
} operand;

/// Runs a primitive on the calling thread.
static bool run(dnnl_engine_t engine, dnnl_primitive_t primitive, const operand *operands, int count) {
  dnnl_exec_arg_t arguments[4];
  dnnl_stream_t stream = NULL;
  bool is_done = dnnl_stream_create(&stream, engine, dnnl_stream_default_flags) == dnnl_success;
  int made = 0;
  for (; is_done && made < count; ++made) {
    arguments[made].arg = operands[made].argument;
    is_done = dnnl_memory_create(&arguments[made].memory, operands[made].description, engine,
                                 (void *)operands[made].data) == dnnl_success;
    if (!is_done) break;
  }
  if (is_done) {
    const int threads = onednn_begin();
    is_done = dnnl_primitive_execute(primitive, stream, count, arguments) == dnnl_success &&
              dnnl_stream_wait(stream) == dnnl_success;
    onednn_end(threads);
  }
  for (int k = 0; k < made; ++k) dnnl_memory_destroy(arguments[k].memory);
  if (stream) dnnl_stream_destroy(stream);
  return is_done;
}

/// Makes the description of the wanted pass; data and filter gradients ask for the forward pass's as a hint.
static bool describe(cpu_convolution *made, const cpu_convolution_shape *s) {
  const dnnl_dims_t x_dims = {s->batch, s->inputs, s->height, s->width};
  const dnnl_dims_t y_dims = {s->batch, s->outputs, s->output_height, s->output_width};
  const dnnl_dims_t weight_dims = {s->outputs, s->inputs, s->size, s->size};
  const dnnl_dims_t strides = {s->stride, s->stride};
  const dnnl_dims_t before = {s->padding, s->padding};
  // What the last window reaches beyond the picture; less than the padding, even negative, where the stride leaves
  // a remainder.
  const dnnl_dims_t after = {(s->output_height - 1) * s->stride + s->size - s->height - s->padding,
                             (s->output_width - 1) * s->stride + s->size - s->width - s->padding};
  dnnl_memory_desc_t any;
  if (dnnl_memory_desc_init_by_tag(&made->x, 4, x_dims, dnnl_f32, dnnl_nhwc) != dnnl_success ||
      dnnl_memory_desc_init_by_tag(&made->y, 4, y_dims, dnnl_f32, dnnl_nhwc) != dnnl_success ||
      dnnl_memory_desc_init_by_tag(&made->plain, 4, weight_dims, dnnl_f32, dnnl_oihw) != dnnl_success ||
      dnnl_memory_desc_init_by_tag(&any, 4, weight_dims, dnnl_f32, dnnl_format_tag_any) != dnnl_success)
    return false;
  dnnl_primitive_attr_t attributes = NULL;
  if (dnnl_primitive_attr_create(&attributes) != dnnl_success) return false;
  dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user);
  dnnl_primitive_desc_t hint = NULL;
  dnnl_convolution_desc_t wanted;
  const dnnl_prop_kind_t forward =
      made->kind == CPU_CONVOLUTION_FORWARD ? dnnl_forward_inference : dnnl_forward_training;
  bool is_done =
      dnnl_convolution_forward_desc_init(&wanted, forward, dnnl_convolution_direct, &made->x, &any, NULL, &made->y,
                                         strides, before, after) == dnnl_success &&
      dnnl_primitive_desc_create(&hint, &wanted, attributes, made->engine, NULL) == dnnl_success;
  if (made->kind == CPU_CONVOLUTION_FORWARD) {
    made->description = hint;
    hint = NULL;
  } else if (is_done) {
    is_done = (made->kind == CPU_CONVOLUTION_DATA
                   ? dnnl_convolution_backward_data_desc_init(&wanted, dnnl_convolution_direct, &made->x, &any,
                                                              &made->y, strides, before, after)
                   : dnnl_convolution_backward_weights_desc_init(&wanted, dnnl_convolution_direct, &made->x, &any,
                                                                 NULL, &made->y, strides, before, after)) ==
                  dnnl_success &&
              dnnl_primitive_desc_create(&made->description, &wanted, attributes, made->engine, hint) ==
                  dnnl_success;
  }
  if (hint) dnnl_primitive_desc_destroy(hint);
  dnnl_primitive_attr_destroy(attributes);
  return is_done;
}

static bool compile(cpu_convolution *made, const cpu_convolution_shape *shape) {
  if (dnnl_engine_create(&made->engine, dnnl_cpu, 0) != dnnl_success || !describe(made, shape)) return false;
  const dnnl_query_t weight =
      made->kind == CPU_CONVOLUTION_FILTER ? dnnl_query_diff_weights_md : dnnl_query_weights_md;
  made->packed = *dnnl_primitive_desc_query_md(made->description, weight, 0);
  made->scratch_bytes =
      dnnl_memory_desc_get_size(dnnl_primitive_desc_query_md(made->description, dnnl_query_scratchpad_md, 0));
  if (dnnl_primitive_create(&made->primitive, made->description) != dnnl_success) return false;
  if (dnnl_memory_desc_equal(&made->packed, &made->plain)) return true;
  const bool packs = made->kind != CPU_CONVOLUTION_FILTER;
  dnnl_primitive_desc_t reorder = NULL;
  const bool is_done =
      dnnl_reorder_primitive_desc_create(&reorder, packs ? &made->plain : &made->packed, made->engine,
                                         packs ? &made->packed : &made->plain, made->engine, NULL) == dnnl_success &&
      dnnl_primitive_create(&made->reorder, reorder) == dnnl_success;
  if (reorder) dnnl_primitive_desc_destroy(reorder);
  return is_done;
}

cpu_convolution *cpu_convolution_create(int kind, const cpu_convolution_shape *shape) {
  onednn_prepare();
  cpu_convolution *made = calloc(1, sizeof *made);
  if (!made) return NULL;
  made->kind = kind;
  // The number of threads is compiled in.
  const int threads = onednn_begin();
  const bool is_done = compile(made, shape);
  onednn_end(threads);
  if (is_done) return made;
  cpu_convolution_destroy(made);
  return NULL;
}

void cpu_convolution_destroy(cpu_convolution *convolution) {
  if (convolution->reorder) dnnl_primitive_destroy(convolution->reorder);
  if (convolution->primitive) dnnl_primitive_destroy(convolution->primitive);
  if (convolution->description) dnnl_primitive_desc_destroy(convolution->description);
  if (convolution->engine) dnnl_engine_destroy(convolution->engine);
  free(convolution);
}

const char *cpu_convolution_algorithm(const cpu_convolution *convolution) {
  const char *name = NULL;
  dnnl_primitive_desc_query(convolution->description, dnnl_query_impl_info_str, 0, &name);
  return name;
}

int64_t cpu_convolution_packed_bytes(const cpu_convolution *convolution) {
  return (int64_t)dnnl_memory_desc_get_size(&convolution->packed);
}

int64_t cpu_convolution_scratch_bytes(const cpu_convolution *convolution) { return convolution->scratch_bytes; }

static bool reorder(const cpu_convolution *c, const dnnl_memory_desc_t *source, const void *from,
                    const dnnl_memory_desc_t *destination, const void *to) {
  if (!c->reorder) {
    memcpy((void *)to, from, dnnl_memory_desc_get_size(source));
    return true;
  }
  const operand operands[] = {{source, DNNL_ARG_FROM, from}, {destination, DNNL_ARG_TO, to}};
  return run(c->engine, c->reorder, operands, 2);
}

bool cpu_convolution_pack(const cpu_convolution *c, const float *weight, void *packed) {
  return reorder(c, &c->plain, weight, &c->packed, packed);
}

bool cpu_convolution_unpack(const cpu_convolution *c, const void *packed, float *weight) {
  return reorder(c, &c->packed, packed, &c->plain, weight);
}

bool cpu_convolution_run(const cpu_convolution *c, const float *x, const void *packed, const float *y,
                         void *scratch) {
  const dnnl_memory_desc_t *scratchpad = dnnl_primitive_desc_query_md(c->description, dnnl_query_scratchpad_md, 0);
  const int names[3][3] = {{DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST},
                           {DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_DST},
                           {DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_DST}};
  const operand operands[] = {{&c->x, names[c->kind][0], x},
                              {&c->packed, names[c->kind][1], packed},
                              {&c->y, names[c->kind][2], y},
                              {scratchpad, DNNL_ARG_SCRATCHPAD, scratch}};
  return run(c->engine, c->primitive, operands, 4);
}

#else

cpu_convolution *cpu_convolution_create(int kind, const cpu_convolution_shape *shape) { return NULL; }
void cpu_convolution_destroy(cpu_convolution *convolution) {}
const char *cpu_convolution_algorithm(const cpu_convolution *convolution) { return NULL; }
int64_t cpu_convolution_packed_bytes(const cpu_convolution *convolution) { return 0; }
int64_t cpu_convolution_scratch_bytes(const cpu_convolution *convolution) { return 0; }
bool cpu_convolution_pack(const cpu_convolution *convolution, const float *weight, void *packed) { return false; }
bool cpu_convolution_unpack(const cpu_convolution *convolution, const void *packed, float *weight) { return false; }
bool cpu_convolution_run(const cpu_convolution *convolution, const float *x, const void *packed, const float *y,
                         void *scratch) {
  return false;
}

#endif

/// One loop for every set of operands, so that none asks what is there.
#define EPILOGUE_LOOP(value)                                                \
  for (int64_t p = 0; p < pixels; ++p) {                                    \
    const float *from = x + p * channels;                                   \
    float *to = y + p * channels;                                           \
    CPU_INDEPENDENT                                                         \
    for (int64_t c = 0; c < channels; ++c) {                                \
      const float sum = (value);                                            \
      to[c] = relu && sum < 0 ? 0 : sum;                                    \
    }                                                                       \
  }
#define OTHER residual[p * channels + c]

CPU_KERNEL void cpu_picture_epilogue_float(const float *x, float *y, int64_t pixels, int64_t channels,
                                           const float *scale, const float *bias, const float *residual,
                                           bool relu) {
  if (scale && bias && residual) {
    EPILOGUE_LOOP(from[c] * scale[c] + bias[c] + OTHER)
  } else if (scale && bias) {
    EPILOGUE_LOOP(from[c] * scale[c] + bias[c])
  } else if (scale && residual) {
    EPILOGUE_LOOP(from[c] * scale[c] + OTHER)
  } else if (bias && residual) {
    EPILOGUE_LOOP(from[c] + bias[c] + OTHER)
  } else if (scale) {
    EPILOGUE_LOOP(from[c] * scale[c])
  } else if (bias) {
    EPILOGUE_LOOP(from[c] + bias[c])
  } else if (residual) {
    EPILOGUE_LOOP(from[c] + OTHER)
  } else if (relu || x != y) {
    EPILOGUE_LOOP(from[c])
  }
}

CPU_KERNEL void cpu_add_parts_float(const float *parts, int64_t part_count, int64_t count, int64_t first,
                                    int64_t last, double beta, float *sum) {
  enum { CHUNK = 512 };
  double total[CHUNK];
  for (int64_t k0 = first; k0 < last; k0 += CHUNK) {
    const int64_t width = CPU_MIN(last - k0, (int64_t)CHUNK);
    for (int64_t k = 0; k < width; ++k) total[k] = beta == 0 ? 0 : beta * sum[k0 + k];
    for (int64_t part = 0; part < part_count; ++part) {
      const float *from = parts + part * count + k0;
      for (int64_t k = 0; k < width; ++k) total[k] += from[k];
    }
    for (int64_t k = 0; k < width; ++k) sum[k0 + k] = (float)total[k];
  }
}
