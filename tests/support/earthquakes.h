// One series of counts by year, for chains that read a second column.
#pragma once

#include <jensen/data/csv.h>
#include <jensen/em/options.h>
#include <jensen/emissions/schema_emissions.h>

#include <vector>

#include "support/source_folder.h"

namespace jensen::support {

// Earthquakes of magnitude 7 and more by year (data/README.md), and a second column.
inline Table earthquakes(double (*second)(int row, double year)) {
  CsvOptions options;
  options.columns = {"count", "year"};
  const Table table = read_csv(in_source("data/earthquakes.csv"), options).table;
  std::vector<double> x;
  for (std::int64_t t = 0; t < table.rows(); ++t) x.push_back(table.cell(t, 0));
  for (std::int64_t t = 0; t < table.rows(); ++t) x.push_back(second(static_cast<int>(t), table.cell(t, 1)));
  return Table(std::move(x), table.rows(), 2).with_sequences({0, table.rows()});
}

// Of the first column, given the second.
inline AnyEmissions poisson(const std::vector<double>& rates) {
  AnyEmissions emissions = emissions_for(Schema{{{"count"}, "poisson", {}, {}}}, static_cast<int>(rates.size()), 1);
  emissions.set_parameters(rates);
  return emissions;
}

// To the top as far as numbers tell.
inline Options exact() {
  Options options;
  options.tolerance = 1e-14;
  options.max_iterations = 20000;
  return options;
}

}  // namespace jensen::support
