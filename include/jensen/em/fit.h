// Fit any latent-variable model by expectation–maximization.
#pragma once

#include <memory>

#include <jensen/data/data.h>
#include <jensen/em/model.h>
#include <jensen/em/options.h>
#include <jensen/em/result.h>
#include <jensen/em/summary.h>

namespace jensen {

/// A fitted model and how the fit went. `report` always belongs to `model`.
template <class M>
struct Fitted {
  M model;
  Report report;
};

struct FittedModel {
  std::unique_ptr<Model> model;
  Report report;
};

/// Climbs F(q, θ) from `start` (Start::given) or from `restarts` random starts, and returns the best end.
/// Throws ArgumentError for bad options or data that do not fit the model, UnsupportedError where the model lacks what
/// an option needs, and DataError where no start has a finite likelihood (naming the first row that has none).
FittedModel fit(const Model& start, const Data& data, const Options& options = {});

/// The same for one of many fits to the same data, which share what is known about them.
FittedModel fit(const Model& start, SummarizedData& data, const Options& options = {});

template <LatentModel M>
Fitted<M> fit(M start, const Data& data, const Options& options = {}) {
  auto fitted = fit(static_cast<const Model&>(Erased<M>(std::move(start))), data, options);
  return {static_cast<const Erased<M>&>(*fitted.model).get(), std::move(fitted.report)};
}
template <LatentModel M>
Fitted<M> fit(M start, SummarizedData& data, const Options& options = {}) {
  auto fitted = fit(static_cast<const Model&>(Erased<M>(std::move(start))), data, options);
  return {static_cast<const Erased<M>&>(*fitted.model).get(), std::move(fitted.report)};
}

}  // namespace jensen
