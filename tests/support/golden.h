// Golden cases (tests/golden/*.json) and the data behind them, for all tests that compare with other software.
#pragma once

#include <jensen/concepts.h>
#include <jensen/data/table.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace jensen::golden {

using Json = nlohmann::json;

/// The cases of tests/golden/<file>.json.
const Json& cases(const std::string& file);
/// The case of that id. Throws Error where there is none.
const Json& case_named(const std::string& file, const std::string& id);

/// The columns named of the data set's file, words as levels where the data set lists them; nothing where the file is
/// one of those read where they lie (in_place, or too large to copy) and is not there.
std::optional<Table> columns_of(const Json& dataset, const std::vector<std::string>& columns);
/// The same for the columns that the data set lists.
std::optional<Table> table_of(const Json& dataset);

/// Why the test of a case is skipped whose table is not there.
std::string absent(const Json& golden);

/// All numbers of nested lists, in order.
std::vector<double> flat(const Json& json);

/// A start from hard labels, as responsibilities 0 and 1.
Given given_labels(const Json& init);

}  // namespace jensen::golden
