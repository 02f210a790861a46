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
#include <cstddef>
#include <cstdint>
#include <span>
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

// Lists the rows whose responsibility is not 0, and adds these; returns how many. `list` is written by whole lines.
HWY_INLINE std::size_t list_rows(const double* r, std::size_t distance, std::size_t rows, std::uint16_t* list,
                                 double* weight) {
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
  }
  *weight = sum_lanes(sums);
  return count;
}

// The rows that these columns are, to[i · length + j]; of rows and columns as many as there are, and what fills them up
// to whole virtual lanes.
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
      : shape_(shape),
        by_row_(memory),
        centered_(by_row_ + shape.by_row_size()),
        moments_(centered_ + shape.by_row_size()),
        list_(reinterpret_cast<std::uint16_t*>(moments_ + shape.states * shape.moments_size())) {
    if (memory == nullptr) return;
    for (std::size_t k = 0; k < shape.states; ++k) {
      const double limit = std::min(0.0, p.log_weights[k]) - p.span;
      limits_.push_back(std::max(lowest_exponent, limit));
      far_limits_.push_back(std::max(lowest_exponent, limit - far_span));
    }
    near_ = p.near;
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
  Cut cut() const { return {few_, near_, limits_.data(), far_limits_.data()}; }

  // At what normalize_rows() left of a group of the first rows, which end before `end`: false where too many count.
  // About their means components have no other way, and none are too many.
  template <std::size_t Group>
  HWY_INLINE bool look(const double* exponentials, std::size_t end) {
    const Lane d;
    for (std::size_t at = 0; at < Group * shape_.states; at += lanes) {
      seen_ += hn::CountTrue(d, hn::Ne(hn::Load(d, exponentials + at), hn::Zero(d)));
    }
    if (end == trial_rows) judge(seen_, trial_rows);
    return trying_;
  }

  // Adds the moments of the rows that count; does nothing and says so where they are too many. `columns` are centred.
  HWY_INLINE bool take(const double* columns, std::size_t stride, std::size_t rows, const double* packed,
                       const std::vector<Place>& place) {
    if (!trying_) return false;
    std::size_t count = 0;
    for (std::size_t k = 0; k < shape_.states; ++k) {
      count += list_rows(packed + place[k].offset, place[k].distance, rows, list_ + count, &weights_[k]);
      ends_[k] = count;
    }
    judge(count, rows);
    if (!trying_) return false;
    if (!any_) std::fill(by_row_, moments_ + shape_.states * shape_.moments_size(), 0.0);
    any_ = true;
    const std::size_t length = shape_.length();
    rows_of_columns(columns, stride, shape_.dimensions, rows, by_row_, length);
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

  // Adds all of them, as add_pair_moments() does.
  void write(std::span<const ColumnPair> pairs, double* sums) const {
    if (!any_) return;
    for (std::size_t k = 0; k < shape_.states; ++k) {
      const double* moments = moments_ + k * shape_.moments_size();
      const double* first = moments + ListedShape::line - 1;  // columns are counted from 1 on
      const double* second = first + shape_.length();
      for (std::size_t f = 0; f < pairs.size(); ++f) {
        const auto a = static_cast<std::size_t>(pairs[f].a), b = static_cast<std::size_t>(pairs[f].b);
        const std::size_t row = shape_.triangular && b > 0 ? padded_triangle(a - 1) : 0;
        sums[f * shape_.states + k] += a == 0 ? *moments : b == 0 ? first[a] : second[row + b];
      }
    }
  }

 private:
  // Of so many rows so many pairs with components count.
  void judge(std::size_t pairs, std::size_t rows) {
    const double share = static_cast<double>(pairs) / static_cast<double>(rows * shape_.states);
    trying_ = !means_.empty() || share <= shape_.worth();
    few_ = share < few_count;
  }

  static constexpr double few_count = 1.0 / 8;  // whole vectors of rows often need no exponentials

  ListedShape shape_;
  double* by_row_;
  double* centered_;
  double* moments_;  // of a component: weight, first ones, second ones
  std::uint16_t* list_;
  std::vector<double> limits_, far_limits_, weights_;
  std::vector<double> means_;  // components by component, in whole virtual lanes; empty where all are about one point
  std::vector<std::size_t> ends_;
  double near_ = 0;
  std::size_t seen_ = 0;
  bool trying_ = false, any_ = false, few_ = false;
};

}  // namespace jensen::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
