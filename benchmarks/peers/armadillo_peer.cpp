// g++ -O3 -march=native -fopenmp: its threads are OpenMP's.
#include <armadillo>

#include <memory>

#include "peer.h"

namespace {

// Armadillo's column-major matrices hold one observation a column.
template <class Model, class Spread>
auto fit(const Task& task, const arma::mat& x, const Spread& spread, int iterations) {
  auto model = std::make_shared<Model>();
  const arma::mat means(task.means.data(), task.columns, task.components);
  const arma::rowvec weights(task.weights.data(), task.components);
  model->set_params(means, spread, weights);
  model->learn(x, task.components, arma::eucl_dist, arma::keep_existing, 0, static_cast<arma::uword>(iterations), 0.0,
               false);
  return [model, &x] { return model->sum_log_p(x); };
}

}  // namespace

int main(int argc, char** argv) {
  const Task task = read_task(argc, argv);
  const arma::mat x(const_cast<double*>(task.x.data()), task.columns, task.rows, false, true);
  const arma::mat variances(task.variances.data(), task.columns, task.components);
  arma::cube covariances(task.columns, task.columns, task.components);
  for (std::size_t k = 0; k < task.components; ++k) covariances.slice(k) = arma::diagmat(variances.col(k));
  if (task.full) {
    answer(task, arma::arma_version::as_string(), [&](int n) { return fit<arma::gmm_full>(task, x, covariances, n); });
  } else {
    answer(task, arma::arma_version::as_string(), [&](int n) { return fit<arma::gmm_diag>(task, x, variances, n); });
  }
}
