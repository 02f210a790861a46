// What every question about θ̂ begins with: an E-step there, and the models around it.
#pragma once

#include <jensen/data/data.h>
#include <jensen/em/e_step.h>
#include <jensen/em/inference/information.h>
#include <jensen/em/model.h>
#include <jensen/execution/workers.h>

#include <Eigen/Core>
#include <span>

#include "em/inference/neighbourhood.h"

namespace jensen {

/// Throws ArgumentError or DataError, naming `function`, where an E-step of the model on the data cannot be made.
void check_fits(const Model& theta, const Data& data, const char* function);

/// Throws UnsupportedError where the model's units are sequences, which `needed_by` would take apart into rows.
void refuse_sequences(const Model& theta, const char* needed_by);

class Setting {
 public:
  Setting(const Model& theta, const Data& data, Workers& workers, const char* function);

  /// complete, gradient, silent and the counts; missing is left zero.
  Information begin() const;
  void set_missing(Information& information, Eigen::MatrixXd missing) const;

  const Model& theta;
  const Data& data;
  Workers& workers;
  Expected at;
  double observations;
  Neighbourhood around;
};

Information oakes_information(const Setting& setting);
Information louis_information(const Setting& setting);
Information supplemented_information(const Setting& setting);

/// ∂M_j/∂u_i of the EM map M in unconstrained coordinates; see supplemented_information.
Eigen::MatrixXd rate_matrix(const Setting& setting);

/// Σ over observations of (t − t̄)(t − t̄)ᵀ, t the gradient of log p(x_i; u) in u: an observation is one of the w_i
/// copies of a row (frequency weights), or a row with t weighted by w_i (sampling weights). One pass, 4p
/// log-likelihoods a row.
Eigen::MatrixXd score_products(const Setting& setting);

Eigen::MatrixXd unpacked(std::span<const double> packed, std::size_t size);
std::vector<double> packed(const Eigen::MatrixXd& symmetric);

}  // namespace jensen
