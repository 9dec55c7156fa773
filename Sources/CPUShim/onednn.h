// The optional library: its header, and running it on the calling thread alone.
#pragma once

#ifdef CONTRAPPOSTO_ONEDNN

#if __has_include(<oneapi/dnnl/dnnl.h>)
#include <oneapi/dnnl/dnnl.h>
#else
#include <dnnl.h>
#endif

/// Prepares the library once; call it before anything else of it.
void onednn_prepare(void);
/// From here to `onednn_end` the library uses the calling thread alone; gives what `onednn_end` wants. The setting
/// belongs to this thread, and the caller's own OpenMP code finds it as it was.
int onednn_begin(void);
void onednn_end(int threads);

#endif
