// Where results go: standard output or a file, and never silently nowhere.
#pragma once

#include <jensen/data/output_file.h>

#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

/// Makes writes to a closed pipe an error instead of a silent end, and keeps the standard streams' numbers from being
/// given to files where the caller closed them. To be called first.
void prepare_standard_streams();

/// Writes to standard output. Throws jensen::Error where it cannot be written.
void print(const std::string& text);

/// Calls `write` with the file at `path`, which then appears whole, or with standard output where there is no path or
/// it is "-". Throws jensen::Error where not all could be written.
void write_to(const std::optional<std::string>& path, const std::function<void(std::ostream&)>& write);

/// Refuses, before any work is done, an output that cannot be written or that is one of the inputs.
void check_output(const std::optional<std::string>& path, const char* option, const std::vector<std::string>& inputs);
