// Parameters with their standard errors: what is one for each component stands in a line, a column for each component.
#include <jensen/emissions/factor_analyzers.h>
#include <jensen/emissions/gaussian.h>
#include <jensen/emissions/nested.h>
#include <jensen/emissions/product.h>
#include <jensen/emissions/student_t.h>
#include <jensen/models/any_grouped_mixture.h>
#include <jensen/models/any_hidden_markov.h>
#include <jensen/models/gated_mixture.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "fitting.h"
#include "text_table.h"
#include "uncertainty.h"

namespace {

using jensen::ModelFile;
using jensen::SchemaPart;
using Parameter = jensen::UncertaintySummary::Parameter;
using Row = std::vector<std::string>;

constexpr int components_at_once = 6;

// "age.mean[0,1]" is the family mean of the part age with the indices 0 and 1.
struct Name {
  std::string part, family;
  std::vector<int> indices;
};

Name parsed(const std::string& text, const std::string& part) {
  Name name{part, text.substr(part.empty() ? 0 : part.size() + 1), {}};
  const auto bracket = name.family.find('[');
  if (bracket == std::string::npos) return name;
  const char* at = name.family.data() + bracket + 1;
  const char* const end = name.family.data() + name.family.size();
  for (int value = 0; at < end; ++at) {
    const auto [stop, error] = std::from_chars(at, end, value);
    if (error != std::errc{}) break;
    name.indices.push_back(value);
    at = stop;
  }
  name.family.resize(bracket);
  return name;
}

// A part of the model as the names of its parameters know it.
struct Part {
  SchemaPart schema;
  std::string name;  // before the dot; empty: the names are those of one part alone
  std::optional<jensen::AnyEmissions> emissions;
};

const jensen::AnyEmissions* emissions_of(const ModelFile& file) {
  if (const auto* model = file.get<jensen::AnyMixture>()) return &model->emissions();
  if (const auto* grouped = file.get<jensen::AnyGroupedMixture>()) return &grouped->emissions();
  if (const auto* gated = file.get<jensen::GatedMixture>()) return &gated->emissions();
  if (const auto* markov = file.get<jensen::AnyHiddenMarkov>()) return &markov->emissions();
  return nullptr;
}

std::vector<Part> parts_of(const ModelFile& file) {
  const auto* emissions = emissions_of(file);
  const auto* product = emissions != nullptr ? emissions->as<jensen::Product>() : nullptr;
  if (const auto* mixture = file.get<jensen::GaussianMixture>()) {
    return {{{file.columns, "gaussian", {}, {}}, "", jensen::AnyEmissions(mixture->emissions())}};
  }
  if (product == nullptr) return {};
  std::vector<Part> parts;
  for (std::size_t i = 0; i < file.schema.size(); ++i) {
    parts.push_back({file.schema[i], product->parts()[i].name, product->parts()[i].emissions});
  }
  return parts;
}

// The components within a component, but not those within others.
bool shares_within(const jensen::NestedMixture& nested, const std::string& family) {
  const auto* gaussian = nested.inner().as<jensen::Gaussian>();
  return gaussian != nullptr && gaussian->groups() > 1 && is_shared(gaussian->covariance_structure()) &&
         !family.ends_with("mean") && family != "component_weight";
}

bool shares(const Part& part, const std::string& family) {
  if (family.ends_with("mean") || family == "component_weight" || !part.emissions) return false;
  if (const auto* nested = part.emissions->as<jensen::NestedMixture>()) {
    const auto* gaussian = nested->inner().as<jensen::Gaussian>();
    return gaussian != nullptr && is_shared(gaussian->covariance_structure()) && !shares_within(*nested, family);
  }
  if (const auto* gaussian = part.emissions->as<jensen::Gaussian>()) return is_shared(gaussian->covariance_structure());
  if (const auto* student = part.emissions->as<jensen::StudentT>()) {
    return family != "nu" && is_shared(student->covariance_structure());
  }
  if (const auto* analyzers = part.emissions->as<jensen::FactorAnalyzers>()) {
    return family == "loading" ? analyzers->structure().tied_loadings : analyzers->structure().tied_noise;
  }
  return false;
}

std::string joined(const std::vector<std::string>& columns) {
  std::string text;
  for (const auto& column : columns) text += (text.empty() ? "" : " + ") + column;
  return text;
}

std::string listed(const std::vector<int>& indices, std::size_t from) {
  std::string text;
  for (std::size_t i = from; i < indices.size(); ++i) text += fmt::format(" {}", indices[i]);
  return text;
}

// What the parameter is of its part; rest: the indices behind the component's.
std::string label_in(const Part& part, const std::string& family, const std::vector<int>& rest) {
  const auto& columns = part.schema.columns;
  const auto column = [&](std::size_t i) {
    const auto j = static_cast<std::size_t>(rest[i]);
    return j < columns.size() ? columns[j] : fmt::format("{} {}", joined(columns), j);
  };
  if (part.schema.kind == "categorical" || part.schema.kind == "bernoulli") {
    const int level = part.schema.kind == "bernoulli" ? 1 : rest.empty() ? 0 : rest[0];
    const bool named =
        !part.schema.levels.empty() && static_cast<std::size_t>(level) < part.schema.levels.front().size();
    return fmt::format("{} = {}", columns.front(),
                       named ? part.schema.levels.front()[static_cast<std::size_t>(level)] : std::to_string(level));
  }
  if (part.schema.kind.ends_with("-regression") && family == "coefficient") {
    const std::string* said = part.schema.option("intercept");
    const bool intercept = said == nullptr || *said != "no";
    const int term = (rest.empty() ? 0 : rest[0]) + (intercept ? 0 : 1);
    const std::string* covariate = part.schema.option(fmt::format("x{}", term));
    return fmt::format("{} ~ {}", columns.front(), covariate != nullptr ? *covariate : "1");
  }
  const bool matrix = family == "covariance" || family == "scale";
  if (matrix && rest.size() == 2) {
    if (rest[0] == rest[1]) return column(0) + (family == "scale" ? " scale" : " variance");
    return fmt::format("{}, {} {}", column(1), column(0), family);
  }
  if (rest.size() == 1 && columns.size() > 1) return column(0) + " " + family;
  if (rest.size() == 2 && family == "loading") return fmt::format("{} loading {}", column(0), rest[1]);
  return joined(columns) + " " + family +
         (columns.size() == 1 && rest.size() == 1 && rest[0] == 0 ? "" : listed(rest, 0));
}

std::string cell(const Parameter& p) {
  if (!p.standard_error) return fmt::format("{} (-)", brief(p.estimate));
  if (!(*p.standard_error > 0)) return fmt::format("{} ({})", brief(p.estimate), brief(*p.standard_error));
  std::string text = with_deviation(p.estimate, *p.standard_error);
  const std::string between = " ± ";
  text.replace(text.find(between), between.size(), " (");
  return text + ")";
}

struct Table {
  std::vector<std::string> labels;
  std::vector<std::vector<std::string>> cells;  // of each label: one for each component
  std::vector<Row> shared;

  void add(const std::string& label, int k, int components, std::string text) {
    auto at = std::find(labels.begin(), labels.end(), label) - labels.begin();
    if (at == std::ssize(labels)) {
      labels.push_back(label);
      cells.emplace_back(static_cast<std::size_t>(components), "");
    }
    cells[static_cast<std::size_t>(at)].at(static_cast<std::size_t>(k)) = std::move(text);
  }
};

// The part with the longest name that the parameter's begins with.
const Part* part_of(const std::string& name, const std::vector<Part>& parts) {
  const Part* found = nullptr;
  for (const Part& part : parts) {
    if (!part.name.empty() && !name.starts_with(part.name + ".")) continue;
    if (found == nullptr || part.name.size() > found->name.size()) found = &part;
  }
  return found;
}

// A parameter of a part. That of a component within a component is of the outer one.
void add_of(Table& table, const Parameter& p, const Part& part, int components) {
  Name name = parsed(p.name, part.name);
  std::string within;
  const auto* nested = part.emissions ? part.emissions->as<jensen::NestedMixture>() : nullptr;
  const std::string inner = "component.";
  const bool shared = name.indices.empty() || shares(part, name.family);
  const bool of_group = nested != nullptr && shares_within(*nested, name.family);
  if (nested != nullptr && name.family.starts_with(inner)) {
    name.family.erase(0, inner.size());
    if (!shared && !of_group) {
      within = fmt::format(" [{}]", name.indices[0] % nested->components());
      name.indices[0] /= nested->components();
    }
  }
  if (shared) {
    table.shared.push_back({label_in(part, name.family, name.indices), cell(p)});
    return;
  }
  const std::vector<int> rest(name.indices.begin() + 1, name.indices.end());
  if (nested != nullptr && name.family == "component_weight") {
    return table.add(fmt::format("{} [{}] weight", joined(part.schema.columns), rest.at(0)), name.indices[0],
                     components, cell(p));
  }
  table.add(label_in(part, name.family, rest) + within, name.indices[0], components, cell(p));
}

void add(Table& table, const Parameter& p, const ModelFile& file, const std::vector<Part>& parts) {
  const int components = file.model->states();
  const Name plain = parsed(p.name, "");
  const auto one_index = [&](const char* family) { return plain.family == family && plain.indices.size() == 1; };
  const auto two_indices = [&](const char* family) { return plain.family == family && plain.indices.size() == 2; };
  if (one_index("weight")) return table.add("weight", plain.indices[0], components, cell(p));
  if (one_index("initial")) return table.add("first", plain.indices[0], components, cell(p));
  if (two_indices("transition")) {
    return table.add("to " + file.component(plain.indices[1]), plain.indices[0], components, cell(p));
  }
  if (two_indices("gate")) {
    const auto j = static_cast<std::size_t>(plain.indices[1]);
    return table.add("gate ~ " + (j == 0 ? std::string("1") : file.gate.at(j - 1)), plain.indices[0], components,
                     cell(p));
  }
  if (const Part* part = part_of(p.name, parts)) return add_of(table, p, *part, components);
  table.shared.push_back({p.name, cell(p)});
}

}  // namespace

std::string describe_component_errors(const ModelFile& file) {
  const jensen::UncertaintySummary& summary = *file.fit->standard_errors;
  const auto parts = parts_of(file);
  Table table;
  for (const Parameter& p : summary.parameters) add(table, p, file, parts);
  std::string text;
  const int components = file.model->states();
  for (int first = 0; first < components; first += components_at_once) {
    const int last = std::min(components, first + components_at_once);
    std::vector<Row> rows{{file.get<jensen::AnyHiddenMarkov>() != nullptr ? "state" : "component"}};
    for (int k = first; k < last; ++k) rows[0].push_back(file.component(k));
    for (std::size_t i = 0; i < table.labels.size(); ++i) {
      rows.push_back({table.labels[i]});
      for (int k = first; k < last; ++k) rows.back().push_back(table.cells[i][static_cast<std::size_t>(k)]);
    }
    text += (first > 0 ? "\n" : "") + aligned(rows);
  }
  if (!table.shared.empty()) text += "\nOf no single component\n" + aligned(table.shared);
  return text + fmt::format("  (estimate, in brackets its standard error: {})\n", to_string(summary.method)) +
         reasons(summary);
}
