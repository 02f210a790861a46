#include <jensen/data/schema.h>

#include <gtest/gtest.h>

#include "support/refusal.h"

namespace jensen {
namespace {

using Names = std::vector<std::string>;

TEST(Schema, ColumnsWithKindsAndOptions) {
  const Schema schema = parse_schema("age:gaussian, income : log-normal,visits:poisson( exposure = days )");
  ASSERT_EQ(schema.size(), 3u);
  EXPECT_EQ(schema[0].columns, Names{"age"});
  EXPECT_EQ(schema[1].kind, "log-normal");
  ASSERT_NE(schema[2].option("exposure"), nullptr);
  EXPECT_EQ(*schema[2].option("exposure"), "days");
  EXPECT_EQ(schema[2].option("trials"), nullptr);
}

TEST(Schema, ColumnsTogether) {
  const Names both{"height", "weight"};
  for (const char* text : {"(height, weight):gaussian(diagonal)", "height+weight:gaussian(diagonal)",
                           " height + weight : gaussian (diagonal) "}) {
    const Schema schema = parse_schema(text);
    ASSERT_EQ(schema.size(), 1u) << text;
    EXPECT_EQ(schema[0].columns, both) << text;
    ASSERT_NE(schema[0].option("diagonal"), nullptr) << text;
  }
}

TEST(Schema, AnIntervalIsAColumnAndItsUpperEnd) {
  const Schema schema = parse_schema("[from, to]:weibull");
  EXPECT_EQ(schema[0].columns, Names{"from"});
  EXPECT_EQ(*schema[0].option("upper"), "to");
}

TEST(Schema, APlainListIsOneJointPart) {
  const Schema schema = parse_schema("a, \"b, c\", d");
  ASSERT_EQ(schema.size(), 1u);
  EXPECT_EQ(schema[0].kind, "gaussian");
  EXPECT_EQ(schema[0].columns, (Names{"a", "b, c", "d"}));
}

TEST(Schema, TextOfASchemaIsReadAsTheSame) {
  const Schema schema = parse_schema("\"a:b\"+c:gaussian(full), \"say \"\"x\"\"\":poisson(exposure=\"d, e\")");
  const Schema again = parse_schema(to_string(schema));
  ASSERT_EQ(again.size(), schema.size());
  for (std::size_t i = 0; i < schema.size(); ++i) {
    EXPECT_EQ(again[i].columns, schema[i].columns);
    EXPECT_EQ(again[i].kind, schema[i].kind);
    EXPECT_EQ(again[i].options, schema[i].options);
  }
  EXPECT_EQ(schema[1].columns[0], "say \"x\"");
}

TEST(Schema, SaysWhatItCannotUnderstand) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "a column's name is empty at the end"},
      {"a,,b", "a column's name is empty before ',b'"},
      {"a:", "a kind is empty"},
      {"a:poisson(exposure=", "an option's value is empty"},
      {"a:poisson(exposure=d", "expected ')' after the options"},
      {"(a,b", "expected ')' after the columns"},
      {"a+b", "expected ':' and a kind after a, b"},
      {"\"a", "a quote does not close"},
      {"a:gaussian) b", "expected ',' or the end before ') b'"},
      {"a:gaussian, b", "'b' has no kind, others have: say b:KIND"},
      {"a:gaussian, a:poisson", "'a' comes twice"},
      {"a:poisson(x=1,x=2)", "the option 'x' comes twice"},
      {"[a]:weibull", "expected ',' between the two ends"},
  };
  for (const auto& [text, message] : cases) {
    const std::string refusal = support::refusal<ArgumentError>([&, t = text] { parse_schema(t); });
    EXPECT_EQ(refusal.find("schema: columns: "), 0u) << text << ": " << refusal;
    EXPECT_NE(refusal.find(message), std::string::npos) << text << ": " << refusal;
  }
}

}  // namespace
}  // namespace jensen
