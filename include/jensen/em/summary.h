// The one summary of the data that feeds priors, floors and starts.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <jensen/data/data.h>
#include <jensen/execution/workers.h>

namespace jensen {

struct Agglomeration;

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

/// Data and what the priors, floors and starts of any number of fits want to know of them: made when it is first asked
/// for, then shared. Safe from several threads.
class SummarizedData {
 public:
  explicit SummarizedData(const Data& data) : data_(data) {}
  /// With a summary that is to count instead of the data's own.
  SummarizedData(const Data& data, Summary summary) : data_(data) {
    std::call_once(once_, [&] { summary_ = std::move(summary); });
  }
  const Data& data() const { return data_; }
  const Summary& summary(Workers& workers) {
    std::call_once(once_, [&] { summary_ = summarize(data_, workers); });
    return summary_;
  }
  /// The tree (ward.h) of the rows that a hierarchical start with this seed looks at, which serves any number of
  /// clusters: all rows of positive weight, or a sample (starts.h).
  const Agglomeration& agglomeration(std::uint64_t seed, Workers& workers);

 private:
  struct Tree {
    std::once_flag once;
    std::unique_ptr<const Agglomeration> made;
    Tree();
    ~Tree();
  };

  const Data& data_;
  std::once_flag once_;
  Summary summary_;
  std::mutex trees_mutex_;
  std::map<std::uint64_t, Tree> trees_;  // by seed
};

/// Number of distinct rows of positive weight (missing cells are equal to each other), counted no further than
/// `enough`.
int distinct_rows(const Data& data, int enough);

}  // namespace jensen
