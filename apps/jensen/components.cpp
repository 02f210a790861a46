// What distinguishes the components of a mixture over columns of different kinds, as text.
#include <jensen/emissions/component_order.h>
#include <jensen/emissions/factor_analyzers.h>
#include <jensen/emissions/gaussian.h>
#include <jensen/emissions/nested.h>
#include <jensen/emissions/product.h>
#include <jensen/emissions/schema_emissions.h>
#include <jensen/emissions/student_t.h>
#include <jensen/emissions/von_mises_fisher.h>
#include <jensen/models/any_grouped_mixture.h>
#include <jensen/models/any_hidden_markov.h>
#include <jensen/models/gated_mixture.h>
#include <jensen/models/separation.h>

#include <fmt/format.h>

#include <cmath>

#include "fitting.h"
#include "sequences.h"
#include "text_table.h"

namespace {

using jensen::ModelFile;
using jensen::SchemaPart;
using Row = std::vector<std::string>;

constexpr int components_at_once = 6;

struct Range {
  int first, last;
};

// Numbers of state k of emissions that keep the states one after the other.
std::vector<double> own(const jensen::AnyEmissions& emissions, int k) {
  const auto all = emissions.parameters();
  const auto each = static_cast<std::ptrdiff_t>(all.size()) / emissions.states();
  return {all.begin() + k * each, all.begin() + (k + 1) * each};
}

// "probability[0,1]" is "probability 1" of component 0.
std::string parameter_label(const std::string& name) {
  const auto bracket = name.find('[');
  const auto comma = name.find(',', bracket);
  if (bracket == std::string::npos || comma == std::string::npos) return name.substr(0, bracket);
  return name.substr(0, bracket) + " " + name.substr(comma + 1, name.find(']', comma) - comma - 1);
}

template <class Cell>
void add_row(std::vector<Row>& rows, std::string label, Range range, const Cell& cell) {
  Row row{std::move(label)};
  for (int k = range.first; k < range.last; ++k) row.push_back(cell(k));
  rows.push_back(std::move(row));
}

void add_levels(std::vector<Row>& rows, const SchemaPart& part, const jensen::AnyEmissions& emissions, Range range) {
  const bool binary = part.kind == "bernoulli";
  const std::size_t levels = binary ? 2 : own(emissions, 0).size();
  for (std::size_t l = binary ? 1 : 0; l < levels; ++l) {
    const bool named = !part.levels.empty() && l < part.levels.front().size();
    const std::string level = named ? part.levels.front()[l] : std::to_string(l);
    add_row(rows, part.columns.front() + " = " + level, range,
            [&](int k) { return fmt::format("{:.3f}", own(emissions, k)[binary ? 0 : l]); });
  }
}

std::string name_of(const SchemaPart& part) {
  std::string name;
  for (const auto& column : part.columns) name += (name.empty() ? "" : " + ") + column;
  return name;
}

std::string mean_and_deviation(const jensen::Moments& m) {
  return m.deviation > 0 ? with_deviation(m.mean, m.deviation) : brief(m.mean);
}

// Columns that are modelled jointly, and what else their kind has.
bool add_joint(std::vector<Row>& rows, const SchemaPart& part, const jensen::AnyEmissions& emissions, Range range) {
  const auto* student = emissions.as<jensen::StudentT>();
  const auto* directions = emissions.as<jensen::VonMisesFisher>();
  const bool analyzers = emissions.as<jensen::FactorAnalyzers>() != nullptr;
  const auto* nested = emissions.as<jensen::NestedMixture>();
  if (emissions.as<jensen::Gaussian>() == nullptr && nested == nullptr && student == nullptr && directions == nullptr &&
      !analyzers) {
    return false;
  }
  for (std::size_t j = 0; j < part.columns.size(); ++j) {
    add_row(rows, part.columns[j], range,
            [&](int k) { return mean_and_deviation(jensen::moments_of(emissions, k, static_cast<int>(j))); });
  }
  if (student != nullptr) {
    add_row(rows, name_of(part) + " df", range, [&](int k) { return brief(student->nu(k)); });
  }
  for (int m = 0; nested != nullptr && m < nested->components(); ++m) {
    const auto inner = [&, m](int k) { return k * nested->components() + m; };
    add_row(rows, fmt::format("{} [{}] weight", name_of(part), m), range,
            [&](int k) { return fmt::format("{:.4f}", nested->weights()[static_cast<std::size_t>(inner(k))]); });
    for (std::size_t j = 0; j < part.columns.size(); ++j) {
      add_row(rows, fmt::format("{} [{}]", part.columns[j], m), range, [&](int k) {
        return mean_and_deviation(jensen::moments_of(nested->inner(), inner(k), static_cast<int>(j)));
      });
    }
  }
  if (directions != nullptr) {
    add_row(rows, name_of(part) + " concentration", range, [&](int k) { return brief(directions->concentration(k)); });
  }
  return true;
}

void add_part(std::vector<Row>& rows, const SchemaPart& part, const jensen::AnyEmissions& emissions, Range range) {
  if (part.kind == "categorical" || part.kind == "bernoulli") return add_levels(rows, part, emissions, range);
  if (add_joint(rows, part, emissions, range)) return;
  const auto names = emissions.parameter_names();
  const std::size_t each = names.size() / static_cast<std::size_t>(emissions.states());
  const std::string column = part.columns.front();
  if (part.columns.size() == 1 && !std::isnan(jensen::moments_of(emissions, 0).deviation)) {
    add_row(rows, column, range, [&](int k) { return mean_and_deviation(jensen::moments_of(emissions, k)); });
  }
  const bool regression = part.kind.ends_with("-regression");
  const bool intercept = regression && (part.option("intercept") == nullptr || *part.option("intercept") != "no");
  for (std::size_t i = 0; i < each; ++i) {
    const std::string* covariate = regression ? part.option(fmt::format("x{}", i + (intercept ? 0 : 1))) : nullptr;
    const bool constant = intercept && i == 0;
    if (covariate != nullptr || constant) {
      add_row(rows, fmt::format("{} ~ {}", column, constant ? "1" : *covariate), range,
              [&](int k) { return brief(own(emissions, k)[i]); });
      continue;
    }
    add_row(rows,
            fmt::format("{} {}", part.columns.size() > 1 ? part.columns.at(i) : column, parameter_label(names[i])),
            range, [&](int k) { return brief(own(emissions, k)[i]); });
  }
}

std::string separation_text(const ModelFile& file, const jensen::AnyMixture& model) {
  if (model.states() < 2) return {};
  if (!jensen::given_columns(file.schema).empty() || !model.can(jensen::Capability::sample)) return {};
  const auto found = jensen::separation(model);
  std::string text = fmt::format("\nHow well the components are told apart: {:.0f} % certain\n", 100 * found.certainty);
  if (found.certainty_by_part.size() == file.schema.size() && file.schema.size() > 1) {
    std::vector<Row> rows;
    for (std::size_t i = 0; i < file.schema.size(); ++i) {
      rows.push_back({name_of(file.schema[i]) + " alone", fmt::format("{:.0f} %", 100 * found.certainty_by_part[i])});
    }
    text += aligned(rows);
  }
  std::vector<Row> rows{{"true component"}};
  for (int l = 0; l < found.states; ++l) rows[0].push_back("taken for " + file.component(l));
  for (int k = 0; k < found.states; ++k) {
    rows.push_back({file.component(k)});
    for (int l = 0; l < found.states; ++l) rows.back().push_back(fmt::format("{:.3f}", found(k, l)));
  }
  return text + "\n" + aligned(rows) + "  (average posterior probability)\n";
}

}  // namespace

std::string describe_components(const ModelFile& file) {
  const auto* model = file.get<jensen::AnyMixture>();
  const auto* gated = file.get<jensen::GatedMixture>();
  const auto* markov = file.get<jensen::AnyHiddenMarkov>();
  const auto* grouped = file.get<jensen::AnyGroupedMixture>();
  const jensen::AnyEmissions& emissions = model != nullptr   ? model->emissions()
                                        : grouped != nullptr ? grouped->emissions()
                                        : markov != nullptr  ? markov->emissions()
                                                             : gated->emissions();
  const auto weights = model != nullptr   ? model->weights()
                     : grouped != nullptr ? grouped->weights()
                                          : std::span<const double>();
  const auto* product = emissions.as<jensen::Product>();
  std::string text;
  for (int first = 0; first < emissions.states(); first += components_at_once) {
    const Range range{first, std::min(emissions.states(), first + components_at_once)};
    std::vector<Row> rows;
    add_row(rows, markov != nullptr ? "state" : "component", range, [&](int k) { return file.component(k); });
    if (!weights.empty()) {
      add_row(rows, "weight", range,
              [&](int k) { return fmt::format("{:.4f}", weights[static_cast<std::size_t>(k)]); });
    }
    for (std::size_t j = 0; gated != nullptr && j <= file.gate.size(); ++j) {
      // γ by component and term; the first component is the reference.
      add_row(rows, "gate ~ " + (j == 0 ? std::string("1") : file.gate[j - 1]), range, [&](int k) {
        const auto at = static_cast<std::size_t>(k - 1) * (file.gate.size() + 1) + j;
        return k == 0 ? std::string("0") : brief(gated->gate()[at]);
      });
    }
    for (std::size_t i = 0; product != nullptr && i < file.schema.size(); ++i) {
      add_part(rows, file.schema[i], product->parts()[i].emissions, range);
    }
    text += (first > 0 ? "\n" : "") + aligned(rows);
  }
  text += "  (mean ± standard deviation; probability of a level; ~ coefficients of a regression)\n";
  if (markov != nullptr) return text + describe_chain(file, markov->chain());
  return model == nullptr ? text : text + separation_text(file, *model);
}
