#include "em/inference/bootstrap.h"
#include "data/reweighted.h"

#include <jensen/em/fit.h>
#include <jensen/em/options.h>
#include <jensen/error.h>
#include <jensen/execution/reduction.h>
#include <jensen/math/assignment.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "em/inference/delta_method.h"
#include "em/inference/replicates.h"
#include "em/inference/setting.h"

namespace jensen {

namespace {

constexpr const char* function = "standard_errors";

struct Refit {
  std::vector<double> parameters;  // empty where it failed
  int evaluations = 0;
};

bool has_states_to_match(const Model& theta) {
  return theta.can(Capability::states) && theta.can(Capability::rules) && theta.states() > 1;
}

// Which component of `refit` is component k of `theta`: the matching with the most responsibility in common.
std::vector<int> matching(const Model& theta, const Model& refit, const Data& data) {
  const int states = theta.states();
  std::vector<double> cost(static_cast<std::size_t>(states * states));
  std::vector<double> mine;
  std::vector<double> theirs;
  visit_blocks(data, [&](const Block& block) {
    mine.resize(static_cast<std::size_t>(block.rows() * states));
    theirs.resize(mine.size());
    const Panel p{mine.data(), block.rows(), states, block.rows()};
    const Panel q{theirs.data(), block.rows(), states, block.rows()};
    theta.responsibilities(block, p);
    refit.responsibilities(block, q);
    for (int k = 0; k < states; ++k) {
      for (int l = 0; l < states; ++l) {
        double& common =
            cost[static_cast<std::size_t>(k) * static_cast<std::size_t>(states) + static_cast<std::size_t>(l)];
        for (std::int64_t i = 0; i < block.rows(); ++i) common -= block.weight(i) * p(i, k) * q(i, l);
      }
    }
    return true;
  });
  return cheapest_assignment(cost, states);
}

class Refits {
 public:
  Refits(const Model& theta, const Data& data, const StandardErrorOptions& options)
      : theta_(theta), data_(data), matches_(has_states_to_match(theta)) {
    engine_.tolerance = options.tolerance;
    engine_.max_iterations = options.max_iterations;
    engine_.threads = 1;
    engine_.validate();
  }

  Refit to(const Data& replicate) const {
    Refit refit;
    FittedModel fitted = fit_from(theta_, replicate, refit);
    if (!fitted.model) return refit;
    if (matches_) {
      const auto order = matching(theta_, *fitted.model, data_);
      if (!std::is_sorted(order.begin(), order.end())) {
        fitted = fit_from(*relabelled(*fitted.model, order, replicate), replicate, refit);
        if (!fitted.model) return refit;
      }
    }
    refit.parameters = fitted.model->parameters();
    return refit;
  }

 private:
  // No model where the fit did not converge.
  FittedModel fit_from(const Model& start, const Data& replicate, Refit& refit) const {
    try {
      FittedModel fitted = fit(start, replicate, engine_);
      refit.evaluations += fitted.report.evaluations;
      if (!fitted.report.converged()) fitted.model.reset();
      return fitted;
    } catch (const DataError&) {  // θ gives some drawn row no likelihood
      return {};
    }
  }

  // The model that two M-steps make of the refit's responsibilities, its components in another order.
  static std::unique_ptr<Model> relabelled(const Model& refit, const std::vector<int>& order, const Data& replicate) {
    const Given given{[&](const Block& block, Panel q) {
      std::vector<double> values(static_cast<std::size_t>(q.rows * q.columns));
      const Panel p{values.data(), q.rows, q.columns, q.rows};
      refit.responsibilities(block, p);
      for (int k = 0; k < q.columns; ++k)
        std::copy_n(p.column(order[static_cast<std::size_t>(k)]), q.rows, q.column(k));
    }};
    Workers alone(1);
    EStep e_step(replicate, alone);
    auto model = refit.clone();
    for (int pass = 0; pass < 2; ++pass) model->maximize(e_step(*model, given).statistics);
    return model;
  }

  const Model& theta_;
  const Data& data_;
  bool matches_;
  Options engine_;
};

void summarize(StandardErrors& errors, const std::vector<Refit>& refits) {
  const std::size_t count = errors.parameters.size();
  for (const auto& refit : refits) {
    errors.evaluations += refit.evaluations;
    if (refit.parameters.size() != count) {
      ++errors.failed;
    } else {
      errors.draws.insert(errors.draws.end(), refit.parameters.begin(), refit.parameters.end());
    }
  }
  const int usable = errors.replicates - errors.failed;
  errors.covariance.assign(packed_size(static_cast<int>(count)), 0.0);
  if (usable < 2 || 2 * usable < errors.replicates) {
    for (auto& p : errors.parameters) {
      p.standard_error =
          Available::not_available(fmt::format("only {} of {} refits converged", usable, errors.replicates));
    }
    return;
  }
  const Eigen::Map<const Eigen::MatrixXd> draws(errors.draws.data(), static_cast<Eigen::Index>(count), usable);
  const Eigen::MatrixXd centred = draws.colwise() - draws.rowwise().mean();
  errors.covariance = packed(centred * centred.transpose() / (usable - 1));
  for (std::size_t i = 0; i < count; ++i) {
    auto& p = errors.parameters[i];
    const double variance = errors.covariance[packed_index(static_cast<int>(i), static_cast<int>(i))];
    if (variance > 0) {
      p.standard_error = Available::number(std::sqrt(variance));
    } else {
      p.standard_error = Available::not_available(p.estimate == 0 ? "it is 0, at the boundary of its range"
                                                                  : "it is fixed: no refit moved it");
    }
  }
}

}  // namespace

StandardErrors bootstrap(const Model& theta, const Data& data, const StandardErrorOptions& options) {
  if (options.replicates < 2) {
    throw ArgumentError(function, "replicates", fmt::format("must be at least 2, got {}", options.replicates));
  }
  check_fits(theta, data, function);
  refuse_sequences(theta, "the bootstrap");
  const bool parametric = options.method == StandardErrorMethod::parametric_bootstrap;
  if (parametric) theta.require(Capability::sample, "parametric bootstrap");
  std::optional<Sampler> sampler;
  if (parametric) sampler.emplace(theta, data);

  StandardErrors errors;
  errors.method = options.method;
  errors.parameters = named_parameters(theta);
  errors.replicates = options.replicates;
  errors.gain_left = std::numeric_limits<double>::quiet_NaN();
  const Refits refits(theta, data, options);
  std::vector<Refit> all(static_cast<std::size_t>(options.replicates));
  Workers workers(options.threads);
  workers.run(options.replicates, [&](int replicate, int) {
    const auto b = static_cast<std::uint64_t>(replicate);
    all[b] = parametric ? refits.to(sampler->draw(restart_seed(options.seed, replicate)))
                        : refits.to(Reweighted(data, random_weights(data, options.seed, b)));
  });
  summarize(errors, all);
  return errors;
}

}  // namespace jensen
