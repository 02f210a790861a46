// Which columns of a text hold words.
#include <jensen/data/csv.h>
#include <jensen/error.h>

#include <gtest/gtest.h>

#include "support/refusal.h"

namespace jensen {
namespace {

using Names = std::vector<std::string>;

Names words(std::string_view text, Names columns, CsvOptions options = {}) {
  options.columns = std::move(columns);
  return columns_of_words(text, "test", options);
}

TEST(CsvWords, AreColumnsWithoutANumber) {
  const char* const text = "a,b,c,d,e\nx,1,NA,x,\"1\"\n,2,y,1,y\nz,-3e4,\"y, z\",z,w\n";
  EXPECT_EQ(words(text, {"a", "b", "c", "d", "e"}), (Names{"a", "c"})) << "numbers among words make no column of words";
  EXPECT_EQ(words(text, {"c", "b"}), Names{"c"});
  EXPECT_EQ(words(text, {"b"}), Names{});
  CsvOptions options;
  options.missing = {"1", ""};
  EXPECT_EQ(words(text, {"d"}, options), Names{"d"}) << "a number that means missing is none";
}

TEST(CsvWords, NothingObservedIsNoColumnOfWords) {
  EXPECT_EQ(words("a,b\nNA,1\n,2\n", {"a"}), Names{});
  EXPECT_EQ(words("a,b\ninf,x\n1e999,y\n", {"a", "b"}), Names{"b"}) << "what is no finite number is no word either";
}

TEST(CsvWords, MalformedTextIsRefused) {
  EXPECT_NE(support::refusal<DataError>([] { words("a,b\nx\n", {"a"}); }), "");
  EXPECT_NE(support::refusal<DataError>([] { words("a,b\nx,1\n", {"c"}); }).find("'c'"), std::string::npos);
}

}  // namespace
}  // namespace jensen
