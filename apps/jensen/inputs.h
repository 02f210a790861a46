// What a model is told of rows that were not seen: the inputs of forecast and sample.
#pragma once

#include <jensen/model_file.h>
#include <jensen/models/forecast.h>

#include <string>
#include <vector>

#include "data_source.h"

/// How the columns that a model does not explain come about in a row that was not seen.
struct Unexplained {
  std::vector<std::string> told;           ///< must be given: covariates, exposures, trials, inputs of the chain, times
  std::vector<std::string> first;          ///< must be given of the first row of a sequence alone
  std::vector<jensen::Feedback> feedback;  ///< lags of columns that are explained
  std::vector<std::string> responses;      ///< what depends on those
};

/// Columns whose lags are computed are `lags`. Throws Error, `what` cannot be done, where a column depends on another
/// that is explained in the same row.
Unexplained unexplained_columns(const jensen::ModelFile& model, const std::vector<int>& lags, const std::string& what);
/// All columns of the model that are lags.
std::vector<int> lag_columns(const jensen::ModelFile& model);

/// The inputs: the columns of the model, NaN where they are not told. `also`: columns that are read with them.
LoadedData load_inputs(const jensen::ModelFile& model, const DataArguments& arguments, const Unexplained& columns,
                       const std::vector<std::string>& also = {});
/// Throws DataError, naming row and column of the file, for a told cell that is missing, an exposure that is not
/// positive and trials that are no number of them. Rows [first, first + count) of the table.
void check_told(const jensen::ModelFile& model, const LoadedData& inputs, const Unexplained& columns,
                std::int64_t first, std::int64_t count, const std::string& file);

/// Of the model's columns the first so many are explained.
int explained(const jensen::ModelFile& model);
/// The place of a column among the model's.
int place_of(const jensen::ModelFile& model, const std::string& column);

/// The rows back from which a column of the data is read; 0 where it is read as it stands.
int rows_back(const LoadedData& data, int column, const std::string& name);
