#include <jensen/em/summary.h>
#include <jensen/emissions/gaussian.h>
#include <jensen/emissions/nested.h>
#include <jensen/emissions/product.h>
#include <jensen/emissions/student_t.h>
#include <jensen/execution/reduction.h>
#include <jensen/fit_mixture.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "data/selected_columns.h"

namespace jensen {

namespace {

constexpr const char* function = "fit_mixture";

struct Looked {
  double weight = 0;
  double rows = 0;  ///< of positive weight
  bool missing = false;
  std::vector<double> largest;  ///< magnitude by column

  Looked& operator+=(const Looked& other) {
    weight += other.weight;
    rows += other.rows;
    missing = missing || other.missing;
    for (std::size_t j = 0; j < largest.size(); ++j) largest[j] = std::fmax(largest[j], other.largest[j]);
    return *this;
  }
};

// Every cell once. The first chunk with a problem is the one whose exception is thrown.
Looked look_at(const Data& data, const AnyEmissions& emissions, Workers& workers) {
  Looked nothing;
  nothing.largest.assign(static_cast<std::size_t>(data.columns()), 0.0);
  return reduce(data, workers, nothing, [&](Looked& found, const Block& block, int) {
    if (const auto problem = emissions.problem(block)) {
      throw DataError(fmt::format("{}: row {}, column '{}' {}", function, problem->row + 1,
                                  data.column_name(problem->column), problem->text));
    }
    for (std::int64_t i = 0; i < block.rows(); ++i) {
      found.weight += block.weight(i);
      found.rows += block.weight(i) > 0 ? 1 : 0;
    }
    for (int j = 0; j < block.columns(); ++j) {
      double& largest = found.largest[static_cast<std::size_t>(j)];
      for (std::int64_t i = 0; i < block.rows(); ++i) largest = std::fmax(largest, std::abs(block.x(i, j)));
    }
    found.missing = found.missing || block.has_missing;
  });
}

// Tells Gaussian and Student-t parts what the data's numbers can tell apart; largest: by column of theirs.
void set_resolution(AnyEmissions& emissions, const std::vector<double>& largest, double row_weight) {
  DataResolution resolution;
  resolution.row_weight = row_weight;
  for (double v : largest) resolution.granularity.push_back(4 * std::numeric_limits<double>::epsilon() * v);
  if (auto* gaussian = emissions.as<Gaussian>()) gaussian->set_resolution(resolution);
  if (auto* student = emissions.as<StudentT>()) student->set_resolution(resolution);
  const auto* product = emissions.as<Product>();
  if (product == nullptr) return;
  auto parts = product->parts();
  for (auto& part : parts) {
    std::vector<double> own;
    for (int j : part.columns) own.push_back(largest[static_cast<std::size_t>(j)]);
    set_resolution(part.emissions, own, row_weight);
  }
  emissions = Product(std::move(parts), product->columns());
}

// The Gaussian components of each state, equal until now, a standard deviation or less from the data's mean: along
// the line on which the columns grow with the first, or fall where they correlate with it negatively.
void spread(Gaussian& gaussian, int components, const Summary& data) {
  const auto columns = static_cast<std::size_t>(gaussian.columns());
  std::vector<double> variances(packed_size(gaussian.columns()), 0.0);
  for (int j = 0; j < gaussian.columns(); ++j) {
    const double scale = data.scale[static_cast<std::size_t>(j)];
    variances[packed_index(j, j)] = scale > 0 ? scale * scale : 1;
  }
  std::vector<double> means;
  for (int k = 0; k < gaussian.states(); ++k) {
    const double along = 2.0 * (k % components) / (components - 1) - 1;
    for (std::size_t j = 0; j < columns; ++j) {
      const double sign = data.covariance[packed_index(static_cast<int>(j), 0)] < 0 ? -1 : 1;
      means.push_back(data.location[j] + along * sign * data.scale[j]);
    }
  }
  const std::vector<std::vector<double>> each(static_cast<std::size_t>(gaussian.states()), variances);
  gaussian.set(std::move(means),
               in_shape(gaussian.covariance_structure(), gaussian.columns(), each, gaussian.groups()));
}

// Calls f with every Student-t part and the numbers of its columns.
template <class F>
void for_each_student_t(AnyEmissions& emissions, const F& f) {
  const auto visit = [&](AnyEmissions& part, const std::vector<int>& columns) {
    if (auto* student = part.as<StudentT>()) f(*student, columns);
  };
  std::vector<int> all(static_cast<std::size_t>(emissions.columns()));
  std::iota(all.begin(), all.end(), 0);
  visit(emissions, all);
  const auto* product = emissions.as<Product>();
  if (product == nullptr) return;
  auto parts = product->parts();
  for (auto& part : parts) visit(part.emissions, part.columns);
  emissions = Product(std::move(parts), product->columns());
}

bool has_student_t(const AnyEmissions& emissions) {
  AnyEmissions copy = emissions;
  bool found = false;
  for_each_student_t(copy, [&](const StudentT&, const std::vector<int>&) { found = true; });
  return found;
}

// A t weighs rows by how far they lie in its own units, and begins with those of the data.
void stand_at_the_data(AnyEmissions& emissions, const Summary& data) {
  for_each_student_t(emissions, [&](StudentT& student, const std::vector<int>& columns) {
    std::vector<double> location, variances(packed_size(student.columns()), 0.0), means, nu;
    for (std::size_t j = 0; j < columns.size(); ++j) {
      const auto column = static_cast<std::size_t>(columns[j]);
      const double scale = data.scale[column];
      location.push_back(std::isfinite(data.location[column]) ? data.location[column] : 0);
      variances[packed_index(static_cast<int>(j), static_cast<int>(j))] = scale > 0 ? scale * scale : 1;
    }
    for (int k = 0; k < student.states(); ++k) {
      means.insert(means.end(), location.begin(), location.end());
      if (k == 0 || student.degrees_of_freedom() != DegreesOfFreedom::tied) nu.push_back(student.nu(k));
    }
    const std::vector<std::vector<double>> each(static_cast<std::size_t>(student.states()), variances);
    student.set(std::move(means), in_shape(student.covariance_structure(), student.columns(), each), std::move(nu));
  });
}

// Largest change of a variance of the t parts' scale matrices, relative to itself.
double change(AnyEmissions& before, AnyEmissions& after) {
  const auto variances = [](AnyEmissions& emissions) {
    std::vector<double> found;
    for_each_student_t(emissions, [&](const StudentT& student, const std::vector<int>&) {
      const auto scale = student.scale(0);
      for (int j = 0; j < student.columns(); ++j) found.push_back(scale[packed_index(j, j)]);
    });
    return found;
  };
  const auto from = variances(before);
  const auto to = variances(after);
  double largest = 0;
  for (std::size_t j = 0; j < from.size(); ++j) largest = std::max(largest, std::abs(to[j] - from[j]) / to[j]);
  return largest;
}

// A mixture within the states: its components as those of a mixture over the same columns.
AnyEmissions nested_for(const Data& data, const NestedMixture& nested, Prior prior, int threads) {
  AnyEmissions inner = mixture_for(data, nested.inner(), prior, threads).emissions();
  if (auto* gaussian = inner.as<Gaussian>(); gaussian != nullptr && nested.components() > 1) {
    Workers workers(threads);
    spread(*gaussian, nested.components(), summarize(data, workers));
  }
  NestedMixture result(std::move(inner), nested.states());
  result.set_weights({nested.weights().begin(), nested.weights().end()});
  return result;
}

void make_nested_ready(AnyEmissions& emissions, const Data& data, Prior prior, int threads) {
  if (const auto* nested = emissions.as<NestedMixture>()) {
    emissions = nested_for(data, NestedMixture(*nested), prior, threads);
    return;
  }
  const auto* product = emissions.as<Product>();
  if (product == nullptr) return;
  auto parts = product->parts();
  bool any = false;
  for (auto& part : parts) {
    const auto* nested = part.emissions.as<NestedMixture>();
    if (nested == nullptr) continue;
    part.emissions = nested_for(SelectedColumns(data, part.columns), NestedMixture(*nested), prior, threads);
    any = true;
  }
  if (any) emissions = Product(std::move(parts), product->columns());
}

// The statistics of the whole data, all in state 0.
Statistics pooled(const Data& data, const AnyEmissions& emissions, Workers& workers) {
  const Layout layout = emissions.layout();
  Statistics zero{std::vector<double>(layout.sum), std::vector<double>(layout.about)};
  emissions.reference(zero.about);
  std::vector<AnyEmissions::Scratch> scratch(static_cast<std::size_t>(workers.count()));
  return reduce(data, workers, zero, [&](Statistics& s, const Block& block, int worker) {
    std::vector<double> values(static_cast<std::size_t>(block.rows()) * static_cast<std::size_t>(emissions.states()));
    for (std::int64_t i = 0; i < block.rows(); ++i) values[static_cast<std::size_t>(i)] = block.weight(i);
    const ConstPanel r{values.data(), block.rows(), emissions.states(), block.rows()};
    emissions.accumulate(block, r, {s.sum, s.about}, scratch[static_cast<std::size_t>(worker)]);
  });
}

}  // namespace

AnyMixture mixture_for(const Data& data, AnyEmissions emissions, Prior prior, int threads) {
  if (data.rows() == 0) throw DataError(fmt::format("{}: the data have no rows", function));
  if (data.columns() != emissions.columns()) {
    throw ArgumentError(function, "emissions",
                        fmt::format("read {} columns, the data have {}", emissions.columns(), data.columns()));
  }
  Workers workers(threads);
  const Looked found = look_at(data, emissions, workers);
  const double observations = data.weight_kind() == WeightKind::frequency ? found.weight : found.rows;
  set_resolution(emissions, found.largest, found.weight / observations);
  make_nested_ready(emissions, data, prior, threads);
  if (prior == Prior::none) return AnyMixture(std::move(emissions));
  const double rows = data_scaled_prior_rows / observations * found.weight / observations;
  const bool weighs_rows = has_student_t(emissions);
  if (weighs_rows) stand_at_the_data(emissions, summarize(data, workers));
  // Moments about the data's own mean come with the second pass, holes filled from it with the ones after; the weights
  // of a t come to rest.
  const int least = found.missing ? 5 : 2;
  const int most = weighs_rows ? 100 : least;
  for (int pass = 0; pass < most; ++pass) {
    AnyEmissions before = emissions;
    const Statistics s = pooled(data, emissions, workers);
    if (!emissions.regularize({s.sum, s.about}, rows)) break;
    if (pass + 1 >= least && change(before, emissions) < 1e-10) break;
  }
  return AnyMixture(std::move(emissions));
}

Fitted<AnyMixture> fit_mixture(const Data& data, AnyEmissions emissions, const Options& options, Prior prior) {
  options.validate();
  if (options.start == Start::given) {
    throw ArgumentError(function, "start", "is 'given', but no parameters are: pass a model to fit()");
  }
  return fit(mixture_for(data, std::move(emissions), prior, options.threads), data, options);
}

namespace {

struct Ranges {
  double smallest = std::numeric_limits<double>::quiet_NaN();
  double largest = std::numeric_limits<double>::quiet_NaN();

  Ranges& operator+=(const Ranges& other) {
    smallest = std::fmin(smallest, other.smallest);
    largest = std::fmax(largest, other.largest);
    return *this;
  }
};

}  // namespace

ColumnRange range_of(const Data& data, int column, int threads) {
  Workers workers(threads);
  const Ranges found = reduce(data, workers, Ranges{}, [&](Ranges& range, const Block& block, int) {
    for (std::int64_t i = 0; i < block.rows(); ++i) range += {block.x(i, column), block.x(i, column)};
  });
  return {found.smallest, found.largest};
}

}  // namespace jensen
