#include <jensen/emissions/marginal.h>
#include <jensen/math/normal_quantile.h>
#include <jensen/models/residuals.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

namespace jensen {

namespace {

// The column in every state: the same in all rows, or given the cells that it depends on.
class ColumnInStates {
 public:
  ColumnInStates(const AnyEmissions& emissions, int column) : emissions_(emissions), column_(column) {
    if (marginal_of(emissions, 0, column)) alike_ = marginals_of(emissions, column, {}, "a residual");
  }

  MixedMarginal mixed(std::vector<double> probabilities, ConstPanel x, std::int64_t t) {
    if (alike_) return {std::move(probabilities), *alike_};
    row_.clear();
    for (int j = 0; j < x.columns; ++j) row_.push_back(x(t, j));
    return {std::move(probabilities), marginals_of(emissions_, column_, row_, "a residual")};
  }

 private:
  const AnyEmissions& emissions_;
  int column_;
  std::optional<std::vector<Marginal>> alike_;
  std::vector<double> row_;
};

// predict(p): p(t, k) = p(z_t = k | c_t).
template <class Predict>
void residuals(const AnyEmissions& emissions, const Block& x, int column, std::span<double> out, Predict predict) {
  std::vector<double> memory(static_cast<std::size_t>(x.rows()) * static_cast<std::size_t>(emissions.states()));
  const Panel predicted{memory.data(), x.rows(), emissions.states(), x.rows()};
  predict(predicted);
  ColumnInStates states(emissions, column);
  for (std::int64_t t = 0; t < x.rows(); ++t) {
    const double cell = x.x(t, column);
    double& residual = out[static_cast<std::size_t>(t)];
    residual = std::numeric_limits<double>::quiet_NaN();
    if (std::isnan(cell)) continue;
    std::vector<double> known;
    for (int k = 0; k < emissions.states(); ++k) known.push_back(predicted(t, k));
    const MixedMarginal ahead = states.mixed(std::move(known), x.x, t);
    const double u = (ahead.below(cell) + ahead.up_to(cell)) / 2;
    if (!std::isnan(u)) residual = normal_quantile(std::clamp(u, 0.0, 1.0));
  }
}

}  // namespace

void pseudo_residuals(const AnyHiddenMarkov& model, const Block& x, int column, std::span<double> out) {
  residuals(model.emissions(), x, column, out, [&](Panel p) { model.predicted(x, p); });
}
void pseudo_residuals(const AnyMixture& model, const Block& x, int column, std::span<double> out) {
  residuals(model.emissions(), x, column, out, [&](Panel p) {
    for (int k = 0; k < p.columns; ++k) {
      std::fill_n(p.column(k), p.rows, model.weights()[static_cast<std::size_t>(k)]);
    }
  });
}
void pseudo_residuals(const GatedMixture& model, const Block& x, int column, std::span<double> out) {
  residuals(model.emissions(), x, column, out, [&](Panel p) { model.predicted(x, p); });
}
void pseudo_residuals(const AnyGroupedMixture& model, const Block& x, int column, std::span<double> out) {
  residuals(model.emissions(), x, column, out, [&](Panel p) { model.predicted(x, p); });
}

}  // namespace jensen
