// Exponential, logarithm, tanh and friends in a form that a compiler turns into vector instructions: no
// calls, no branches. The float functions follow the Cephes library's polynomials (S. Moshier) and stay
// within 2 units in the last place over all floats, 3 for tanh; NaN, infinities and denormal results are as
// in libm. Double calls libm.
#pragma once

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "kernel.h"

#if defined(__has_builtin) && __has_builtin(__builtin_elementwise_sqrt) && \
    __has_builtin(__builtin_elementwise_floor)
// Unlike sqrt and floor these never set errno, which would keep the loop scalar.
#define real_sqrt(x) __builtin_elementwise_sqrt(x)
#define real_floor(x) __builtin_elementwise_floor(x)
#else
#define real_sqrt(x) _Generic((x), float : sqrtf, double : sqrt)(x)
#define real_floor(x) _Generic((x), float : floorf, double : floor)(x)
#endif

CPU_INLINE float float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

CPU_INLINE uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

CPU_INLINE float real_exp_float(float x) {
  // Beyond these bounds the result is infinite or 0 in any case. A NaN passes both comparisons.
  const float clamped = x > 89.f ? 89.f : (x < -104.f ? -104.f : x);
  // Adding 1.5 * 2^23 leaves round(x / log 2) in the low bits.
  const float shifted = clamped * 1.44269504088896341f + 12582912.f;
  const float n = shifted - 12582912.f;
  const int32_t exponent = (int32_t)(bits_of(shifted) - bits_of(12582912.f));
  const float r = (clamped - n * 0.693359375f) - n * -2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.f;
  // In two factors, because 2^n itself may overflow or vanish where the product does not.
  const int32_t half = exponent >> 1;
  return p * float_of((uint32_t)(half + 127) << 23) * float_of((uint32_t)(exponent - half + 127) << 23);
}

CPU_INLINE float real_log_float(float x) {
  const int tiny = x < 1.17549435e-38f;
  const float scaled = tiny ? x * 8388608.f : x;
  // x = m 2^e with m in [sqrt(1/2), sqrt(2)).
  const uint32_t bits = bits_of(scaled) - 0x3f3504f3u;
  const float e = (float)((int32_t)bits >> 23) - (tiny ? 23.f : 0.f);
  const float m = float_of((bits & 0x007fffffu) + 0x3f3504f3u) - 1.f;
  const float z = m * m;
  float p = 7.0376836292e-2f;
  p = p * m - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  float y = p * m * z + e * -2.12194440e-4f - 0.5f * z;
  y = m + y + e * 0.693359375f;
  y = x == INFINITY ? INFINITY : y;
  y = x == 0.f ? -INFINITY : y;
  return x < 0.f || x != x ? NAN : y;
}

CPU_INLINE float real_tanh_float(float x) {
  const float magnitude = float_of(bits_of(x) & 0x7fffffffu);
  const float z = x * x;
  float p = -5.70498872745e-3f;
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  p = p * z * x + x;
  const float far = 1.f - 2.f / (real_exp_float(2.f * magnitude) + 1.f);
  const float signed_far = float_of(bits_of(far) | (bits_of(x) & 0x80000000u));
  return magnitude < 0.625f ? p : signed_far;
}

CPU_INLINE double real_exp_double(double x) { return exp(x); }
CPU_INLINE double real_log_double(double x) { return log(x); }
CPU_INLINE double real_tanh_double(double x) { return tanh(x); }

/// How loops over these functions are compiled: float's are independent vector code, double's call libm.
#define CPU_FUNCTION_LOOP_float CPU_INDEPENDENT
#define CPU_FUNCTION_LOOP_double
