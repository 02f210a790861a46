// The one summary of the data that feeds priors, floors and starts.
#pragma once

#include <mutex>
#include <vector>

#include <jensen/data/data.h>
#include <jensen/execution/workers.h>

namespace jensen {

struct Summary {
  std::int64_t rows = 0;
  std::int64_t weighted_rows = 0;  ///< rows of positive weight
  double weight = 0;               ///< Σ w_i
  std::vector<double> observed;    ///< by column: Σ w_i over rows where it is not missing
  std::vector<double> location;    ///< by column: weighted mean of the observed cells; NaN where there are none
  std::vector<double> scale;       ///< by column: their standard deviation (divisor Σ w)
  std::vector<double> largest;     ///< by column: largest |x|
  /// d × d, packed by rows (b ≤ a at a(a+1)/2 + b): scale_a scale_b ρ_ab. Correlations treat a missing cell as the
  /// column's mean, which keeps the matrix positive semi-definite.
  std::vector<double> covariance;

  /// The column's values do not differ beyond rounding.
  bool is_constant(int column) const;
};

/// One pass over the data; two more where cells are missing.
Summary summarize(const Data& data, Workers& workers);

/// Data and their summary, which is made when it is first asked for and then shared by the priors, floors and starts of
/// as many fits as there are. Safe from several threads.
class SummarizedData {
 public:
  explicit SummarizedData(const Data& data) : data_(data) {}
  const Data& data() const { return data_; }
  const Summary& summary(Workers& workers) {
    std::call_once(once_, [&] { summary_ = summarize(data_, workers); });
    return summary_;
  }

 private:
  const Data& data_;
  std::once_flag once_;
  Summary summary_;
};

/// Number of distinct rows of positive weight (missing cells are equal to each other), counted no further than
/// `enough`.
int distinct_rows(const Data& data, int enough);

}  // namespace jensen
