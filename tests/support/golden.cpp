#include "support/golden.h"

#include <jensen/data/csv.h>
#include <jensen/error.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "support/source_folder.h"

namespace jensen::golden {

const Json& cases(const std::string& file) {
  static std::map<std::string, Json> read;
  auto found = read.find(file);
  if (found == read.end()) {
    found =
        read.emplace(file, Json::parse(std::ifstream(in_source("tests/golden/" + file + ".json"))).at("cases")).first;
  }
  return found->second;
}

const Json& case_named(const std::string& file, const std::string& id) {
  for (const Json& one : cases(file)) {
    if (one.at("id") == id) return one;
  }
  throw Error("no golden case " + id);
}

std::optional<Table> columns_of(const Json& dataset, const std::vector<std::string>& columns) {
  const std::string path = dataset.at("path");
  const std::string inside = in_source(path);
  const std::string beside = in_source("../shared/" + path);
  const bool copied = std::filesystem::exists(inside);
  if (!copied && !std::filesystem::exists(beside)) {
    const bool not_copied = path.find("in_place") != std::string::npos || path == "data/digits.csv";
    if (!not_copied) throw Error(path + ": no such file");
    return std::nullopt;
  }
  CsvOptions options;
  options.columns = columns;
  if (dataset.contains("levels")) {
    for (const auto& [name, levels] : dataset.at("levels").items()) options.levels.emplace_back(name, levels);
  }
  return read_csv(copied ? inside : beside, options).table;
}

std::optional<Table> table_of(const Json& dataset) {
  return columns_of(dataset, dataset.at("columns").get<std::vector<std::string>>());
}

std::string absent(const Json& golden) {
  return golden.at("dataset").at("path").get<std::string>() + " is read where it lies, and is not there";
}

std::vector<double> flat(const Json& json) {
  if (!json.is_array()) return {json.get<double>()};
  std::vector<double> numbers;
  for (const auto& element : json) {
    const auto own = flat(element);
    numbers.insert(numbers.end(), own.begin(), own.end());
  }
  return numbers;
}

Given given_labels(const Json& init) {
  return {[labels = init.at("labels").get<std::vector<int>>()](const Block& x, Panel q) {
    for (std::int64_t i = 0; i < q.rows; ++i) {
      for (int k = 0; k < q.columns; ++k) q(i, k) = labels[static_cast<std::size_t>(x.first_row + i)] == k ? 1 : 0;
    }
  }};
}

}  // namespace jensen::golden
