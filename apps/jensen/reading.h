// What all the ways to load data share: how text is read, columns that are computed from others, arrays.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data_source.h"

/// Everything but the choice of columns.
jensen::CsvOptions reading_options(const DataArguments& arguments);
/// The names in the value of an option; none where it is not given. Throws Error where one is empty.
std::vector<std::string> list_of(const std::optional<std::string>& text, const char* option);
bool is_among(const std::string& name, const std::vector<std::string>& names);

/// The array, whose columns are x1, x2, …. Throws Error for options that are for text.
LoadedData load_npy(const DataArguments& arguments);
/// computed: by column chosen what is to be made of it, "log(x)" or "lag(x)" ("": nothing); empty: of none.
LoadedData load_text(std::shared_ptr<const jensen::MappedFile> text, jensen::CsvOptions options,
                     const std::vector<std::string>& computed = {});
/// The fields of the first line, whether they are names or data.
std::vector<std::string> first_record(const jensen::MappedFile& file, const jensen::CsvOptions& options);
/// Whether the first record, looked at alone, is data: none of its fields is text.
bool begins_with_data(const jensen::MappedFile& file, jensen::CsvOptions options);
jensen::Table of_sampling_weights(const jensen::Table& table);

/// Columns that say which rows form a sequence, and in which order; they are read after those of the model.
std::vector<std::string> sequence_columns(const DataArguments& arguments);
void add_sequence_columns(const DataArguments& arguments, jensen::CsvOptions& options);

/// Of the columns, those that are covariates called "log(x)" or "lag(x)"; "" for the others.
std::vector<std::string> computed_columns(const std::vector<std::string>& columns, const jensen::Schema& schema,
                                          const std::vector<std::string>& gate);
/// Of these, those that the data lack are made of the column that they are computed from.
void take_computed(const std::vector<std::string>& names, std::vector<std::string>& columns,
                   std::vector<std::string>& computed);
/// These columns of an array, whose names are x1, x2, …; computed where that is meant.
void select_columns(LoadedData& data, std::vector<std::string> columns, std::vector<std::string> computed,
                    const std::string& file);

double seconds_since(std::chrono::steady_clock::time_point begun);
