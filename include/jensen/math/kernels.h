// The few loops in which nearly all time is spent, vectorised over rows and dispatched to the processor at run time.
//
// Results do not depend on the vector width: sums over rows run in eight virtual lanes that are added in a fixed order,
// and multiply-adds are fused, so that every processor with fused multiply-add returns the same bits.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <jensen/data/panel.h>

namespace jensen::kernels {

/// Memory that a kernel may grow; without meaning between calls.
using Workspace = std::vector<double>;

/// out[i] += constant − ½ ‖W (x_i − mean)‖², W lower triangular, packed by rows (d(d+1)/2 numbers). With W the inverse
/// of the Cholesky factor of Σ and constant = −½ (d log 2π + log|Σ|) this adds log N(x_i; mean, Σ). x holds no NaN.
void add_triangular_log_density(ConstPanel x, const double* mean, const double* inverse_factor, double constant,
                                double* out, Workspace& workspace);

/// out[i] += constant − ½ Σ_j precision[j] (x_ij − mean[j])².
void add_diagonal_log_density(ConstPanel x, const double* mean, const double* precision, double constant, double* out,
                              Workspace& workspace);

/// Moments about a point, weighted by r ≥ 0: weight += Σ r_i, first[a] += Σ r_i (x_ia − about[a]) and
/// second[a(a+1)/2 + b] += Σ r_i (x_ia − about[a]) (x_ib − about[b]) for b ≤ a.
void add_full_moments(ConstPanel x, const double* about, const double* r, double* weight, double* first, double* second,
                      Workspace& workspace);

/// The same with second[a] += Σ r_i (x_ia − about[a])² alone.
void add_diagonal_moments(ConstPanel x, const double* about, const double* r, double* weight, double* first,
                          double* second, Workspace& workspace);

struct Normalized {
  double log_likelihood = 0;  ///< Σ w_i log Σ_k exp p(i, k); −∞ and NaN pass through unless w_i = 0
  double entropy = 0;         ///< −Σ w_i Σ_k q_ik log q_ik
  double weight = 0;          ///< Σ w_i
};
/// In place, row by row: p(i, k) ← w_i q_ik with q_ik = exp p(i, k) / Σ_l exp p(i, l). −∞ is a legal entry; a row of
/// −∞ alone becomes zeros. Empty weights mean ones. log_normalizer, if not null, receives log Σ_k exp p(i, k).
Normalized normalize(Panel p, std::span<const double> weights, double* log_normalizer);

/// Σ v_i in the kernels' own order.
double sum(std::span<const double> v);

/// Elementwise, under 1 ulp for finite arguments: exp underflows to 0 and overflows to ∞; log(0) = −∞, log of a
/// negative number is NaN; NaN passes through.
void exp(std::span<double> v);
void log(std::span<double> v);

/// Name of the instruction set in use ("AVX3", "AVX2", …), and whether it fuses multiply-adds.
std::string instruction_set();
bool fuses_multiply_add();

}  // namespace jensen::kernels
