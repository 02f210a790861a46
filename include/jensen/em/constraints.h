// Parameters fixed, tied, bounded or ordered: what is asked of them, by name. Options::constraints asks it of a fit.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jensen {

/// What is asked of the parameters, by their names (parameter_names()). A * in a name stands for any characters, a #
/// for a number: "mean[*,0]" is the first coordinate of every component's mean.
class Constraints {
 public:
  /// The parameter, or every one that the pattern matches, keeps this value; without one, the value it starts with.
  Constraints& fix(std::string name, std::optional<double> value = std::nullopt);
  /// All of them are equal. One pattern ties everything it matches, one with a # only what differs in the numbers
  /// there: "covariance[#,*]" makes the components' covariances the same matrix. Several patterns that match equally
  /// many names tie their first matches, their second ones, and so on: {"covariance[0,*]", "covariance[2,*]"}.
  Constraints& tie(std::vector<std::string> names);
  /// lower ≤ value ≤ upper; either may be infinite.
  Constraints& bound(std::string name, double lower, double upper);
  /// Each is at most the next.
  Constraints& order(std::vector<std::string> names);

  /// The same in text: "NAME=VALUE" (or NAME alone), "A,B,…", "NAME=LO..HI" with either end left out, "A<B<…" or
  /// "A,B,…". Commas inside brackets belong to the name, blanks about names and numbers to nothing. Throw ArgumentError
  /// for what cannot be read so.
  Constraints& read_fix(std::string_view text);
  Constraints& read_tie(std::string_view text);
  Constraints& read_bound(std::string_view text);
  Constraints& read_order(std::string_view text);

  bool empty() const { return fixed_.empty() && tied_.empty() && bounded_.empty() && ordered_.empty(); }

  struct Fixed {
    std::string name;
    std::optional<double> value;
  };
  struct Bounded {
    std::string name;
    double lower, upper;
  };
  const std::vector<Fixed>& fixed() const { return fixed_; }
  const std::vector<std::vector<std::string>>& tied() const { return tied_; }
  const std::vector<Bounded>& bounded() const { return bounded_; }
  const std::vector<std::vector<std::string>>& ordered() const { return ordered_; }

 private:
  std::vector<Fixed> fixed_;
  std::vector<std::vector<std::string>> tied_;
  std::vector<Bounded> bounded_;
  std::vector<std::vector<std::string>> ordered_;
};

/// What the read_ functions read, in the order of the lists above: "weight[0]=0.3". Numbers keep their bits.
std::vector<std::string> texts(const std::vector<Constraints::Fixed>& fixed);
std::vector<std::string> texts(const std::vector<Constraints::Bounded>& bounded);
/// Lists of names joined by `separator`.
std::vector<std::string> texts(const std::vector<std::vector<std::string>>& lists, std::string_view separator);
/// All of them in one line for people, "" where there are none.
std::string to_string(const Constraints& constraints);

}  // namespace jensen
