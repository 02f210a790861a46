#include "residuals.h"

#include <jensen/error.h>
#include <jensen/model_residuals.h>
#include <jensen/models/residuals.h>

#include <fmt/format.h>

#include <span>

#include "blocks.h"
#include "inputs.h"

namespace {

using jensen::ModelFile;

template <class M>
const jensen::AnyEmissions* emissions_in(const ModelFile& file) {
  const M* model = file.get<M>();
  return model != nullptr ? &model->emissions() : nullptr;
}

const jensen::AnyEmissions* emissions_of(const ModelFile& file) {
  for (const auto* found : {emissions_in<jensen::AnyHiddenMarkov>(file), emissions_in<jensen::AnyMixture>(file),
                            emissions_in<jensen::GatedMixture>(file), emissions_in<jensen::AnyGroupedMixture>(file)}) {
    if (found != nullptr) return found;
  }
  return nullptr;
}

// Given a row of ones: what a column depends on must be something.
void refuse_columns_without_order(const ModelFile& file) {
  const auto* emissions = emissions_of(file);
  const std::vector<double> row(file.columns.size(), 1.0);
  for (int j = 0; j < explained(file) && emissions != nullptr; ++j) {
    if (jensen::marginal_of(*emissions, 0, j, row)) continue;
    throw jensen::Error(
        fmt::format("--residuals: column '{}' has no order on the line", file.columns[static_cast<std::size_t>(j)]));
  }
}

}  // namespace

std::vector<std::vector<double>> residuals_of(const ModelFile& file, const jensen::Table& table) {
  refuse_columns_without_order(file);
  std::vector<std::vector<double>> result(static_cast<std::size_t>(explained(file)),
                                          std::vector<double>(static_cast<std::size_t>(table.rows())));
  for_each_block(table, [&](const jensen::Block& block) {
    const auto first = static_cast<std::size_t>(block.first_row);
    for (std::size_t j = 0; j < result.size(); ++j) {
      jensen::pseudo_residuals(file, block, static_cast<int>(j),
                               std::span(result[j]).subspan(first, static_cast<std::size_t>(block.rows())));
    }
  });
  return result;
}
