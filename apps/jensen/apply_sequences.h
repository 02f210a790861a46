// Hidden Markov models, and mixtures of groups, applied to data: results in the order of the rows of the file.
#pragma once

#include <jensen/model_file.h>

#include <cstdint>
#include <vector>

#include "arguments.h"
#include "data_source.h"

/// For each row of the file its row in the table.
std::vector<std::int64_t> table_rows(const LoadedData& data);

/// A name for each sequence: its own, or 1 where all rows are one.
std::vector<std::string> names_of_sequences(const LoadedData& data);

int predict_sequences(const PredictArguments& a, const jensen::ModelFile& file, const LoadedData& data);
int score_sequences(const ScoreArguments& a, const jensen::ModelFile& file, const LoadedData& data);
