#include "em/inference/passes.h"

#include <jensen/execution/reduction.h>

#include <algorithm>
#include <memory>

namespace jensen {

namespace {

struct Batch {
  std::vector<Expected> each;
  Batch& operator+=(const Batch& other) {
    for (std::size_t i = 0; i < each.size(); ++i) each[i] += other.each[i];
    return *this;
  }
};

Batch expect_batch(std::span<const Vantage> vantages, const Data& data, Workers& workers) {
  Batch zero;
  for (const auto& vantage : vantages) zero.each.push_back({vantage.zero, {}});
  // One a worker and a θ: some models keep in it what depends on θ.
  const auto count = static_cast<std::size_t>(workers.count());
  std::vector<std::vector<std::unique_ptr<Model::Scratch>>> scratch(count);
  for (auto& own : scratch) {
    for (const auto& vantage : vantages) {
      own.push_back(vantage.model->scratch());
      own.back()->work_with(workers);
    }
  }
  return reduce(data, workers, zero, [&](Batch& total, const Block& block, int worker) {
    for (std::size_t i = 0; i < vantages.size(); ++i) {
      total.each[i].evidence += vantages[i].model->expect(block, Posterior{}, total.each[i].statistics,
                                                          *scratch[static_cast<std::size_t>(worker)][i]);
    }
  });
}

}  // namespace

std::vector<Expected> expect_each(std::span<const Vantage> vantages, const Data& data, Workers& workers) {
  std::vector<Expected> all;
  for (std::size_t first = 0; first < vantages.size(); first += e_steps_a_pass) {
    const auto count = std::min(e_steps_a_pass, vantages.size() - first);
    Batch batch = expect_batch(vantages.subspan(first, count), data, workers);
    std::move(batch.each.begin(), batch.each.end(), std::back_inserter(all));
  }
  return all;
}

Block single_row(const Block& block, std::int64_t i) {
  Block row = block;
  row.x.data += i;
  row.x.rows = 1;
  row.first_row += i;
  row.weights = {};
  row.sequences = {};
  if (!block.allowed.empty()) row.allowed = block.allowed.subspan(static_cast<std::size_t>(i), 1);
  return row;
}

void row_log_likelihoods(const Model& model, const Block& block, std::span<double> out) {
  if (model.can(Capability::score) && block.allowed.empty()) {
    model.score(block, out);
    return;
  }
  const auto scratch = model.scratch();
  Statistics unused = model.no_statistics();
  for (std::int64_t i = 0; i < block.rows(); ++i) {
    out[static_cast<std::size_t>(i)] = model.expect(single_row(block, i), Posterior{}, unused, *scratch).log_likelihood;
  }
}

}  // namespace jensen
