// Log-densities that lie in a panel already, as chains ask for them; the posterior takes their place.
#pragma once

#include <algorithm>

#include <jensen/models/chain_segments.h>

namespace jensen {

class PanelSegments final : public ChainSegments {
 public:
  explicit PanelSegments(Panel whole) : whole_(whole) {}

  void add_log_density(std::int64_t first, Panel p) override {
    for (int k = 0; k < p.columns; ++k) {
      const double* own = whole_.column(k) + first;
      double* column = p.column(k);
      for (std::int64_t t = 0; t < p.rows; ++t) column[t] += own[t];
    }
  }
  void take(std::int64_t first, ConstPanel q) override {
    for (int k = 0; k < q.columns; ++k) std::copy_n(q.column(k), q.rows, whole_.column(k) + first);
  }
  ChainSegments& other_end() override { return *this; }

  /// Long sequences are not copied: the panel has the log-densities until the posterior takes their place.
  static ChainMemory memory(std::int64_t rows) {
    return rows > 10'000 ? ChainMemory::checkpoints : ChainMemory::log_densities;
  }

 private:
  Panel whole_;
};

}  // namespace jensen
