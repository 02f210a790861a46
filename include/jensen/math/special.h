// Derivatives of log Γ, which the standard library lacks, and log Σ exp.
#pragma once

#include <span>

namespace jensen {

/// log Γ(x), x > 0; +∞ at 0, NaN below. Under 1e-14 relative to max(1, |log Γ|).
double log_gamma(double x);

/// ψ(x) = d/dx log Γ(x), ψ'(x) and ψ''(x) for x > 0: recurrence up to x ≥ 10, then Stirling's series (Abramowitz and
/// Stegun 6.3.18, 6.4.12, 6.4.13). Within 1e-14 of the largest term. At 0 −∞, +∞ and −∞; NaN below.
double digamma(double x);
double trigamma(double x);
double tetragamma(double x);

/// log Σ exp(v_i) without overflow; −∞ where there are none or all are, +∞ where one is. NaN stays NaN.
double log_sum_exp(std::span<const double> v);

/// ψ'''(x), by the same means; +∞ at 0.
double pentagamma(double x);

}  // namespace jensen
