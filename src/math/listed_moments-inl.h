// Moments over the rows that count, component by component, of one block after the other portion. Included once for
// each instruction set.
#if defined(JENSEN_MATH_LISTED_MOMENTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef JENSEN_MATH_LISTED_MOMENTS_INL_H_
#undef JENSEN_MATH_LISTED_MOMENTS_INL_H_
#else
#define JENSEN_MATH_LISTED_MOMENTS_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "data/turn-inl.h"
#include "math/lanes-inl.h"
#include "math/listed_moments.h"
#include "math/listed_rows-inl.h"
#include "math/normalize-inl.h"
#include "math/posterior_moments.h"

HWY_BEFORE_NAMESPACE();
namespace jensen::kernels::HWY_NAMESPACE {
using jensen::HWY_NAMESPACE::side;
using jensen::HWY_NAMESPACE::turn;

// Where the responsibilities of a component lie: those of row i at offset + ⌊i / virtual_lanes⌋ distance +
// i mod virtual_lanes.
struct Place {
  std::size_t offset, distance;
};

// The positions of the ones in each number of eight bits.
using Positions = std::array<std::array<std::uint8_t, virtual_lanes>, std::size_t{1} << virtual_lanes>;
constexpr Positions positions_of_ones() {
  Positions positions{};
  for (std::size_t bits = 0; bits < positions.size(); ++bits) {
    std::size_t count = 0;
    for (std::size_t lane = 0; lane < virtual_lanes; ++lane) {
      if ((bits >> lane & 1) != 0) positions[bits][count++] = static_cast<std::uint8_t>(lane);
    }
  }
  return positions;
}
constexpr Positions positions = positions_of_ones();

// Of as many rows as there are virtual lanes: a bit for each that is not 0.
HWY_INLINE unsigned not_zero(const Vector* rows) {
  const Lane d;
  unsigned bits = 0;
  for (std::size_t p = 0; p < parts; ++p) {
    std::uint8_t some[8] = {};
    hn::StoreMaskBits(d, hn::Not(hn::Eq(rows[p], hn::Zero(d))), some);
    bits |= static_cast<unsigned>(some[0]) << p * lanes;
  }
  return bits;
}

// Lists the rows whose responsibility is not 0, and adds these; returns how many, and adds to `hit` in how many virtual
// lanes' worth of rows they are. `list` is written by whole lines.
HWY_INLINE std::size_t list_rows(const double* r, std::size_t distance, std::size_t rows, std::uint16_t* list,
                                 double* weight, std::size_t* hit) {
  const Lane d;
  Vector sums[parts];
  for (auto& sum : sums) sum = hn::Zero(d);
  std::size_t count = 0;
  for (std::size_t i = 0; i < rows; i += virtual_lanes, r += distance) {
    Vector here[parts];
    for (std::size_t p = 0; p < parts; ++p) {
      here[p] = hn::Load(d, r + p * lanes);
      sums[p] = hn::Add(sums[p], here[p]);
    }
    const unsigned bits = not_zero(here);
    const auto ones = positions[bits];
    for (std::size_t lane = 0; lane < virtual_lanes; ++lane) {
      list[count + lane] = static_cast<std::uint16_t>(i + ones[lane]);
    }
    count += static_cast<std::size_t>(std::popcount(bits));
    *hit += bits != 0 ? 1 : 0;
  }
  *weight = sum_lanes(sums);
  return count;
}

// The rows that these columns are, to[i · length + j], filled up with zeros; of rows as many as there are, and what
// fills them up to whole virtual lanes.
HWY_INLINE void rows_of_columns(const double* columns, std::size_t stride, std::size_t count, std::size_t rows,
                                double* to, std::size_t length) {
  for (std::size_t i = 0; i < rows; i += side) {
    const double* from = columns + i;
    double* row = to + i * length;
    std::size_t j = 0;
    for (; j + side <= count; j += side) {
      turn(from + j * stride, static_cast<std::ptrdiff_t>(stride), row + j, static_cast<std::ptrdiff_t>(length));
    }
    for (; j < count; ++j) {
      for (std::size_t r = 0; r < side; ++r) row[r * length + j] = from[j * stride + r];
    }
    for (; j < length; ++j) {
      for (std::size_t r = 0; r < side; ++r) row[r * length + j] = 0;
    }
  }
}

// to ← the rows listed, each at its place, less the mean, whose numbers are whole virtual lanes.
HWY_INLINE void center_listed(const ListedRows& x, const double* mean, double* to) {
  const Lane d;
  for (std::size_t t = 0; t < x.count; ++t) {
    const double* row = x.row(t);
    double* centered = to + x.list[t] * x.length;
    for (std::size_t j = 0; j < x.length; j += lanes) {
      hn::Store(hn::Sub(hn::Load(d, row + j), hn::LoadU(d, mean + j)), d, centered + j);
    }
  }
}

// The moments of one block. Portion by portion: normalize_rows() with cut(), look() at its beginning, take().
class ListedMoments {
 public:
  // memory: nullptr where nothing is listed.
  ListedMoments(const PosteriorMoments& p, const ListedShape& shape, double* memory)
      : p_(p),
        shape_(shape),
        by_row_(memory),
        centered_(by_row_ + shape.by_row_size()),
        left_out_(centered_ + shape.by_row_size()),
        some_(left_out_ + shape.left_out_size()),
        moments_(some_ + ListedShape::line * (shape.states + 1)),
        list_(reinterpret_cast<std::uint16_t*>(moments_ + shape.states * shape.moments_size())),
        some_states_(reinterpret_cast<std::uint32_t*>(reinterpret_cast<double*>(list_) + shape.lists_size())) {
    if (memory == nullptr) return;
    for (std::size_t k = 0; k < shape.states; ++k) append_limits(p.log_weights[k], p.span, limits_, far_limits_);
    std::fill_n(left_out_, shape.left_out_size(), 0.0);
    trying_ = true;
    if (p.point == nullptr) {
      for (std::size_t k = 0; k < shape.states; ++k) {
        const double* mean = shape.triangular ? p.triangular[k].offset : p.diagonal[k].offset;
        means_.insert(means_.end(), mean, mean + shape.dimensions);
        means_.resize((k + 1) * shape.length());
      }
    }
    ends_.resize(shape.states);
    weights_.resize(shape.states);
  }

  // Whether the portion that comes is to be listed, as far as is known.
  bool trying() const { return trying_; }
  // Room for rows, until take().
  double* spare() const { return centered_; }
  // For a group of rows of which row i is the first.
  Cut cut(std::size_t i) const {
    return {{p_.near, limits_.data(), far_limits_.data()}, few_, left_out_, i / lanes % parts, some_, some_states_};
  }

  // At what normalize_rows() left of a group of the first rows, which end before `end`: false where too many count.
  // About their means components have no other way, and none are too many.
  template <std::size_t Group>
  HWY_INLINE bool look(const double* exponentials, std::size_t end) {
    const Lane d;
    for (std::size_t at = 0; at < Group * shape_.states; at += lanes) {
      seen_ += hn::CountTrue(d, hn::Ne(hn::Load(d, exponentials + at), hn::Zero(d)));
    }
    if (end == trial_rows) judge(seen_, shape_.states * trial_rows / virtual_lanes, trial_rows);
    return trying_;
  }

  // Adds the moments of those of the rows from first_row on that count; does nothing and says so where they are too
  // many. `columns` are these rows less the point.
  HWY_INLINE bool take(std::size_t first_row, std::size_t rows, const double* point, const double* columns,
                       std::size_t stride, const double* packed, const std::vector<Place>& place) {
    if (!trying_) return false;
    std::size_t count = 0, hit = 0;
    for (std::size_t k = 0; k < shape_.states; ++k) {
      count += list_rows(packed + place[k].offset, place[k].distance, rows, list_ + count, &weights_[k], &hit);
      ends_[k] = count;
    }
    judge(count, hit, rows);
    if (!trying_) return false;
    if (!any_) std::fill_n(moments_, shape_.states * shape_.moments_size(), 0.0);
    any_ = true;
    const std::size_t length = shape_.length();
    if (p_.x.data == nullptr) {
      const auto row = [&](std::size_t t) HWY_ATTR { return p_.by_row.row(static_cast<std::int64_t>(first_row + t)); };
      center_in_rows(row, rows, point, shape_.dimensions, length, by_row_);
    } else {
      rows_of_columns(columns, stride, shape_.dimensions, rows, by_row_, length);
    }
    std::size_t begin = 0;
    for (std::size_t k = 0; k < shape_.states; begin = ends_[k++]) {
      ListedRows listed{by_row_, length, list_ + begin, ends_[k] - begin, packed + place[k].offset, place[k].distance};
      if (!means_.empty()) {
        center_listed(listed, means_.data() + k * length, centered_);
        listed.rows = centered_;
      }
      double* moments = moments_ + k * shape_.moments_size();
      double* first = moments + ListedShape::line;
      *moments += weights_[k];
      if (shape_.triangular) {
        add_listed_triangle(listed, first, first + length);
      } else {
        add_listed_squares(listed, first, first + length);
      }
    }
    return true;
  }

  // Adds upper bounds of what responsibilities of each component were left out, the rows weighing so much together.
  void bound_left_out(double weight) const {
    for (std::size_t k = 0; k < shape_.states; ++k) {
      // Exponentials are above responsibilities, as their totals are 1 at least.
      p_.left_out[k] += add_lanes(left_out_ + k * virtual_lanes) +
                        weight * std::exp(std::min(0.0, p_.log_weights[k]) - p_.span - unseen);
    }
  }

  // Adds all of them, as add_pair_moments() does.
  void write() const {
    if (!any_) return;
    const std::size_t size = shape_.moments_size();
    double* sums = p_.sums;
    for (const ColumnPair& pair : p_.pairs) {
      const double* moment = moments_ + place_of(pair);
      for (std::size_t k = 0; k < shape_.states; ++k) *sums++ += moment[k * size];
    }
  }

 private:
  // Where a component has the moment of two columns, which are counted from 1 on.
  std::size_t place_of(const ColumnPair& pair) const {
    const auto a = static_cast<std::size_t>(pair.a), b = static_cast<std::size_t>(pair.b);
    if (a == 0) return 0;
    const std::size_t first = ListedShape::line + a - 1;
    if (b == 0) return first;
    const std::size_t second = ListedShape::line + shape_.length() + b - 1;
    return shape_.triangular ? second + padded_triangle(a - 1) : second;
  }

  // Of so many rows so many pairs with components count, and are in so many virtual lanes' worth of rows.
  void judge(std::size_t pairs, std::size_t hit, std::size_t rows) {
    const auto all = static_cast<double>(rows * shape_.states);
    trying_ = !means_.empty() || static_cast<double>(pairs) <= shape_.worth() * all;
    few_ = static_cast<double>(hit * virtual_lanes) < few_hit * all;
  }

  // The share of vectors of rows with exponentials below which it pays to put these side by side.
  static constexpr double few_hit = 0.3;

  const PosteriorMoments& p_;
  ListedShape shape_;
  double* by_row_;
  double* centered_;
  double* left_out_;  // in virtual lanes
  double* some_;
  double* moments_;  // of a component: weight, first ones, second ones
  std::uint16_t* list_;
  std::uint32_t* some_states_;
  std::vector<double> limits_, far_limits_, weights_;
  std::vector<double> means_;  // components by component, in whole virtual lanes; empty where all are about one point
  std::vector<std::size_t> ends_;
  std::size_t seen_ = 0;
  bool trying_ = false, any_ = false, few_ = false;
};

}  // namespace jensen::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
