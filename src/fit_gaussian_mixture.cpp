#include <jensen/em/summary.h>
#include <jensen/execution/reduction.h>
#include <jensen/fit_gaussian_mixture.h>

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace jensen {

namespace {

constexpr const char* function = "fit_gaussian_mixture";

void refuse_columns_without_variance(const Data& data, const Summary& summary, Covariance structure) {
  int varying = 0;
  for (int j = 0; j < data.columns(); ++j) {
    if (!(summary.observed[static_cast<std::size_t>(j)] > 0)) {
      throw DataError(fmt::format("{}: column '{}' has no observed cell: exclude it", function, data.column_name(j)));
    }
    varying += summary.is_constant(j) ? 0 : 1;
  }
  for (int j = 0; j < data.columns(); ++j) {
    if (!summary.is_constant(j) || (shape_of(structure) == CovarianceShape::spherical && varying > 0)) continue;
    throw DataError(fmt::format("{}: column '{}' is constant, so that no Gaussian density exists for it: exclude it",
                                function, data.column_name(j)));
  }
}

// What the data resolve and the prior that they scale, put into the model.
void safeguard(Gaussian& gaussian, const Data& data, const Summary& summary, Prior prior, bool collinear) {
  const double observations =
      data.weight_kind() == WeightKind::frequency ? summary.weight : static_cast<double>(summary.weighted_rows);
  DataResolution resolution;
  resolution.row_weight = summary.weight / observations;
  for (double largest : summary.largest) {
    resolution.granularity.push_back(4 * std::numeric_limits<double>::epsilon() * largest);
  }
  gaussian.set_resolution(std::move(resolution));
  if (prior == Prior::none) {
    gaussian.set_prior({});
    return;
  }
  // One observation weighs Σ w / n.
  CovariancePrior chosen{data_scaled_prior_rows / observations * summary.weight / observations, summary.covariance};
  const CovarianceShape shape = shape_of(gaussian.covariance_structure());
  const bool variances_alone = collinear || shape != CovarianceShape::matrix;
  for (int a = 0; a < gaussian.columns(); ++a) {
    for (int b = 0; b < a && variances_alone; ++b) chosen.scale[packed_index(a, b)] = 0;
    // A constant column is let through under a spherical covariance alone, which uses the sum of the variances.
    double& variance = chosen.scale[packed_index(a, a)];
    if (summary.is_constant(a)) variance = 0;
  }
  if (shape == CovarianceShape::spherical) {
    double mean_variance = 0;
    for (int j = 0; j < gaussian.columns(); ++j) mean_variance += chosen.scale[packed_index(j, j)] / gaussian.columns();
    for (int j = 0; j < gaussian.columns(); ++j) chosen.scale[packed_index(j, j)] = mean_variance;
  }
  gaussian.set_prior(std::move(chosen));
}

// Whether some column is, to rounding, a linear combination of columns before it; without a prior that is refused.
bool check_collinear(const Data& data, const Summary& summary, const GaussianMixtureOptions& model) {
  if (shape_of(model.covariance) != CovarianceShape::matrix) return false;
  const int column = first_collinear_column(summary.covariance, data.columns(), 1e-10);
  if (column >= 0 && model.prior == Prior::none) {
    throw DataError(
        fmt::format("{}: column '{}' is a linear combination of the columns before it, so that no {} covariance "
                    "has a density without a prior: exclude it, keep the default prior, or choose a diagonal "
                    "covariance",
                    function, data.column_name(column), to_string(model.covariance)));
  }
  return column >= 0;
}

void refuse_missing_cells(const Data& data) {
  visit_blocks(data, [&](const Block& block) {
    if (!block.has_missing) return true;
    for (std::int64_t i = 0; i < block.rows(); ++i) {
      for (int j = 0; j < block.columns(); ++j) {
        if (!std::isnan(block.x(i, j))) continue;
        throw DataError(
            fmt::format("{}: row {}, column '{}': the cell is missing, which float32 cannot integrate out: "
                        "use float64",
                        function, block.first_row + i + 1, data.column_name(j)));
      }
    }
    return true;
  });
}

template <class DataOrSummary>
Fitted<GaussianMixture> fit_in_its_precision(GaussianMixture start, DataOrSummary& data, const Data& rows,
                                             const Options& options) {
  if (start.emissions().precision() == Precision::float32) refuse_missing_cells(rows);
  auto fitted = fit(std::move(start), data, options);
  fitted.model.emissions().set_precision(Precision::float64);
  return fitted;
}

}  // namespace

GaussianMixture gaussian_mixture_for(const Data& data, const GaussianMixtureOptions& model, int threads) {
  SummarizedData summarized(data);
  return gaussian_mixture_for(summarized, model, threads);
}

GaussianMixture gaussian_mixture_for(SummarizedData& summarized, const GaussianMixtureOptions& model, int threads) {
  const Data& data = summarized.data();
  if (model.components < 1) {
    throw ArgumentError(function, "components", fmt::format("must be ≥ 1, got {}", model.components));
  }
  if (data.rows() == 0) throw DataError(fmt::format("{}: the data have no rows", function));
  if (data.columns() == 0) throw DataError(fmt::format("{}: the data have no columns", function));
  if (const int distinct = distinct_rows(data, model.components); distinct < model.components) {
    throw ArgumentError(
        function, "components",
        fmt::format("must be at most {}, the number of distinct rows, got {}", distinct, model.components));
  }
  Workers workers(threads);
  const Summary& summary = summarized.summary(workers);
  refuse_columns_without_variance(data, summary, model.covariance);
  const bool collinear = check_collinear(data, summary, model);

  Gaussian gaussian(model.components, data.columns(), model.covariance);
  std::vector<double> means;
  std::vector<double> covariance = summary.covariance;
  for (int a = 0; a < data.columns() && collinear; ++a) {
    for (int b = 0; b < a; ++b) covariance[packed_index(a, b)] = 0;
  }
  for (int k = 0; k < model.components; ++k) {
    means.insert(means.end(), summary.location.begin(), summary.location.end());
  }
  const std::vector<std::vector<double>> each(static_cast<std::size_t>(model.components), covariance);
  gaussian.set(std::move(means), in_shape(model.covariance, data.columns(), each));
  safeguard(gaussian, data, summary, model.prior, collinear);
  gaussian.set_precision(model.precision);
  return GaussianMixture(std::move(gaussian));
}

Fitted<GaussianMixture> fit_gaussian_mixture(const Data& data, const GaussianMixtureOptions& model,
                                             const Options& options) {
  SummarizedData summarized(data);
  return fit_gaussian_mixture(summarized, model, options);
}

Fitted<GaussianMixture> fit_gaussian_mixture(SummarizedData& data, const GaussianMixtureOptions& model,
                                             const Options& options) {
  options.validate();
  if (options.start == Start::given) {
    throw ArgumentError(function, "start", "is 'given', but no parameters are: pass a GaussianMixture to start from");
  }
  return fit_in_its_precision(gaussian_mixture_for(data, model, options.threads), data, data.data(), options);
}

Fitted<GaussianMixture> fit_gaussian_mixture(GaussianMixture start, const Data& data, Prior prior, Options options) {
  options.start = Start::given;
  options.validate();
  if (data.columns() != start.columns()) {
    throw ArgumentError(function, "start", fmt::format("has {} columns, the data {}", start.columns(), data.columns()));
  }
  if (data.rows() == 0) throw DataError(fmt::format("{}: the data have no rows", function));
  Workers workers(options.threads);
  const Summary summary = summarize(data, workers);
  const GaussianMixtureOptions model{start.states(), start.emissions().covariance_structure(), prior,
                                     start.emissions().precision()};
  refuse_columns_without_variance(data, summary, model.covariance);
  safeguard(start.emissions(), data, summary, prior, check_collinear(data, summary, model));
  return fit_in_its_precision(std::move(start), data, data, options);
}

}  // namespace jensen
