// From what a person says the columns are to emissions over them.
//
//   gaussian                one column or several jointly; one word: the covariance structure (full, diagonal, VEI, …)
//   student-t               the same, the word for the scale matrices; df=NUMBER: degrees of freedom as given, df=tied:
//                           one estimate for all components, df=own (unless said): one for each
//   factor-analyzers        two columns or more; factors=N (1), the word: what components share (UUU … CCC),
//                           noise-floor=SHARE of a column's variance (1e-6)
//   mixture                 one column or several jointly, in each component a mixture of components=N (2) Gaussians of
//                           its own; one word: their covariance structure; what it says is equal is equal for the
//                           Gaussians of one component (sharing=within) or, unless said, of all (sharing=across)
//   von-mises-fisher        two columns or more: unit vectors, or with the word normalized divided by their length
//   von-mises, zero-inflated-poisson
//   normal, log-normal, exponential, weibull, gamma, beta, poisson, geometric, negative-binomial
//                           upper=COLUMN: the column holds lower ends, that one upper ends (emissions/censored.h,
//                           censored_family.h): equal ends were seen, a missing end is open
//                           above=X, below=X: only values in between could get into the data (truncated)
//   uniform                 lower=X, upper=X: the ends, else those of the data
//   poisson                 exposure=COLUMN, where counts are seen whole
//   binomial                trials=COLUMN, or trials=N: a number for all rows, else the largest count
//   negative-binomial       largest=N: the largest count to be met, else that of the data
//   bernoulli               yes or no, in numbers (0, 1) or any two words
//   categorical             cells are words, or numbers that serve as such
//   multinomial             several columns of counts
//   linear-regression, poisson-regression, binomial-regression, gamma-regression
//                           x1=COLUMN, x2=COLUMN, …: the covariates; intercept=no; offset=COLUMN (added to η), for
//                           binomial trials=COLUMN
#pragma once

#include <string>
#include <vector>

#include <jensen/data/schema.h>
#include <jensen/emissions/any.h>

namespace jensen {

/// The kinds that there are.
std::vector<std::string> schema_kinds();

/// Throws ArgumentError, "schema: 'column': problem", for a kind that does not exist, an option that it does not have
/// or a value that it cannot take, and a number of columns that it does not read.
void check_schema(const Schema& schema);

/// Columns that a part or the whole reads, each once, in the order in which its emissions find them in a table: those
/// that it models, then those of its options (upper ends, exposures, trials, covariates).
std::vector<std::string> columns_of(const SchemaPart& part);
std::vector<std::string> columns_of(const Schema& schema);
/// columns_of(schema), then those of the gate that are not among them.
std::vector<std::string> columns_of(const Schema& schema, const std::vector<std::string>& gate);
/// Columns that are read but not modelled: what must be given for a row to be drawn.
std::vector<std::string> given_columns(const Schema& schema);
/// Covariates of a part, x1, x2, … by number; none where it is no regression.
std::vector<std::string> covariates(const SchemaPart& part);
/// The part with these covariates instead.
SchemaPart with_covariates(SchemaPart part, const std::vector<std::string>& names);
/// Columns whose cells are words.
std::vector<std::string> level_columns(const Schema& schema);
/// Names of the levels of one of the columns; nullptr where its cells are numbers.
const std::vector<std::string>* levels_of(const Schema& schema, const std::string& column);

/// Smallest and largest value of a column.
struct ValueRange {
  double smallest = 0;
  double largest = 0;
};
/// The part with everything said that its emissions need and that was left to the data.
SchemaPart resolved(SchemaPart part, ValueRange first_column);

/// `states` states of a Product with one part for each of the schema's, over columns_of(schema) and so many further
/// columns that it does not read. The schema must be resolved; throws ArgumentError where it is not.
AnyEmissions emissions_for(const Schema& schema, int states, int further_columns = 0);

}  // namespace jensen
