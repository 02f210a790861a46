// Sums over the stays of a hidden chain with explicit durations, vectorised over stays and dispatched to the processor
// at run time: the same bits on every processor that fuses multiply-adds.
#pragma once

#include <cstddef>

namespace jensen::kernels {

struct StaySums {
  double ended = 0;
  double unfinished = 0;
};
/// Σ_i weight_i ended_i and Σ_i weight_i unfinished_i.
StaySums stay_sums(std::size_t count, const double* weight, const double* ended, const double* unfinished);

/// Σ_i weight_i factor_i.
double stay_sum(std::size_t count, const double* weight, const double* factor);

/// share × weight_i × factor_i is added to by_duration_i and to by_end_i; returns the sum of these products.
double add_stays(std::size_t count, double share, const double* weight, const double* factor, double* by_duration,
                 double* by_end);

/// weight_i ← factor × weight_i, or 0 where that is below `least`.
void scale_stays(std::size_t count, double factor, double least, double* weight);

}  // namespace jensen::kernels
