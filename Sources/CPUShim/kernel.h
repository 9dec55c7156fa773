// What every hot loop is compiled with.
#pragma once

/// One clone per level of the x86-64 instruction set, chosen when the program starts; plain elsewhere.
#if defined(__x86_64__) && defined(__linux__) && defined(__has_attribute)
#if __has_attribute(target_clones)
#define CPU_KERNEL __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#endif
#endif
#ifndef CPU_KERNEL
#define CPU_KERNEL
#endif

/// A helper that must be compiled into the clone that calls it.
#define CPU_INLINE static inline __attribute__((always_inline))

/// The loop's iterations do not depend on each other, though destination and operand may be one array.
#if defined(__clang__)
#define CPU_INDEPENDENT _Pragma("clang loop vectorize(assume_safety) interleave(enable)")
#else
#define CPU_INDEPENDENT _Pragma("GCC ivdep")
#endif

#define CPU_MIN(a, b) ((a) < (b) ? (a) : (b))
#define CPU_MAX(a, b) ((a) > (b) ? (a) : (b))

/// Bodies are included once for each real type, with REAL defined: NAME(stem) is stem_float, then
/// stem_double.
#define NAME(stem) CPU_PASTE(stem, REAL)
#define CPU_PASTE(stem, real) CPU_PASTE_EXPANDED(stem, real)
#define CPU_PASTE_EXPANDED(stem, real) stem##_##real
