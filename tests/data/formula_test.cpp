#include <jensen/data/formula.h>

#include <gtest/gtest.h>

#include "support/refusal.h"

namespace jensen {
namespace {

using Names = std::vector<std::string>;

TEST(Formula, TermsOffsetsAndIntercept) {
  const Formula f = parse_formula("patents ~ lgrd + \"R & D - share\" + offset(size)");
  EXPECT_EQ(f.response, "patents");
  EXPECT_EQ(f.terms, (Names{"lgrd", "R & D - share"}));
  EXPECT_EQ(f.offset, "size");
  EXPECT_TRUE(f.intercept);
  for (const char* text : {"y ~ 0 + a", "y ~ a - 1", "y~-1+a"}) {
    EXPECT_FALSE(parse_formula(text).intercept) << text;
    EXPECT_EQ(parse_formula(text).terms, Names{"a"}) << text;
  }
  EXPECT_TRUE(parse_formula("y ~ 1").terms.empty());
  EXPECT_EQ(parse_formula("rds").response, "");
  EXPECT_EQ(parse_formula("rds").terms, Names{"rds"});
}

TEST(Formula, LogarithmsOfColumns) {
  const Formula f = parse_formula("faults ~ log(length) + length + offset(log(\"days - off\"))");
  EXPECT_EQ(f.terms, (Names{"log(length)", "length"}));
  EXPECT_EQ(f.offset, "log(days - off)");
  EXPECT_EQ(logarithm_of(f.terms[0]), "length");
  EXPECT_EQ(logarithm_of(f.offset), "days - off");
  for (const char* name : {"length", "log()", "log(a", "xlog(a)"}) EXPECT_EQ(logarithm_of(name), "") << name;
}

TEST(Formula, SaysWhatItCannotUnderstand) {
  for (const char* text :
       {"y ~ a:b", "y ~ a*b", "y ~ exp(a)", "y ~ a^2", "log(y) ~ a", "y ~ log(log(a))", "y ~ log(a:b)"}) {
    EXPECT_NE(support::refusal<ArgumentError>([&] { parse_formula(text); }).find("is no column"), std::string::npos)
        << text;
  }
  EXPECT_NE(support::refusal<ArgumentError>([] { parse_formula("y ~ a + "); }).find("a term is empty"),
            std::string::npos);
  EXPECT_NE(support::refusal<ArgumentError>([] { parse_formula("y ~ a + a"); }).find("'a' comes twice"),
            std::string::npos);
  EXPECT_NE(support::refusal<ArgumentError>([] { parse_formula("y ~ a - b"); }).find("only 1 can be taken away"),
            std::string::npos);
}

}  // namespace
}  // namespace jensen
