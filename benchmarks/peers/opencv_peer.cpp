#include <opencv2/core.hpp>
#include <opencv2/ml.hpp>

#include "peer.h"

int main(int argc, char** argv) {
  Task task = read_task(argc, argv);
  const int rows = static_cast<int>(task.rows), d = static_cast<int>(task.columns);
  const int components = static_cast<int>(task.components);
  const cv::Mat x(rows, d, CV_64F, task.x.data());
  const cv::Mat means(components, d, CV_64F, task.means.data());
  const cv::Mat weights(1, components, CV_64F, task.weights.data());
  std::vector<cv::Mat> covariances;
  for (int k = 0; k < components; ++k) {
    covariances.push_back(cv::Mat::diag(cv::Mat(d, 1, CV_64F, task.variances.data() + k * d)));
  }
  answer(task, CV_VERSION, [&](int iterations) {
    const auto model = cv::ml::EM::create();
    model->setClustersNumber(components);
    model->setCovarianceMatrixType(task.full ? cv::ml::EM::COV_MAT_GENERIC : cv::ml::EM::COV_MAT_DIAGONAL);
    // It ends with an E-step that counts as an iteration.
    model->setTermCriteria({cv::TermCriteria::MAX_ITER, iterations + 1, 0});
    model->trainE(x, means, covariances, weights);
    return [&task, model, rows, d] {
      double total = 0;
      for (int i = 0; i < rows; ++i) {
        const cv::Mat row(1, d, CV_64F, task.x.data() + static_cast<std::ptrdiff_t>(i) * d);
        total += model->predict2(row, cv::noArray())[0];
      }
      return total;
    };
  });
}
