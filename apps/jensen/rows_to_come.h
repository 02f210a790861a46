// The rows that a forecast is about, and what is known of them.
#pragma once

#include <jensen/data/panel.h>

#include <vector>

#include "arguments.h"
#include "inputs.h"

/// Of one sequence: a row for each step, with the columns of the model. NaN is what the model explains, and what
/// follows from that by lags.
class RowsToCome {
 public:
  RowsToCome(std::int64_t rows, int columns);
  std::int64_t rows() const { return rows_; }
  jensen::Panel panel() { return {values_.data(), rows_, columns_, rows_}; }
  jensen::ConstPanel panel() const { return {values_.data(), rows_, columns_, rows_}; }

 private:
  std::int64_t rows_;
  int columns_;
  std::vector<double> values_;
};

/// One for each sequence of `seen`, the data before lags are shifted. Throws Error, or DataError naming row and column,
/// where not all is told that the model depends on, or more than it does.
std::vector<RowsToCome> rows_to_come(const ForecastArguments& a, const jensen::ModelFile& file, const LoadedData& seen,
                                     const Unexplained& unexplained);
