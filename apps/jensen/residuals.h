// Residuals of every column that a model explains.
#pragma once

#include <jensen/data/table.h>
#include <jensen/model_file.h>

#include <vector>

/// One list by column, in the order of the table's rows (jensen/models/residuals.h). Throws Error, "--residuals: …",
/// naming the column that has none.
std::vector<std::vector<double>> residuals_of(const jensen::ModelFile& file, const jensen::Table& table);
