// Which columns of a CSV file play which part.
#pragma once

#include <jensen/data/csv.h>
#include <jensen/data/csv_records.h>

#include <span>
#include <string>
#include <vector>

#include "data/csv_cells.h"

namespace jensen {

struct CsvColumns {
  bool header = false;
  std::vector<std::string> names;  ///< of all columns
  std::vector<int> data;           ///< positions of the table's columns
  int weights = -1;
  int labels = -1;
};

/// Finds out whether `records`, not yet begun, has a header, and settles what the options ask for.
CsvColumns choose_columns(CsvRecords records, const CsvCells& cells, const CsvOptions& options);

}  // namespace jensen
