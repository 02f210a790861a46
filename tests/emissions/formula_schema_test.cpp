#include <jensen/emissions/formula_schema.h>

#include <gtest/gtest.h>

#include <string>

#include "support/refusal.h"

namespace jensen {
namespace {

TEST(FormulaSchema, TermsAreCovariatesInTheirOrder) {
  const SchemaPart part = regression_part(parse_formula("y ~ lag(y) + x - 1 + offset(days)"), "poisson");
  EXPECT_EQ(part.kind, "poisson-regression");
  EXPECT_EQ(part.columns, std::vector<std::string>{"y"});
  EXPECT_EQ(*part.option("x1"), "lag(y)");
  EXPECT_EQ(*part.option("x2"), "x");
  EXPECT_EQ(*part.option("intercept"), "no");
  EXPECT_EQ(*part.option("offset"), "days");
  EXPECT_EQ(regression_part(parse_formula("y ~ x"), "gaussian").kind, "linear-regression");
  EXPECT_EQ(*regression_part(parse_formula("hits / tries ~ x"), "binomial").option("trials"), "tries");
}

TEST(FormulaSchema, RefusesWhatIsNoRegression) {
  EXPECT_NE(support::refusal([] { (void)regression_part(parse_formula("x"), "gaussian"); }).find("response"),
            std::string::npos);
  EXPECT_NE(support::refusal([] { (void)regression_part(parse_formula("a / b ~ x"), "poisson"); }).find("binomial"),
            std::string::npos);
}

}  // namespace
}  // namespace jensen
