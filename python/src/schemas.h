// Schemas and chains as Python hands them on: their text, and the names of levels by column.
#pragma once

#include <jensen/data/schema.h>
#include <jensen/fit_hidden_markov.h>

#include <map>
#include <string>
#include <vector>

namespace jensen::python {

using Levels = std::map<std::string, std::vector<std::string>>;

/// The schema of that text, with the levels of its columns.
Schema schema_of(const std::string& text, const Levels& levels);

/// "free", "uniform" or "stationary".
InitialStates initial_states_named(const std::string& name);

}  // namespace jensen::python
