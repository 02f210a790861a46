// Which instruction sets kernels are compiled for: all that Highway has but those named here. To be included before
// Highway.
#pragma once

// Scalable vectors have no size at compile time, which arrays of vectors need; the other two are hardly met without the
// next better one.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV | HWY_AVX3_DL | HWY_SSSE3)
