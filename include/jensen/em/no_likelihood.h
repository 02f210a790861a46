// Where a fit has no finite likelihood to begin with: which rows are to blame.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <jensen/data/data.h>
#include <jensen/em/model.h>
#include <jensen/error.h>

namespace jensen {

/// The first row, or sequence, to whose likelihood no number can be given.
struct BrokenUnit {
  std::int64_t unit = 0;   ///< number of the row, or of the sequence, from 0
  std::int64_t first = 0;  ///< its rows of the data, from 0
  std::int64_t rows = 1;
  /// The row at which the likelihood of those up to it is none; the first where the model cannot say.
  std::int64_t at = 0;
  double log_likelihood = 0;
  bool sequence = false;
};
/// Empty where every unit has a finite likelihood (their sum overflows). One pass over the data.
std::optional<BrokenUnit> first_broken_unit(const Model& model, const Data& data);
/// "row 3 has log-likelihood -inf", "sequence 2 (rows 3 to 4) has log-likelihood -inf, from row 4 on".
std::string to_string(const BrokenUnit& unit);

/// What a fit throws whose starts have no finite likelihood. Rows are those of the data; who has sorted them knows what
/// they were called.
class NoLikelihood : public DataError {
 public:
  NoLikelihood(const std::string& problem, std::optional<BrokenUnit> unit)
      : DataError(problem + ": " + (unit ? to_string(*unit) : "the sum over all rows overflows")),
        problem_(problem),
        unit_(unit) {}
  const std::string& problem() const { return problem_; }  ///< without the unit
  const std::optional<BrokenUnit>& unit() const { return unit_; }

 private:
  std::string problem_;
  std::optional<BrokenUnit> unit_;
};

}  // namespace jensen
