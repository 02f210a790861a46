// The normalising constant of von Mises–Fisher distributions and its derivative, for any dimension.
#pragma once

namespace jensen {

/// With ν = d/2 − 1 ≥ 0 and κ ≥ 0.
struct VonMisesFisherConstants {
  double log_normalizer = 0;  ///< log C_d(κ) = ν log κ − (d/2) log 2π − log I_ν(κ)
  double mean_length = 0;     ///< A_d(κ) = I_{ν+1}(κ) / I_ν(κ) = |E x|, −d/dκ log C_d
  double slope = 0;           ///< A_d′(κ) = 1 − A² − (d − 1) A / κ > 0
};
/// Relative accuracy about 1e-13. I of an order of at least 500 comes from Debye's expansion, which is uniform in κ
/// (Abramowitz and Stegun 9.7.7), and is brought down to ν by the ratios of successive orders, whose recurrence is
/// stable in that direction: nothing overflows for thousands of columns or κ of any size.
VonMisesFisherConstants von_mises_fisher_constants(int d, double kappa);

/// The κ with A_d(κ) = mean_length, in [0, 1): Newton's method from Banerjee et al. (2005), eq. (4.4), kept between the
/// bounds of Amos (1974). 0 at 0.
double concentration_of(int d, double mean_length);

}  // namespace jensen
