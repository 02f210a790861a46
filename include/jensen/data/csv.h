// Observations from separated text: CSV, TSV and their relatives.
#pragma once

#include <jensen/data/table.h>

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jensen {

/// How a file is read. What a file may look like is said at CsvRecords (csv_records.h).
struct CsvOptions {
  /// 0: found out by CsvRecords::detect_delimiter.
  char delimiter = 0;

  /// Whether the first record holds names. nullopt: it does if a field of it is neither a number nor a missing marker.
  /// A first record that mixes numbers and text, over columns of text that hold no number below, may be either; it is
  /// refused until this option says which it is.
  std::optional<bool> header;

  /// Contents, compared without surrounding spaces, that mean "not observed". Markers may be numbers; they are compared
  /// as text: "-999" does not match -999.0.
  std::vector<std::string> missing = {"", "NA", "N/A", "NaN", "nan", "NULL", "null", "?"};

  /// The columns of the table, in this order. Empty: all but those excluded and those of weights and labels.
  /// Here and below a column is named as in the header. Without a header, and where a name of the header is empty, the
  /// name of the third column is x3; without a header it is also 3.
  std::vector<std::string> columns;
  std::vector<std::string> exclude;

  std::string weights;  ///< column of observation weights; empty: every row weighs 1
  std::string labels;   ///< column of known states; empty: none. A missing marker there means "unknown", a|b "a or b".
  int states = 0;       ///< number of states that labels may name; not read without labels

  /// Columns whose cells are words, each read as the number of its level, from 0. The list names the levels, and
  /// another word is an error; an empty list stands for those that the column holds, in their order: as numbers where
  /// all of them are, else as text.
  std::vector<std::pair<std::string, std::vector<std::string>>> levels;
};

/// What a file holds.
struct CsvTable {
  Table table;
  /// Name of state k. Empty where labels are the integers 0 … states−1, which stand for themselves, and where there are
  /// no labels. All other labels are numbered from 0 in their order: as numbers where all of them are, else as text.
  /// There may be fewer names than states.
  std::vector<std::string> label_names;
  /// By column of the table: the names of its levels; empty where it holds numbers.
  std::vector<std::vector<std::string>> levels;
  bool header = false;
  char delimiter = ',';
};

/// Reads a file; "-" is standard input. A table may have no rows.
///
/// A number is what std::from_chars reads, with surrounding spaces and a leading + allowed. One too small for a double
/// becomes the nearest, which may be 0.
///
/// Throws DataError that names the file and, where it applies, line, row (of data, from 1), column and content: for
/// malformed text (see CsvRecords), an empty file, records of different lengths, a cell that is no finite number, a
/// missing, negative or not finite weight, weights that are all zero, more distinct labels than states; for a column
/// that does not exist or is used twice, a name asked for that several columns bear, a column that is used without
/// being asked for and has no name, or another's. ArgumentError for a delimiter that cannot be one, and for labels
/// without a number of states.
CsvTable read_csv(const std::string& path, const CsvOptions& options = {});

/// Reads text as read_csv reads a file; `name` stands for the file in messages and in the detection of the delimiter.
CsvTable read_csv_text(std::string_view text, const std::string& name, const CsvOptions& options = {});

/// Those of the options' columns, by name, whose observed cells are all words. Errors: those of read_csv_text that are
/// not about cells.
std::vector<std::string> columns_of_words(std::string_view text, const std::string& name, const CsvOptions& options);

/// A value for a missing cell of the table that the same options give, or nullopt to leave the cell as it is. Rows and
/// columns are counted from 0, as in the table.
using CsvFill = std::function<std::optional<double>(std::int64_t row, int column)>;

/// Writes the file to `out` with missing cells of the table's columns filled by `value`. Every other byte is kept as it
/// is: other columns, quotes, line ends. Numbers are written in the shortest form that reads back the same.
///
/// Errors are those of read_csv, found cell by cell: `out` may have received the records before. Also ArgumentError for
/// a value that is not finite, and Error when `out` fails. Standard input can be read only once: to read and to fill
/// it, hold a MappedFile and use the functions that take text.
void fill_csv(const std::string& path, const CsvOptions& options, std::ostream& out, const CsvFill& value);
void fill_csv_text(std::string_view text, const std::string& name, const CsvOptions& options, std::ostream& out,
                   const CsvFill& value);

}  // namespace jensen
