// A family of distributions that a user wrote in Python, as emissions.
#pragma once

#include <jensen/concepts.h>
#include <jensen/models/parameters.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "own.h"

namespace jensen::python {

/// K states of one family. A row with a missing cell drops out. What the M-step reads of the rows is
///   Σ r T(x) for each state, where the family has statistics(X), or else
///   the weights r(i, k) themselves, n × K of them, which its fit(X, weights) gets beside the rows of the fit.
class OwnFamily {
 public:
  struct Scratch {};

  /// rows: those of the fit, where fit(X, weights) will ask for them.
  OwnFamily(Own family, const Parameters& theta, int states, int columns, int statistics, std::int64_t rows);

  std::string name() const { return family_.type_name(); }
  int states() const { return static_cast<int>(thetas_.size()); }
  int columns() const { return columns_; }
  bool can(Capability capability) const;
  Layout layout() const;
  void reference(std::span<double>) const {}

  void add_log_density(const Block& x, Panel p, Scratch&) const;
  double accumulate(const Block& x, ConstPanel r, Slice s, Scratch&) const;
  void maximize(ConstSlice s);
  double expected_log_density(ConstSlice s) const;
  void move(ConstSlice from, Slice to) const { std::copy(from.sum.begin(), from.sum.end(), to.sum.begin()); }
  void sample(int k, Stream& stream, std::span<double> row) const;
  std::vector<Degeneracy> degeneracies() const { return degeneracies_; }

  int free_parameters() const;
  std::vector<double> unconstrained() const;
  void set_unconstrained(std::span<const double> u);
  std::vector<double> parameters() const;
  void set_parameters(std::span<const double> v);
  /// "scale[k]", "shape[k,j]"
  std::vector<std::string> parameter_names() const;

 private:
  bool keeps_weights() const { return statistics_ == 0; }
  std::size_t size() const { return keeps_weights() ? static_cast<std::size_t>(rows_) : statistics_; }
  double weight_of(ConstSlice s, int k) const { return s.sum[static_cast<std::size_t>(k)]; }
  template <class S>
  auto part(S s, int k) const {
    return s.sum.subspan(thetas_.size() + static_cast<std::size_t>(k) * size(), size());
  }

  Own family_;
  std::vector<Parameters> thetas_;
  int columns_;
  std::size_t statistics_;
  std::int64_t rows_;
  bool samples_;
  bool knows_q_;
  std::vector<Degeneracy> degeneracies_;
};

}  // namespace jensen::python
