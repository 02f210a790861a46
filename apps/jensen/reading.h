// What all the ways to load data share: how text is read, columns that are computed from others, arrays.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <jensen/data/formula.h>

#include "data_source.h"

/// How the columns of a model come from those of the data: as they are, as logarithms, as what they were some rows
/// before (once sequences are known), as indicators of a word.
struct ColumnPlan {
  enum class Kind { cell, logarithm, lag, indicator };
  struct Column {
    int input;  ///< index into inputs
    Kind kind;
    std::string level = {};  ///< of an indicator
    int steps = 0;           ///< of a lag
  };
  std::vector<std::string> inputs;  ///< columns of the data; all indicators of one share one
  std::vector<Column> columns;
  std::vector<jensen::Factor> factors;

  bool computed() const;
  const jensen::Factor* factor(const std::string& input) const;
};

/// Covariates among these columns may be called "log(x)" and "lag(x,2)", and "x[word]" where x is a factor.
ColumnPlan plan_columns(const std::vector<std::string>& columns, const jensen::Schema& schema,
                        const std::vector<std::string>& gate, const std::vector<jensen::Factor>& factors = {});
/// What would be computed but stands in the data, under its whole name, is taken from there.
void prefer_columns_of(const std::vector<std::string>& names, ColumnPlan& plan);

/// Everything but the choice of columns.
jensen::CsvOptions reading_options(const DataArguments& arguments);
/// The names in the value of an option; none where it is not given. Throws Error where one is empty.
std::vector<std::string> list_of(const std::optional<std::string>& text, const char* option);
bool is_among(const std::string& name, const std::vector<std::string>& names);

/// The array, whose columns are x1, x2, …. Throws Error for options that are for text.
LoadedData load_npy(const DataArguments& arguments);
/// The inputs of the plan are options.columns, or, where these are none, all columns of the text in turn; further
/// columns of the options come after those of the plan. Without a plan the columns are those of the options.
LoadedData load_text(std::shared_ptr<const jensen::MappedFile> text, jensen::CsvOptions options,
                     const ColumnPlan* plan = nullptr);
/// The fields of the first line, whether they are names or data.
std::vector<std::string> first_record(const jensen::MappedFile& file, const jensen::CsvOptions& options);
/// Whether the first record, looked at alone, is data: none of its fields is text.
bool begins_with_data(const jensen::MappedFile& file, jensen::CsvOptions options);
jensen::Table of_sampling_weights(const jensen::Table& table);

/// Columns that say which rows form a sequence, and in which order; they are read after those of the model.
std::vector<std::string> sequence_columns(const DataArguments& arguments);
void add_sequence_columns(const DataArguments& arguments, jensen::CsvOptions& options);

/// The table of a plan from an array, whose columns are called x1, x2, ….
void select_columns(LoadedData& data, const ColumnPlan& plan, const std::string& file);

double seconds_since(std::chrono::steady_clock::time_point begun);
