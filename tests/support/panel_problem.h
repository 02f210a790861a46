// A block, components with full and with diagonal factors, and responsibilities: what kernels over a panel are tried
// on.
#pragma once

#include <jensen/math/cholesky.h>
#include <jensen/math/panel_kernels.h>

#include <cmath>
#include <vector>

#include "support/normals.h"

namespace jensen::support {

struct PanelProblem {
  PanelProblem(std::int64_t n, int columns, int components) : rows(n), d(columns), k(components) {
    const std::int64_t stride = n + 3;  // columns need not touch
    x = normals(static_cast<std::size_t>(stride * d), 1, 2, 5);
    panel = {x.data(), n, d, stride};
    point = normals(static_cast<std::size_t>(d), 2, 1, 5);
    triangles = normals(packed_size(d) * static_cast<std::size_t>(k), 3);
    scales = normals(static_cast<std::size_t>(d * k), 4);
    offsets = normals(static_cast<std::size_t>(d * k), 6);
    r = normals(static_cast<std::size_t>(n * k), 5);
    for (double& w : r) w = std::abs(w);
    for (int a = 0; a <= d; ++a) {
      for (int b = 0; b <= a; ++b) pairs.push_back({a, b});
    }
  }
  std::int64_t rows;
  int d, k;
  std::vector<double> x, point, triangles, scales, offsets, r;
  ConstPanel panel;
  std::vector<kernels::ColumnPair> pairs;
};

}  // namespace jensen::support
