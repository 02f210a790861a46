#include <jensen/data/csv.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <random>
#include <sstream>

#include <jensen/data/mapped_file.h>
#include <jensen/error.h>

#include "support/source_folder.h"

namespace jensen {
namespace {

CsvTable read(std::string_view text, const CsvOptions& options = {}) { return read_csv_text(text, "t.csv", options); }

std::string error(std::string_view text, const CsvOptions& options = {}) {
  try {
    read(text, options);
  } catch (const DataError& error) {
    return error.what();
  }
  return "no error";
}

std::vector<std::vector<double>> cells(const Table& table) {
  std::vector<std::vector<double>> rows;
  for (std::int64_t i = 0; i < table.rows(); ++i) {
    rows.emplace_back();
    for (int j = 0; j < table.columns(); ++j) rows.back().push_back(table.cell(i, j));
  }
  return rows;
}

using Rows = std::vector<std::vector<double>>;
using Names = std::vector<std::string>;

TEST(ReadCsv, ReadsNumbersUnderAHeader) {
  const CsvTable read_in = read("a,b\n1,2\n3.5,-4e2\n");
  EXPECT_EQ(cells(read_in.table), (Rows{{1, 2}, {3.5, -400}}));
  EXPECT_EQ(read_in.table.column_names(), (Names{"a", "b"}));
  EXPECT_TRUE(read_in.header);
  EXPECT_EQ(read_in.delimiter, ',');
  EXPECT_FALSE(read_in.table.has_missing());
}

TEST(ReadCsv, ReadsManyRowsIntoColumns) {
  std::string text = "a,b,c\n";
  for (int i = 0; i < 1001; ++i) text += std::to_string(i) + "," + std::to_string(-i) + ".25,\"7\"\n";
  const Table table = read(text).table;
  ASSERT_EQ(table.rows(), 1001);
  for (int i = 0; i < 1001; ++i) {
    ASSERT_EQ(table.cell(i, 0), i);
    ASSERT_EQ(table.cell(i, 1), i == 0 ? 0.25 : -i - 0.25);
    ASSERT_EQ(table.cell(i, 2), 7);
  }
  BlockBuffer buffer;
  EXPECT_EQ(table.block(500, 100, buffer).x(99, 0), 599);
  EXPECT_TRUE(buffer.x.empty()) << "a table from CSV is read in place";
}

TEST(ReadCsv, FindsOutAboutTheHeader) {
  EXPECT_FALSE(read("1,2\n3,4\n").header);
  EXPECT_FALSE(read("NA,2\n3,4\n").header);
  EXPECT_TRUE(read("NA,b\n3,4\n").header);
  EXPECT_TRUE(read("year,2001\n3,4\n").header);
  EXPECT_TRUE(read("\"a\"\n3\n").header);
  EXPECT_FALSE(read("\"1\"\n3\n").header);
  EXPECT_EQ(read("1,2\n3,4\n").table.column_names(), (Names{"x1", "x2"}));
  CsvOptions with;
  with.header = true;
  EXPECT_EQ(read("1,2\n3,4\n", with).table.column_names(), (Names{"1", "2"}));
  EXPECT_EQ(read("1,2\n", with).table.rows(), 0);
  CsvOptions without;
  without.header = false;
  EXPECT_NE(error("a,b\n3,4\n", without).find("row 1 (line 1), column 'x1': 'a' is not a number"), std::string::npos);
}

TEST(ReadCsv, RefusesToGuessWhetherAMixedFirstRecordIsAHeader) {
  EXPECT_NE(error("5.1,setosa\n4.9,setosa\n").find("may be a header or data; say which"), std::string::npos);
  CsvOptions options;
  options.columns = {"1"};
  options.header = false;
  EXPECT_EQ(cells(read("5.1,setosa\n4.9,setosa\n", options).table), (Rows{{5.1}, {4.9}}));
}

TEST(ReadCsv, AllNumberForms) {
  const auto value = [](const std::string& text) { return read("x\n" + text + "\n").table.cell(0, 0); };
  EXPECT_EQ(value("+5"), 5);
  EXPECT_EQ(value("  7.25\t"), 7.25);
  EXPECT_EQ(value("\" 7 \""), 7);
  EXPECT_EQ(value(".5"), 0.5);
  EXPECT_EQ(value("5."), 5);
  EXPECT_EQ(value("-.5e-3"), -0.5e-3);
  EXPECT_EQ(value("1E5"), 1e5);
  EXPECT_EQ(value("00012"), 12);
  EXPECT_EQ(value("5e-324"), 5e-324);
  EXPECT_EQ(value("2.2e-310"), 2.2e-310);
  EXPECT_EQ(value("1e-400"), 0);
  EXPECT_EQ(value("1e-99999999999999999999"), 0);
  EXPECT_EQ(value("0." + std::string(400, '0') + "1"), 0);
  EXPECT_TRUE(std::signbit(value("-1e-400")));
  EXPECT_TRUE(std::signbit(value("-0")));
  EXPECT_EQ(value("0e999999999"), 0);
  EXPECT_EQ(value("1" + std::string(400, '0') + "e-400"), 1);
  EXPECT_EQ(value("9007199254740993"), 9007199254740992);
  EXPECT_EQ(value("123456789012345678901234567890"), 123456789012345678901234567890.0);
}

// The quick way for short decimals must give the very bits of the general one.
TEST(ReadCsv, NumbersAreCorrectlyRounded) {
  std::mt19937_64 random(1);
  std::string text = "x\n";
  std::vector<std::string> written;
  for (int i = 0; i < 20000; ++i) {
    std::string digits = std::to_string(random() >> random() % 60);
    const std::size_t point = random() % (digits.size() + 1);
    if (random() % 5 != 0) digits.insert(digits.begin() + static_cast<std::ptrdiff_t>(point), '.');
    if (random() % 4 == 0) digits.insert(digits.begin(), '-');
    written.push_back(digits);
    text += digits + "\n";
  }
  const Table table = read(text).table;
  for (std::size_t i = 0; i < written.size(); ++i) {
    ASSERT_EQ(table.cell(static_cast<std::int64_t>(i), 0), std::strtod(written[i].c_str(), nullptr)) << written[i];
  }
}

TEST(ReadCsv, RefusesWhatIsNoFiniteNumber) {
  const auto problem = [](const std::string& text) { return error("x,y\n0,0\n" + text + ",1\n"); };
  const std::string where = "t.csv: row 2 (line 3), column 'x': ";
  EXPECT_EQ(problem("abc"), where + "'abc' is not a number");
  EXPECT_EQ(problem("1e400"), where + "'1e400' is too large for a double");
  EXPECT_EQ(problem("1.8e308"), where + "'1.8e308' is too large for a double");
  EXPECT_EQ(problem("-1e99999999999999999999"), where + "'-1e99999999999999999999' is too large for a double");
  EXPECT_EQ(problem("inf"), where + "'inf' is not finite");
  EXPECT_EQ(problem("-Infinity"), where + "'-Infinity' is not finite");
  EXPECT_EQ(problem("\"1,5\""), where + "'1,5' is not a number");
  for (const char* bad :
       {"1 2", "0x10", "1e", "1e+", "--1", "+-1", "++1", ".", "-", "+", "e5", "1.2.3", "nan(1)", "1_000"}) {
    EXPECT_EQ(problem(bad), where + "'" + bad + "' is not a number");
  }
  EXPECT_EQ(problem("a\x01\t\xff"
                    "é"),
            where + "'a\\x01\\t\\xffé' is not a number");
  EXPECT_EQ(problem(std::string(1000, 'z')), where + "'" + std::string(40, 'z') + "...' is not a number");
}

TEST(ReadCsv, NamesRowLineAndColumnAfterMultiLineRecords) {
  EXPECT_EQ(error("\n\"a\nb\",waiting\n\"\n\n1\",abc\n"),
            "t.csv: row 1 (line 4), column 'a\\nb': '\\n\\n1' is not a "
            "number; the column holds text: exclude the column or choose "
            "columns by name");
  EXPECT_EQ(error("\"a\nb\",waiting\n1,2\n3,abc\n"), "t.csv: row 2 (line 4), column 'waiting': 'abc' is not a number");
}

TEST(ReadCsv, AdvisesOnColumnsOfText) {
  const std::string advice = "; the column holds text: exclude the column or choose columns by name";
  const std::string text = "a,kind\n1,NA\n2,setosa\n3,other\n";
  EXPECT_EQ(error(text), "t.csv: row 2 (line 3), column 'kind': 'setosa' is not a number" + advice);
  EXPECT_EQ(error("a,kind\n1,x\n2,5\n").find(advice), std::string::npos);
  CsvOptions options;
  options.exclude = {"kind"};
  EXPECT_EQ(cells(read(text, options).table), (Rows{{1}, {2}, {3}}));
}

TEST(ReadCsv, KnowsMissingMarkers) {
  const Table table = read("a,b\n,NA\n NaN ,\"?\"\n\"\",null\nnan,N/A\n1,NULL\n").table;
  EXPECT_TRUE(table.has_missing());
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(std::isnan(table.cell(i, 0)), i != 4);
    EXPECT_TRUE(std::isnan(table.cell(i, 1)));
  }
  CsvOptions options;
  options.missing = {"-999", " inf "};
  EXPECT_EQ(read("a\n-999\n-999.0\ninf\n", options).table.cell(1, 0), -999);
  EXPECT_TRUE(std::isnan(read("a\n-999\ninf\n", options).table.cell(0, 0)));
  EXPECT_TRUE(std::isnan(read("a\n-999\ninf\n", options).table.cell(1, 0)));
  EXPECT_NE(error("a\n1\nnan\n", options).find("'nan' is not a number"), std::string::npos);
  EXPECT_NE(error("a,b\n1,\n", options).find("column 'b': the cell is empty"), std::string::npos);
}

TEST(ReadCsv, ABlankLineWithinOneColumnIsACell) {
  const Table table = read("a\n1\n\n3\n\n\n").table;
  ASSERT_EQ(table.rows(), 3);
  EXPECT_TRUE(std::isnan(table.cell(1, 0)));
  EXPECT_EQ(error("a,b\n1,2\n\n3,4\n"), "t.csv: line 3: a blank line where 2 fields are expected");
}

TEST(ReadCsv, RefusesRaggedRecords) {
  EXPECT_EQ(error("a,b\n1,2\n3\n"), "t.csv: line 3: 1 field where 2 are expected");
  EXPECT_EQ(error("a,b\n1,2,3\n"), "t.csv: line 2: 3 fields where 2 are expected");
  EXPECT_EQ(error("1,2\n1,2,\n"), "t.csv: line 2: 3 fields where 2 are expected");
}

TEST(ReadCsv, RefusesEmptyFiles) {
  for (const char* text : {"", "\n", " \r\n\n", "\xef\xbb\xbf\n"}) EXPECT_EQ(error(text), "t.csv: the file is empty");
  EXPECT_EQ(read("a,b\n").table.rows(), 0);
  EXPECT_EQ(read("a,b").table.columns(), 2);
}

TEST(ReadCsv, ChoosesColumnsInTheOrderAskedFor) {
  CsvOptions options;
  options.columns = {"c", "a"};
  const CsvTable chosen = read("a,b,c\n1,x,3\n4,y,6\n", options);
  EXPECT_EQ(cells(chosen.table), (Rows{{3, 1}, {6, 4}}));
  EXPECT_EQ(chosen.table.column_names(), (Names{"c", "a"}));
  options.columns = {"3", "x1"};
  EXPECT_EQ(cells(read("1,2,3\n4,5,6\n", options).table), (Rows{{3, 1}, {6, 4}}));
  EXPECT_NE(
      error("a,b,c\n1,2,3\n", options).find("there is no column '3' (asked for as data); the columns are a, b, c"),
      std::string::npos);
  options.columns = {"4"};
  EXPECT_NE(error("1,2,3\n", options).find("the columns are x1, x2, x3 (the file has no header)"), std::string::npos);
}

TEST(ReadCsv, RefusesContradictoryColumns) {
  const std::string text = "a,b,w\n1,2,3\n";
  CsvOptions options;
  options.columns = {"a", "a"};
  EXPECT_EQ(error(text, options), "t.csv: column 'a' is chosen twice");
  options.columns = {"a", "w"};
  options.weights = "w";
  EXPECT_EQ(error(text, options), "t.csv: column 'w' is asked for as weights and as data");
  options.columns = {};
  options.labels = "w";
  options.states = 2;
  EXPECT_EQ(error(text, options), "t.csv: column 'w' is asked for as labels and as weights");
  options.labels = "";
  options.exclude = {"zzz"};
  EXPECT_EQ(error(text, options), "t.csv: there is no column 'zzz' (to be excluded); the columns are a, b, w");
  options.exclude = {"a", "b"};
  EXPECT_EQ(error(text, options), "t.csv: no column is left for the data");
  options.exclude = {"a", "w"};
  EXPECT_EQ(read(text, options).table.column_names(), Names{"b"});
  options.columns = {"a"};
  EXPECT_EQ(error(text, options), "t.csv: column 'a' is both chosen and excluded");
}

TEST(ReadCsv, RefusesDoubtfulNames) {
  EXPECT_EQ(error("a,a\n1,2\n"), "t.csv: several columns are named 'a'; rename or exclude them");
  CsvOptions options;
  options.columns = {"a"};
  EXPECT_NE(error("a,a,b\n1,2,3\n", options).find("2 columns bear that name"), std::string::npos);
  options.columns = {"b"};
  EXPECT_EQ(cells(read("a,a,b\n1,2,3\n", options).table), Rows{{3}});
  options.columns = {};
  options.exclude = {"a"};
  EXPECT_EQ(cells(read("a,a,b\n1,2,3\n", options).table), Rows{{3}});
  EXPECT_NE(error("\"\",b\n1,3\n").find("column 'x1' has no name in the header, as row numbers"), std::string::npos);
  options.exclude = {"x1"};
  EXPECT_EQ(cells(read(",b\n1,3\n", options).table), Rows{{3}});
}

TEST(ReadCsv, ReadsWeights) {
  CsvOptions options;
  options.weights = "n";
  const Table table = read("n,x\n2,10\n0.5,20\n", options).table;
  BlockBuffer buffer;
  EXPECT_EQ(table.columns(), 1);
  EXPECT_EQ(table.block(0, 2, buffer).weight(0), 2);
  EXPECT_EQ(table.block(0, 2, buffer).weight(1), 0.5);
  EXPECT_EQ(error("n,x\n1,1\nNA,1\n", options), "t.csv: row 2 (line 3), column 'n': the weight is missing");
  EXPECT_EQ(error("n,x\n-1,1\n", options), "t.csv: row 1 (line 2), column 'n': the weight '-1' is negative");
  EXPECT_EQ(error("n,x\n1,1\nz,1\n", options), "t.csv: row 2 (line 3), column 'n': 'z' is not a number");
  EXPECT_EQ(error("n,x\n0,1\n0,1\n", options), "t.csv: column 'n': all weights are zero");
}

std::vector<int> states(const Table& table, int count) {
  BlockBuffer buffer;
  const Block block = table.block(0, table.rows(), buffer);
  std::vector<int> found;
  for (std::int64_t i = 0; i < block.rows(); ++i) {
    int allowed = 0, state = -1;
    for (int k = 0; k < count; ++k) {
      if (block.allows(i, k)) state = k, ++allowed;
    }
    found.push_back(allowed == 1 ? state : -1);
  }
  return found;
}

TEST(ReadCsv, ReadsLabels) {
  CsvOptions options;
  options.labels = "z";
  options.states = 3;
  const auto labels = [&](std::string_view text) {
    const CsvTable read_in = read(text, options);
    return std::pair(states(read_in.table, options.states), read_in.label_names);
  };
  EXPECT_EQ(labels("x,z\n1,2\n2,\n3,0.0\n"), std::pair(std::vector{2, -1, 0}, Names{}));
  EXPECT_EQ(labels("x,z\n1,b\n2,?\n3,\" a\"\n4,b\n"), std::pair(std::vector{1, -1, 0, 1}, Names{"a", "b"}));
  EXPECT_EQ(labels("x,z\n1,10\n2,9\n3,11\n"), std::pair(std::vector{1, 0, 2}, Names{"9", "10", "11"}));
  EXPECT_EQ(labels("x,z\n1,3\n2,1\n3,3.0\n"), std::pair(std::vector{1, 0, 1}, Names{"1", "3"}));
  EXPECT_EQ(labels("x,z\n1,-1\n2,1\n"), std::pair(std::vector{0, 1}, Names{"-1", "1"}));
  EXPECT_EQ(labels("x,z\n1,1\n2,b\n3,a\n"), std::pair(std::vector{0, 2, 1}, Names{"1", "a", "b"}));
  EXPECT_EQ(labels("x,z\n1,NA\n2,NA\n"), std::pair(std::vector{-1, -1}, Names{}));
  EXPECT_NE(error("x,z\n1,a\n2,b\n3,c\n4,d\n", options).find("column 'z': there are 4 distinct labels (a, b, c, d)"),
            std::string::npos);
  options.states = 0;
  EXPECT_THROW(read("x,z\n1,a\n", options), ArgumentError);
}

TEST(ReadCsv, OtherDelimiters) {
  EXPECT_EQ(cells(read("a;b\n1.5;2\n").table), (Rows{{1.5, 2}}));
  EXPECT_EQ(cells(read("a\tb\n1.5\t2\n").table), (Rows{{1.5, 2}}));
  EXPECT_TRUE(std::isnan(read_csv_text("a\tb\n1\t\n", "t.tsv").table.cell(0, 1)));
  CsvOptions options;
  options.delimiter = '|';
  EXPECT_EQ(cells(read("a|b\n1|2\n", options).table), (Rows{{1, 2}}));
  options.delimiter = '.';
  EXPECT_THROW(read("a.b\n1.2\n", options), ArgumentError);
}

TEST(ReadCsv, ReadsFiles) {
  const CsvTable faithful = read_csv(in_source("data/faithful.csv"));
  EXPECT_EQ(faithful.table.rows(), 272);
  EXPECT_EQ(faithful.table.column_names(), (Names{"eruptions", "waiting"}));
  EXPECT_EQ(faithful.table.cell(2, 0), 3.333);
  EXPECT_EQ(faithful.table.cell(271, 1), 74);
  const Table air = read_csv(in_source("data/airquality.csv")).table;
  EXPECT_TRUE(air.has_missing());
  CsvOptions options;
  options.labels = "Species";
  options.states = 3;
  EXPECT_EQ(read_csv(in_source("data/iris.csv"), options).label_names, (Names{"setosa", "versicolor", "virginica"}));
}

TEST(ReadCsv, SaysWhyAFileCannotBeRead) {
  const auto problem = [](const std::string& path) -> std::string {
    try {
      read_csv(path);
    } catch (const DataError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(problem("/no/such/file.csv"), "/no/such/file.csv: cannot be read: No such file or directory");
  EXPECT_EQ(problem(testing::TempDir()), testing::TempDir() + ": cannot be read: Is a directory");
  EXPECT_EQ(problem("/dev/null"), "/dev/null: the file is empty");
}

// Any damage to a valid file gives a table or an error, never anything else.
// A cell as somebody may have written it; `sound` cells are numbers or missing.
std::string random_cell(std::mt19937& random, bool sound) {
  const auto below = [&](int n) { return std::uniform_int_distribution<int>(0, n - 1)(random); };
  const auto digits = [&](int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += static_cast<char>('0' + below(10));
    return text;
  };
  if (!sound && below(40) == 0) {
    const std::vector<std::string> wrong = {"inf",  "-inf", "1e999", "abc", "1.2.3", "--1",
                                            "0x10", "1 2",  "-",     ".",   "1e"};
    return wrong[static_cast<std::size_t>(below(static_cast<int>(wrong.size())))];
  }
  std::string cell;
  switch (below(12)) {
    case 0: cell = std::vector<std::string>{"NA", "nan", "", "?", "NaN"}[static_cast<std::size_t>(below(5))]; break;
    case 1: cell = digits(1 + below(3)) + "." + digits(below(25)); break;
    case 2: cell = "." + digits(1 + below(20)); break;
    case 3: cell = digits(1 + below(30)); break;
    case 4: cell = digits(1) + "." + digits(6) + "e" + (below(2) == 0 ? "-" : "") + std::to_string(below(310)); break;
    case 5: cell = "0.000000" + digits(below(9)) + "1"; break;
    default: cell = digits(1 + below(2)) + "." + digits(1 + below(7)); break;
  }
  const bool number = !cell.empty() && (cell[0] == '.' || (cell[0] >= '0' && cell[0] <= '9'));
  if (number && below(2) == 0) cell.insert(0, 1, below(8) == 0 ? '+' : '-');
  if (below(10) == 0) cell.insert(0, static_cast<std::size_t>(1 + below(3)), below(4) == 0 ? '\t' : ' ');
  if (below(10) == 0) cell.append(static_cast<std::size_t>(1 + below(3)), ' ');
  return cell;
}

// What reads a record of plain numbers at one look must find what the reader of records finds, which a cell in quotes
// leaves it to: in the bits of the numbers, and in the words about what is wrong.
TEST(ReadCsv, PlainRowsReadAsRowsWithQuotesDo) {
  std::mt19937 random(20240917);
  int refused = 0;
  for (int table = 0; table < 300; ++table) {
    const int columns = 2 + table % 4;
    const bool sound = table % 3 != 0;
    const std::string end = table % 4 == 0 ? "\r\n" : "\n";
    std::string names = "x1", plain, quoted;
    for (int j = 1; j < columns; ++j) names += ",x" + std::to_string(j + 1);
    for (int i = 0; i < 40; ++i) {
      const int fields = !sound && random() % 60 == 0 ? columns + 1 : columns;
      for (int j = 0; j < fields; ++j) {
        const std::string cell = random_cell(random, sound);
        plain += (j > 0 ? "," : "") + cell;
        quoted += (j > 0 ? "," : "") + (j == fields - 1 ? '"' + cell + '"' : cell);
      }
      plain += end;
      quoted += end;
    }
    CsvOptions options;
    options.missing.push_back(table % 7 == 0 ? "-9" : "none");  // where a marker is a number each cell is compared
    const std::string error_of_plain = error(names + end + plain, options);
    EXPECT_EQ(error_of_plain, error(names + end + quoted, options)) << plain;
    refused += error_of_plain == "no error" ? 0 : 1;
    if (error_of_plain != "no error") continue;
    const Table one = read(names + end + plain, options).table;
    const Table other = read(names + end + quoted, options).table;
    ASSERT_EQ(one.rows(), other.rows());
    for (std::int64_t i = 0; i < one.rows(); ++i) {
      for (int j = 0; j < columns; ++j) {
        const double value = one.cell(i, j);
        if (std::isnan(value) && std::isnan(other.cell(i, j))) continue;
        ASSERT_EQ(std::bit_cast<std::uint64_t>(value), std::bit_cast<std::uint64_t>(other.cell(i, j))) << plain;
      }
    }
  }
  EXPECT_GT(refused, 30);
  EXPECT_LT(refused, 200);
}

TEST(ReadCsv, PlainRowsReadWhatTheirDigitsSay) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20000; ++i) {
    const int digits = 1 + i % 18;
    std::string cell = std::to_string(std::uniform_int_distribution<std::uint64_t>(0, 999999999999999999)(random));
    cell.resize(std::min(cell.size(), static_cast<std::size_t>(digits)));
    cell.insert(static_cast<std::size_t>(i % 7) % (cell.size() + 1), ".");
    if (i % 2 == 0) cell.insert(0, "-");
    if (cell == "." || cell == "-.") continue;
    ASSERT_EQ(read("x,y\n" + cell + ",1\n").table.cell(0, 0), std::strtod(cell.c_str(), nullptr)) << cell;
  }
}

TEST(ReadCsv, SurvivesMutations) {
  const std::string valid =
      "id,\"a \"\"quoted\"\" name\",w,z\r\n1,2.5,1,u\r\n\"2\",NA,0.5,v\r\n3,-1e-3,2,\"u\"\r\n4,\"+7\",1,\r\n";
  const std::string alphabet = std::string(1, '\0') + "\",;\t\r\n x019.e+-\xff\xef";
  std::mt19937_64 random(7);
  CsvOptions options;
  options.weights = "w";
  options.labels = "z";
  options.states = 2;
  int refused = 0;
  for (int trial = 0; trial < 6000; ++trial) {
    std::string text = valid;
    for (std::uint64_t change = 0; change <= random() % 4; ++change) {
      const std::size_t at = random() % (text.size() + 1);
      const char byte = random() % 2 == 0 ? alphabet[random() % alphabet.size()] : static_cast<char>(random());
      const std::uint64_t kind = random() % 4;
      if (kind == 0) text.insert(at, 1, byte);
      if (kind == 1 && at < text.size()) text[at] = byte;
      if (kind == 2) text.erase(at, random() % 8);
      if (kind == 3) text.insert(at, text.substr(random() % text.size(), random() % 20));
      if (text.empty()) text = "\"";
    }
    // A copy on the heap of its exact size, so that sanitizers see a read past the end.
    const std::vector<char> exact(text.begin(), text.end());
    const std::string_view view(exact.data(), exact.size());
    try {
      const CsvTable table = read_csv_text(view, "t.csv", trial % 2 == 0 ? options : CsvOptions{});
      for (const auto& row : cells(table.table)) {
        for (const double value : row) ASSERT_FALSE(std::isinf(value));
      }
      std::ostringstream out;
      fill_csv_text(view, "t.csv", trial % 2 == 0 ? options : CsvOptions{}, out,
                    [](std::int64_t, int) { return std::nullopt; });
      ASSERT_EQ(out.str(), text);
    } catch (const Error& error) {
      ++refused;
      ASSERT_FALSE(std::string_view(error.what()).empty());
    }
  }
  EXPECT_GT(refused, 100);
  EXPECT_LT(refused, 5900);
}

std::string fill(std::string_view text, const CsvOptions& options, const CsvFill& value) {
  std::ostringstream out;
  fill_csv_text(text, "t.csv", options, out, value);
  return out.str();
}

TEST(FillCsv, ChangesMissingCellsAndNothingElse) {
  const std::string text =
      "\xef\xbb\xbf\n\"name, full\",a , b\r\n\"x \"\"y\"\"\",1.50,NA\r\nz, ? ,+2\n\"\",\"NA\",\r\n\n ";
  CsvOptions options;
  options.columns = {"b", "a"};
  const auto value = [](std::int64_t row, int column) { return 0.1 + static_cast<double>(10 * row + column); };
  EXPECT_EQ(fill(text, options, value),
            "\xef\xbb\xbf\n\"name, full\",a , b\r\n\"x \"\"y\"\"\",1.50,0.1\r\nz,11.1,+2\n\"\",21.1,20.1\r\n\n ");
}

TEST(FillCsv, LeavesCellsWithoutAValue) {
  const std::string text = "a,w\nNA,1\n?,2\n\"\",3";
  CsvOptions options;
  options.weights = "w";
  std::vector<std::int64_t> asked;
  const auto value = [&](std::int64_t row, int) -> std::optional<double> {
    asked.push_back(row);
    return row == 1 ? std::optional(1.0 / 3) : std::nullopt;
  };
  EXPECT_EQ(fill(text, options, value), "a,w\nNA,1\n0.3333333333333333,2\n\"\",3");
  EXPECT_EQ(asked, (std::vector<std::int64_t>{0, 1, 2}));
  EXPECT_EQ(fill("1\n\n3\n", {}, [](std::int64_t, int) { return 2; }), "1\n2\n3\n");
}

TEST(FillCsv, FilledFilesReadBackExactly) {
  std::ostringstream out;
  const std::string path = in_source("data/airquality.csv");
  const Table before = read_csv(path).table;
  const auto value = [](std::int64_t row, int column) { return std::sqrt(static_cast<double>(row + 7 * column)); };
  fill_csv(path, {}, out, value);
  const Table after = read_csv_text(out.str(), "t.csv").table;
  ASSERT_FALSE(after.has_missing());
  ASSERT_EQ(after.rows(), before.rows());
  for (std::int64_t i = 0; i < before.rows(); ++i) {
    for (int j = 0; j < before.columns(); ++j) {
      ASSERT_EQ(after.cell(i, j), std::isnan(before.cell(i, j)) ? value(i, j) : before.cell(i, j));
    }
  }
}

TEST(FillCsv, RefusesBadValuesAndOutput) {
  const auto not_finite = [](std::int64_t, int) { return std::nan(""); };
  EXPECT_THROW(fill("a\nNA\n1\n", {}, not_finite), ArgumentError);
  EXPECT_THROW(fill("a\n1\nx\n", {}, not_finite), DataError);
  std::ostringstream broken;
  broken.setstate(std::ios::badbit);
  EXPECT_THROW(fill_csv_text("a\n1\n", "t.csv", {}, broken, not_finite), Error);
}

}  // namespace
}  // namespace jensen
