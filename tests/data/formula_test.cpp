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

TEST(Formula, LagsOfColumns) {
  const Formula f = parse_formula("y ~ lag(y) + lag( y , 2 ) + lag(\"a, b\") + lag(z,1)");
  EXPECT_EQ(f.terms, (Names{"lag(y)", "lag(y,2)", "lag(a, b)", "lag(z)"}));
  EXPECT_EQ(lag_of("lag(y,12)").column, "y");
  EXPECT_EQ(lag_of("lag(y,12)").steps, 12);
  EXPECT_EQ(lag_of("lag(y)").steps, 1);
  EXPECT_EQ(lag_of("lag(a, b)").column, "a, b");
  for (const char* name : {"y", "lag()", "lag(y", "log(y)"}) EXPECT_EQ(lag_of(name).steps, 0) << name;
  EXPECT_EQ(computed_from("lag(y,2)"), "y");
  EXPECT_EQ(computed_from("log(y)"), "y");
  EXPECT_EQ(computed_from("y"), "");
  for (const char* text : {"y ~ lag(y, 0)", "y ~ lag(y, -1)", "y ~ lag(y, k)", "y ~ lag(y, 1.5)"}) {
    EXPECT_NE(support::refusal<ArgumentError>([&] { parse_formula(text); }).find("at least 1"), std::string::npos)
        << text;
  }
}

TEST(Formula, GroupsAndTrials) {
  const Formula f = parse_formula("deaths / \"all of | them\" ~ a + b | centre");
  EXPECT_EQ(f.response, "deaths");
  EXPECT_EQ(f.trials, "all of | them");
  EXPECT_EQ(f.terms, (Names{"a", "b"}));
  EXPECT_EQ(f.group, "centre");
  EXPECT_EQ(parse_formula("y ~ 1 | id").group, "id");
  EXPECT_EQ(parse_formula("y ~ a").group, "");
  EXPECT_EQ(parse_formula("y ~ a").trials, "");
  for (const char* text : {"y ~ a | b | c", "y ~ a | b + c", "y ~ a |", "y / ~ a", "y / n / m ~ a"}) {
    EXPECT_NE(support::refusal<ArgumentError>([&] { parse_formula(text); }), "") << text;
  }
}

TEST(Formula, FactorsAreCodedByTreatment) {
  const std::vector<Factor> factors{{"sex", {"f", "m"}}, {"job", {"baker", "clerk", "none"}}};
  const Names terms{"age", "job", "factor(sex)"};
  EXPECT_EQ(parse_formula("y ~ age + job + factor(sex)").terms, terms);
  EXPECT_EQ(coded_terms(terms, factors, true), (Names{"age", "job[clerk]", "job[none]", "sex[m]"}));
  EXPECT_EQ(coded_terms(terms, factors, false), (Names{"age", "job[baker]", "job[clerk]", "job[none]", "sex[m]"}));
  EXPECT_EQ(coded_terms(terms, {}, true), terms);
  EXPECT_EQ(factor_of("factor(sex)"), "sex");
  EXPECT_EQ(factor_of("sex"), "");
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
