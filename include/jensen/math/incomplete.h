// Incomplete gamma and beta functions: what distribution functions of the gamma, Poisson, beta, binomial and negative
// binomial families are made of.
#pragma once

namespace jensen {

/// P(a, x) = ∫₀ˣ t^(a−1) e^(−t) dt / Γ(a), a > 0, x ≥ 0 (0 below): the series up to x < a + 1, Legendre's continued
/// fraction beyond (Abramowitz and Stegun 6.5.29, 6.5.31). To about 1e-13.
double incomplete_gamma(double a, double x);
/// Q(a, x) = 1 − P(a, x), without the cancellation.
double complementary_incomplete_gamma(double a, double x);

/// Their logarithms, far in the tails too where they themselves are less than any number: absolute error about 1e-13
/// of the largest of 1, a, x and |log|.
double log_incomplete_gamma(double a, double x);
double log_complementary_incomplete_gamma(double a, double x);

/// I_x(a, b) = ∫₀ˣ t^(a−1) (1−t)^(b−1) dt / B(a, b), a, b > 0; 0 below 0 and 1 above 1. The continued fraction of
/// Abramowitz and Stegun 26.5.8, from the side where it converges fast. To about 1e-13.
double incomplete_beta(double a, double b, double x);
/// Its logarithm, as above.
double log_incomplete_beta(double a, double b, double x);

/// log Φ(z), Φ the distribution function of the standard normal: by erfc while that does not underflow, then by its
/// asymptotic series (Abramowitz and Stegun 26.2.12). Relative error about 1e-13; −∞ where z² overflows.
double log_normal_probability(double z);

/// log(1 − eˣ), x ≤ 0: −∞ at 0 (Mächler 2012).
double log1m_exp(double x);

}  // namespace jensen
