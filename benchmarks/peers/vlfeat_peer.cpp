// VLFeat has diagonal covariances only.
extern "C" {
#include <vl/generic.h>
#include <vl/gmm.h>
}

#include <cmath>

#include "peer.h"

int main(int argc, char** argv) {
  const Task task = read_task(argc, argv);
  if (const char* threads = std::getenv("OMP_NUM_THREADS"))
    vl_set_num_threads(static_cast<vl_size>(std::atoi(threads)));
  answer(task, VL_VERSION_STRING, [&](int iterations) {
    VlGMM* model = vl_gmm_new(VL_TYPE_DOUBLE, task.columns, task.components);
    vl_gmm_set_initialization(model, VlGMMCustom);
    vl_gmm_set_means(model, task.means.data());
    vl_gmm_set_covariances(model, task.variances.data());
    vl_gmm_set_priors(model, task.weights.data());
    vl_gmm_set_covariance_lower_bound(model, 0);
    vl_gmm_set_max_num_iterations(model, static_cast<vl_size>(iterations));
    vl_gmm_em(model, task.x.data(), task.rows);
    return [&task, model] {
      std::vector<double> posteriors(task.rows * task.components);
      const double total = vl_get_gmm_data_posteriors_d(
          posteriors.data(), task.components, task.rows, static_cast<const double*>(vl_gmm_get_priors(model)),
          static_cast<const double*>(vl_gmm_get_means(model)), task.columns,
          static_cast<const double*>(vl_gmm_get_covariances(model)), task.x.data());
      vl_gmm_delete(model);
      return total;
    };
  });
}
