// The inverse of the standard normal distribution function.
#pragma once

namespace jensen {

/// x with Φ(x) = p, to about 1e-15 relative: Wichura (1988), algorithm AS 241 (PPND16). p = 0 and 1 give −∞ and ∞.
/// Throws ArgumentError for p outside [0, 1].
double normal_quantile(double p);

}  // namespace jensen
