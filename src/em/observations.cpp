#include <jensen/em/observations.h>
#include <jensen/execution/reduction.h>

namespace jensen {

double count_observations(const Data& data, Workers& workers, double total_weight) {
  if (data.weight_kind() == WeightKind::frequency) return total_weight;
  return reduce(data, workers, 0.0, [](double& count, const Block& block, int) {
    for (std::int64_t i = 0; i < block.rows(); ++i) count += block.weight(i) > 0 ? 1 : 0;
  });
}

}  // namespace jensen
