#include <jensen/data/csv_records.h>

#include <gtest/gtest.h>

#include <sstream>

#include <jensen/data/csv_writer.h>
#include <jensen/error.h>

namespace jensen {
namespace {

using Records = std::vector<std::vector<std::string>>;

Records read(std::string_view text, char delimiter = ',') {
  CsvRecords records(text, "t.csv", delimiter);
  Records all;
  std::string scratch;
  while (records.next()) {
    all.emplace_back();
    for (const CsvField& field : records.fields()) all.back().emplace_back(field.text(scratch));
  }
  EXPECT_FALSE(records.next());
  return all;
}

std::string error(std::string_view text) {
  try {
    read(text);
  } catch (const DataError& error) {
    return error.what();
  }
  return "no error";
}

TEST(CsvRecords, SplitsLinesAndFields) {
  EXPECT_EQ(read("a,b\n1,2\n"), (Records{{"a", "b"}, {"1", "2"}}));
  EXPECT_EQ(read("a,b\r\n1,2"), (Records{{"a", "b"}, {"1", "2"}}));
  EXPECT_EQ(read(",\n,"), (Records{{"", ""}, {"", ""}}));
  EXPECT_EQ(read("1,"), (Records{{"1", ""}}));
  EXPECT_EQ(read("1\r"), (Records{{"1"}}));
  EXPECT_EQ(read("a;b,c\n", ';'), (Records{{"a", "b,c"}}));
  EXPECT_EQ(read("a b\n", ' '), (Records{{"a", "b"}}));
  EXPECT_EQ(read("a \n", ' '), (Records{{"a", ""}}));
  EXPECT_EQ(read("\xef\xbb\xbf"
                 "a,b\n"),
            (Records{{"a", "b"}}));
}

TEST(CsvRecords, UnderstandsQuotes) {
  EXPECT_EQ(read("\"a\",b\n"), (Records{{"a", "b"}}));
  EXPECT_EQ(read("\"a,b\",\"c\r\nd\"\r\n"), (Records{{"a,b", "c\r\nd"}}));
  EXPECT_EQ(read("\"say \"\"hi\"\"\"\n"), (Records{{"say \"hi\""}}));
  EXPECT_EQ(read("\"\"\"\"\"\""), (Records{{"\"\""}}));
  EXPECT_EQ(read("\"\",\"\"\n"), (Records{{"", ""}}));
  EXPECT_EQ(read("\"\"\n"), (Records{{""}}));
}

TEST(CsvRecords, SkipsBlankLinesAtBothEnds) {
  EXPECT_EQ(read("\n \r\na\nb\n\n  \r\n\n"), (Records{{"a"}, {"b"}}));
  EXPECT_EQ(read("a\n\nb\n"), (Records{{"a"}, {""}, {"b"}}));
  EXPECT_EQ(read("\"\n\"\n\n"), (Records{{"\n"}}));
  EXPECT_EQ(read(""), Records{});
  EXPECT_EQ(read("\n\n  \n"), Records{});
  EXPECT_EQ(read(" "), Records{});
  EXPECT_EQ(read("\xef\xbb\xbf"), Records{});
}

TEST(CsvRecords, CountsLines) {
  CsvRecords records("\n\na\n\"b\nb\"\r\nc\n", "t.csv", ',');
  for (const std::int64_t line : {3, 4, 6}) {
    ASSERT_TRUE(records.next());
    EXPECT_EQ(records.line(), line);
  }
  EXPECT_FALSE(records.next());
}

TEST(CsvRecords, RefusesMalformedText) {
  EXPECT_EQ(error("a\nb\n\"c\n\n\n"), "t.csv: line 3: a quoted field begins here and never ends");
  EXPECT_EQ(error("\""), "t.csv: line 1: a quoted field begins here and never ends");
  EXPECT_EQ(error("\"\"\""), "t.csv: line 1: a quoted field begins here and never ends");
  EXPECT_NE(error("a\n\"b\"c,d\n").find("line 2: text between a closing quote"), std::string::npos);
  EXPECT_NE(error("\"b\" ,d\n").find("line 1: text between a closing quote"), std::string::npos);
  EXPECT_NE(error("a\"b\"\n").find("line 1: a quote (\") inside a field"), std::string::npos);
  EXPECT_NE(error("a\rb\rc").find("line 1: a carriage return"), std::string::npos);
  EXPECT_NE(error("\"a\"\rb").find("line 1: a carriage return"), std::string::npos);
  using namespace std::string_view_literals;
  EXPECT_NE(error("a\nb\0c\n"sv).find("line 2: a NUL byte"), std::string::npos);
  EXPECT_NE(error("a\n\"\0\"\n"sv).find("line 2: a NUL byte"), std::string::npos);
  EXPECT_NE(error("\xff\xfe"
                  "a\0"sv)
                .find("UTF-16"),
            std::string::npos);
}

TEST(CsvRecords, RefusesDelimitersOfNumbersAndLines) {
  using namespace std::string_view_literals;
  for (const char bad : "\"\n\r\0.-+5eE\xc3"sv) EXPECT_THROW(CsvRecords("a", "t.csv", bad), ArgumentError) << bad;
  for (const char good : ",;\t| :"sv) EXPECT_NO_THROW(CsvRecords("a", "t.csv", good)) << good;
}

TEST(CsvRecords, DetectsTheDelimiter) {
  const auto detect = &CsvRecords::detect_delimiter;
  EXPECT_EQ(detect("a,b\n", "t.csv"), ',');
  EXPECT_EQ(detect("a\tb\n", "t.csv"), '\t');
  EXPECT_EQ(detect("a\tb,c\n", "t.csv"), ',');
  EXPECT_EQ(detect("a,b\n", "t.tsv"), '\t');
  EXPECT_EQ(detect("a;b\nc,d\n", "t.csv"), ';');
  EXPECT_EQ(detect("\"a,b\";c\n", "t.csv"), ';');
  EXPECT_EQ(detect("\n\na;b\n", "t.csv"), ';');
  EXPECT_EQ(detect("a\n", "t.csv"), ',');
  EXPECT_EQ(detect("", ""), ',');
}

TEST(CsvWriter, WritesWhatTheReaderReads) {
  const Records records = {{"plain", "with,comma", "with \"quote\""}, {"line\nend", "", " padded "}, {"é", "\r", "\t"}};
  for (const char delimiter : {',', ';', '\t', '|'}) {
    std::ostringstream out;
    CsvWriter writer(out, delimiter);
    for (const auto& record : records) {
      for (const std::string& field : record) writer.field(field);
      writer.end_record();
    }
    EXPECT_EQ(read(out.str(), delimiter), records);
  }
}

TEST(CsvWriter, QuotesOnlyWhereNeeded) {
  std::ostringstream out;
  CsvWriter writer(out);
  writer.field("a b").field("").field("c,d").field("e\"f").end_record();
  writer.field("").end_record();
  EXPECT_EQ(out.str(), "a b,\"\",\"c,d\",\"e\"\"f\"\n\"\"\n");
  EXPECT_THROW(CsvWriter(out, '.'), ArgumentError);
}

TEST(CsvWriter, WritesNumbersShortestAndExact) {
  std::ostringstream out;
  CsvWriter writer(out);
  writer.field(0.1).field(1e300).field(-0.0).field(5e-324).field(1.0 / 3).field(7).field(std::int64_t{-9}).end_record();
  const double zero = 0;
  writer.field(0 / zero).field(1 / zero).field(-1 / zero).end_record();
  EXPECT_EQ(out.str(), "0.1,1e+300,-0,5e-324,0.3333333333333333,7,-9\nNA,inf,-inf\n");
}

}  // namespace
}  // namespace jensen
