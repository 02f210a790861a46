// p(x | z) = Π_p p_p(x_p | z): columns of different kinds, independent of one another given z.
#pragma once

#include <string>
#include <vector>

#include <jensen/emissions/any.h>

namespace jensen {

/// Parts, each emissions over some columns: Independent<…> of a family, a Gaussian over columns that belong together, a
/// regression. A missing cell drops out of its part and leaves the others alone. A product can what all its parts can.
class Product {
 public:
  struct Part {
    AnyEmissions emissions;
    std::vector<int> columns;  ///< of the block, in the order in which the emissions read them
    std::string name;          ///< before its parameters' names: "age" gives "age.rate[0]"; empty: "x3" from column 2
  };
  struct Scratch {
    std::vector<std::vector<double>> gathered;
    std::vector<AnyEmissions::Scratch> own;
  };

  /// At least one part; all with as many states; as many columns each as its emissions read, 0 ≤ column < `columns`
  /// (0: as many as are used). Parts may share columns: a covariate, an exposure. Columns that no part reads are
  /// ignored.
  explicit Product(std::vector<Part> parts, int columns = 0);

  const std::vector<Part>& parts() const { return parts_; }
  std::string name() const { return "product"; }
  bool can(Capability capability) const;
  bool tentative() const;
  int states() const { return parts_.front().emissions.states(); }
  int columns() const { return columns_; }
  Layout layout() const;
  void reference(std::span<double> about) const;
  void add_log_density(const Block& x, Panel p, Scratch& scratch) const;
  double accumulate(const Block& x, ConstPanel r, Slice s, Scratch& scratch) const;
  void maximize(ConstSlice s);

  double expected_log_density(ConstSlice s) const;
  double log_prior() const;
  std::vector<Degeneracy> degeneracies() const;
  void move(ConstSlice from, Slice to) const;
  void sample(int k, Stream& stream, std::span<double> row) const;
  /// Writes into missing cells of `filled` what the parts expect under p(i, k) = p(z_i = k | x_i): the mean, of a
  /// category the most probable level, of an angle the mean direction; NaN where that needs an exposure or a number of
  /// trials that is missing.
  void impute(const Block& x, ConstPanel p, Panel filled) const;
  std::optional<CellProblem> problem(const Block& x) const;
  /// Every part that has such a prior takes it.
  bool regularize(ConstSlice pooled, double rows);
  int free_parameters() const;
  std::vector<double> unconstrained() const;
  void set_unconstrained(std::span<const double> u);
  std::vector<double> parameters() const;
  void set_parameters(std::span<const double> v);
  std::vector<std::string> parameter_names() const;

 private:
  static bool imputes(const AnyEmissions& part);
  // The columns of a part as a block of their own: a view where they lie side by side, else gathered.
  Block block_of(const Block& x, std::size_t part, std::vector<double>& gathered) const;
  // Calls visit(part, its slice of s, …) for every part in turn.
  template <class S, class Visit>
  void each(S s, const Visit& visit) const;

  std::vector<Part> parts_;
  std::vector<Layout> layouts_;
  int columns_;
};

static_assert(Emissions<Product>);

}  // namespace jensen
