#include <jensen/em/no_likelihood.h>

#include <fmt/format.h>

#include <cmath>
#include <vector>

namespace jensen {

std::optional<BrokenUnit> first_broken_unit(const Model& model, const Data& data) {
  BlockBuffer buffer;
  const auto scratch = model.scratch();
  const auto sequences = data.sequences();
  const std::int64_t units = sequences.empty() ? data.rows() : static_cast<std::int64_t>(sequences.size()) - 1;
  for (std::int64_t u = 0; u < units; ++u) {
    const std::int64_t first = sequences.empty() ? u : sequences[static_cast<std::size_t>(u)];
    const std::int64_t count = sequences.empty() ? 1 : sequences[static_cast<std::size_t>(u) + 1] - first;
    Statistics ignored = model.no_statistics();
    const Block block = data.block(first, count, buffer);
    const double value = model.expect(block, Posterior{}, ignored, *scratch).log_likelihood;
    if (std::isfinite(value)) continue;
    BrokenUnit broken{u, first, count, first, value, !sequences.empty()};
    if (!broken.sequence || !model.can(Capability::score)) return broken;
    std::vector<double> by_row(static_cast<std::size_t>(count));
    model.score(block, by_row);
    while (broken.at + 1 < first + count && std::isfinite(by_row[static_cast<std::size_t>(broken.at - first)])) {
      ++broken.at;
    }
    return broken;
  }
  return std::nullopt;
}

std::string to_string(const BrokenUnit& unit) {
  if (!unit.sequence) return fmt::format("row {} has log-likelihood {}", unit.first + 1, unit.log_likelihood);
  return fmt::format("sequence {} (rows {} to {}) has log-likelihood {}, from row {} on", unit.unit + 1, unit.first + 1,
                     unit.first + unit.rows, unit.log_likelihood, unit.at + 1);
}

}  // namespace jensen
