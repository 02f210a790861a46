// Mixtures of columns that a schema describes.
#include <jensen/em/summary.h>
#include <jensen/emissions/component_order.h>
#include <jensen/emissions/product.h>
#include <jensen/fit_factor_analyzers.h>
#include <jensen/fit_mixture.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "data/has_labels.h"
#include "data/selected_columns.h"

namespace jensen {

namespace {

constexpr const char* function = "fit_mixture";

// A constant column has no Gaussian density, and others no prior that could give it one.
void refuse_constant(const SchemaPart& part, const Data& data, int first, int threads) {
  const bool normal =
      part.kind == "gaussian" || part.kind == "normal" || part.kind == "student-t" || part.kind == "mixture";
  if (!normal || part.option("upper") != nullptr) return;
  for (std::size_t j = 0; j < part.columns.size(); ++j) {
    const ColumnRange range = range_of(data, first + static_cast<int>(j), threads);
    if (range.smallest < range.largest) continue;
    throw DataError(fmt::format("{}: column '{}' is constant, so that no Gaussian density exists for it: leave it out",
                                function, part.columns[j]));
  }
}

}  // namespace

Schema resolved(Schema schema, const Data& data, int threads) {
  check_schema(schema);
  const auto columns = columns_of(schema);
  if (static_cast<int>(columns.size()) > data.columns()) {
    throw ArgumentError(function, "schema",
                        fmt::format("reads {} columns, the data have {}", columns.size(), data.columns()));
  }
  for (SchemaPart& part : schema) {
    const auto first =
        static_cast<int>(std::find(columns.begin(), columns.end(), part.columns.front()) - columns.begin());
    for (std::size_t j = 0; j < part.columns.size(); ++j) {
      if (!std::isnan(range_of(data, first + static_cast<int>(j), threads).smallest)) continue;
      throw DataError(fmt::format("{}: column '{}' has no observed cell: leave it out", function, part.columns[j]));
    }
    refuse_constant(part, data, first, threads);
    const ColumnRange range = range_of(data, first, threads);
    try {
      part = resolved(std::move(part), {range.smallest, range.largest});
    } catch (const ArgumentError& error) {
      throw DataError(error.what());
    }
  }
  return schema;
}

namespace {

Schema ready(const Data& data, const Schema& schema, int components, std::size_t columns, int threads) {
  if (components < 1) throw ArgumentError(function, "components", fmt::format("must be ≥ 1, got {}", components));
  if (data.rows() == 0) throw DataError(fmt::format("{}: the data have no rows", function));
  if (static_cast<int>(columns) != data.columns()) {
    throw ArgumentError(function, "schema", fmt::format("reads {} columns, the data have {}", columns, data.columns()));
  }
  Schema whole = resolved(schema, data, threads);
  if (const int distinct = distinct_rows(data, components); distinct < components) {
    throw ArgumentError(function, "components",
                        fmt::format("must be at most {}, the number of distinct rows, got {}", distinct, components));
  }
  return whole;
}

}  // namespace

AnyEmissions emissions_for(const Data& data, const Schema& schema, int states, int further_columns) {
  AnyEmissions emissions = emissions_for(schema, states, further_columns);
  const auto* product = emissions.as<Product>();
  if (product == nullptr) return emissions;
  auto parts = product->parts();
  bool any = false;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto* analyzers = parts[i].emissions.as<FactorAnalyzers>();
    if (analyzers == nullptr) continue;
    FactorAnalyzersOptions options{states, analyzers->factors(), analyzers->structure()};
    if (const std::string* floor = schema[i].option("noise-floor")) options.noise_floor = std::stod(*floor);
    parts[i].emissions = factor_analyzers_for(SelectedColumns(data, parts[i].columns), options, 1).emissions();
    any = true;
  }
  return any ? AnyEmissions(Product(std::move(parts), product->columns())) : emissions;
}

FittedTable fit_mixture(const Data& data, const Schema& schema, int components, const Options& options, Prior prior) {
  Schema whole = ready(data, schema, components, columns_of(schema).size(), options.threads);
  auto fitted = fit_mixture(data, emissions_for(data, whole, components), options, prior);
  if (!has_labels(data) && options.constraints.empty()) sort_components(fitted.model, fitted.report);
  return {std::move(fitted.model), std::move(fitted.report), std::move(whole)};
}

GatedMixture gated_mixture_for(const Data& data, const Schema& schema, const std::vector<std::string>& gate,
                               int components, Prior prior, int threads) {
  const auto columns = columns_of(schema, gate);
  std::vector<int> covariates;
  for (const auto& name : gate) {
    covariates.push_back(static_cast<int>(std::find(columns.begin(), columns.end(), name) - columns.begin()));
  }
  const auto further = static_cast<int>(columns.size() - columns_of(schema).size());
  const AnyMixture plain = mixture_for(data, emissions_for(data, schema, components, further), prior, threads);
  return GatedMixture(plain.emissions(), std::move(covariates));
}

FittedGatedTable fit_mixture(const Data& data, const Schema& schema, const std::vector<std::string>& gate,
                             int components, const Options& options, Prior prior) {
  options.validate();
  if (options.start == Start::given) throw ArgumentError(function, "start", "is 'given', but no parameters are");
  Schema whole = ready(data, schema, components, columns_of(schema, gate).size(), options.threads);
  auto fitted = fit(gated_mixture_for(data, whole, gate, components, prior, options.threads), data, options);
  if (!has_labels(data) && options.constraints.empty()) sort_components(fitted.model, fitted.report);
  return {std::move(fitted.model), std::move(fitted.report), std::move(whole)};
}

FittedGroupedTable fit_grouped_mixture(const Data& data, const Schema& schema, int components, const Options& options,
                                       Prior prior) {
  constexpr const char* grouped = "fit_grouped_mixture";
  options.validate();
  if (options.start == Start::given) throw ArgumentError(grouped, "start", "is 'given', but no parameters are");
  Schema whole = ready(data, schema, components, columns_of(schema).size(), options.threads);
  if (data.sequences().empty()) throw ArgumentError(grouped, "data", "are not cut into groups (Data::sequences)");
  if (const auto groups = static_cast<int>(data.sequences().size()) - 1; groups < components) {
    throw ArgumentError(grouped, "components",
                        fmt::format("must be at most {}, the number of groups, got {}", groups, components));
  }
  const AnyMixture rows = mixture_for(data, emissions_for(data, whole, components), prior, options.threads);
  auto fitted = fit(AnyGroupedMixture(rows), data, options);
  if (!has_labels(data) && options.constraints.empty()) sort_components(fitted.model, fitted.report);
  return {std::move(fitted.model), std::move(fitted.report), std::move(whole)};
}

namespace {

// The canonical order; nothing where the emissions cannot be reordered. They are, if it is not the one they are in.
std::optional<std::vector<int>> put_in_order(AnyEmissions& emissions) {
  auto order = canonical_order(emissions);
  if (!std::is_sorted(order.begin(), order.end()) && !reorder(emissions, order)) return std::nullopt;
  return order;
}

void renumber(Report& report, const std::vector<int>& order) {
  std::vector<int> now_at(order.size());
  for (std::size_t k = 0; k < order.size(); ++k) now_at[static_cast<std::size_t>(order[k])] = static_cast<int>(k);
  for (Degeneracy& d : report.degeneracies) d.component = now_at[static_cast<std::size_t>(d.component)];
}

}  // namespace

bool sort_components(AnyMixture& model, Report& report) {
  AnyEmissions emissions = model.emissions();
  const auto order = put_in_order(emissions);
  if (!order) return false;
  std::vector<double> weights;
  for (const int k : *order) weights.push_back(model.weights()[static_cast<std::size_t>(k)]);
  if (!std::is_sorted(order->begin(), order->end())) model = AnyMixture(std::move(weights), std::move(emissions));
  renumber(report, *order);
  return true;
}

bool sort_components(AnyGroupedMixture& model, Report& report) {
  AnyMixture rows({model.weights().begin(), model.weights().end()}, model.emissions());
  if (!sort_components(rows, report)) return false;
  model = AnyGroupedMixture(std::move(rows));
  return true;
}

bool sort_components(GatedMixture& model, Report& report) {
  AnyEmissions emissions = model.emissions();
  const auto order = put_in_order(emissions);
  if (!order) return false;
  const auto gate = model.gate();
  const std::size_t terms = gate.size() / static_cast<std::size_t>(std::max(1, model.states() - 1));
  const auto gamma = [&](std::size_t k, std::size_t j) {
    const auto from = static_cast<std::size_t>((*order)[k]);
    return from == 0 ? 0.0 : gate[(from - 1) * terms + j];
  };
  std::vector<double> next;
  for (std::size_t k = 1; k < order->size(); ++k) {
    for (std::size_t j = 0; j < terms; ++j) next.push_back(gamma(k, j) - gamma(0, j));
  }
  model.emissions() = std::move(emissions);
  model.set_gate(std::move(next));
  renumber(report, *order);
  return true;
}

}  // namespace jensen
