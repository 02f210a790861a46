// Which components a row may belong to, given one that it is near.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <jensen/math/panel_kernels.h>

namespace jensen::kernels {

/// Of each component j those components of which nothing is said for all rows near j: where ‖W_j (x − μ_j)‖² is at most
/// reach[e], states[e] is too little to count beside j. Components that j does not name are too little wherever that
/// is at most `furthest`.
struct Neighbourhoods {
  std::vector<std::size_t> begin;  ///< component j names states[begin[j]] … states[begin[j + 1] − 1]; empty: unknown
  std::vector<std::int32_t> states;
  std::vector<double> reach;  ///< ascending within each component
  double furthest = 0;

  bool empty() const { return begin.empty(); }
  void clear() { *this = {}; }
};

/// Memory of an E-step among neighbours; its content means nothing between calls.
struct NeighbourhoodMemory {
  CenteredRows gathered;            ///< rows in the order of their likely components, each component's to whole lanes
  std::vector<std::int32_t> order;  ///< which rows these are; what fills a line up is a row once more
  std::vector<std::size_t> begin;   ///< by component, and for rows of which none is known: places in `order`
  std::vector<std::size_t> count;   ///< and how many of the places are rows
  std::vector<std::int32_t> elsewhere;  ///< rows that were not near their likely component
  std::vector<double> log_joint, spare, zeros, weights;
  // Vectors of rows, one after the other: where the components that count for one of its rows begin, and which they
  // are, in increasing order, with their shares.
  std::vector<std::size_t> vector_begin;
  std::vector<std::int32_t> vector_states, some;
  std::vector<double> shares;
  std::vector<std::int32_t> place;           ///< of a row: its vector and lane
  std::vector<double> largest, total, mean;  ///< of a row (normalize-inl.h)
  std::vector<double> limits, far_limits;
  std::vector<std::size_t> entries;  ///< by component: how many rows it counts for
};

}  // namespace jensen::kernels
