// Moments of rows that a list names, one row after the other with columns as lanes: rows that are not listed cost
// nothing, and no sums across lanes are left at the end. Included once for each instruction set.
#if defined(JENSEN_MATH_LISTED_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef JENSEN_MATH_LISTED_ROWS_INL_H_
#undef JENSEN_MATH_LISTED_ROWS_INL_H_
#else
#define JENSEN_MATH_LISTED_ROWS_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "math/lanes-inl.h"
#include "math/listed_moments.h"

HWY_BEFORE_NAMESPACE();
namespace jensen::kernels::HWY_NAMESPACE {

// Centred rows of `length` numbers, whole virtual lanes filled up with zeros. Row i of them has the responsibility
// r[⌊i / virtual_lanes⌋ distance + i mod virtual_lanes], and list[0] … list[count − 1] are the rows that count.
struct ListedRows {
  const double* rows;
  std::size_t length;
  const std::uint16_t* list;
  std::size_t count;
  const double* r;
  std::size_t distance;

  HWY_INLINE const double* row(std::size_t t) const { return rows + list[t] * length; }
  HWY_INLINE Vector responsibility(std::size_t t) const {
    const std::size_t i = list[t];
    return hn::Set(Lane(), r[i / virtual_lanes * distance + i % virtual_lanes]);
  }
};

// Row t of `count` is `columns` numbers from row(t) on: to[t · length + j] ← these less the point's, filled up with
// zeros.
template <class Row>
HWY_INLINE void center_in_rows(const Row& row, std::size_t count, const double* point, std::size_t columns,
                               std::size_t length, double* to) {
  const Lane d;
  for (std::size_t t = 0; t < count; ++t, to += length) {
    const double* from = row(t);
    std::size_t j = 0;
    for (; j + lanes <= columns; j += lanes) {
      hn::Store(hn::Sub(hn::LoadU(d, from + j), hn::LoadU(d, point + j)), d, to + j);
    }
    for (; j < columns; ++j) to[j] = from[j] - point[j];
    for (; j < length; ++j) to[j] = 0;
  }
}

HWY_INLINE void add_to(double* sum, Vector v) {
  const Lane d;
  hn::Store(hn::Add(hn::Load(d, sum), v), d, sum);
}

// A corner of the triangle: B vectors of columns from column a on, and these columns' rows; and their first moments.
template <std::size_t B>
HWY_INLINE void add_corner(const ListedRows& x, std::size_t a, double* first, double* second) {
  const Lane d;
  constexpr std::size_t tall = B * lanes;
  Vector weights[B], sums[tall][B];
  unrolled<B>([&](auto v) JENSEN_INLINED { weights[v] = hn::Zero(d); });
  unrolled<tall>([&](auto i) JENSEN_INLINED {
    unrolled<i / lanes + 1>([&](auto v) JENSEN_INLINED { sums[i][v] = hn::Zero(d); });
  });
  for (std::size_t t = 0; t < x.count; ++t) {
    const double* row = x.row(t) + a;
    const Vector r = x.responsibility(t);
    Vector weighted[B];
    unrolled<B>([&](auto v) JENSEN_INLINED {
      weighted[v] = hn::Mul(r, hn::Load(d, row + v * lanes));
      weights[v] = hn::Add(weights[v], weighted[v]);
    });
    unrolled<tall>([&](auto i) JENSEN_INLINED {
      const Vector left = hn::Set(d, row[i]);
      unrolled<i / lanes + 1>([&](auto v) JENSEN_INLINED { sums[i][v] = hn::MulAdd(left, weighted[v], sums[i][v]); });
    });
  }
  unrolled<B>([&](auto v) JENSEN_INLINED { add_to(first + a + v * lanes, weights[v]); });
  unrolled<tall>([&](auto i) JENSEN_INLINED {
    double* to = second + padded_triangle(a + i) + a;
    unrolled<i / lanes + 1>([&](auto v) JENSEN_INLINED { add_to(to + v * lanes, sums[i][v]); });
  });
}

// Rows a … a + A − 1 of the triangle, B vectors of columns from b on, all before a.
template <std::size_t A, std::size_t B>
HWY_INLINE void add_rectangle(const ListedRows& x, std::size_t a, std::size_t b, double* second) {
  const Lane d;
  Vector sums[A][B];
  unrolled<A>([&](auto i) JENSEN_INLINED { unrolled<B>([&](auto v) JENSEN_INLINED { sums[i][v] = hn::Zero(d); }); });
  for (std::size_t t = 0; t < x.count; ++t) {
    const double* row = x.row(t);
    const Vector r = x.responsibility(t);
    Vector weighted[B];
    unrolled<B>([&](auto v) JENSEN_INLINED { weighted[v] = hn::Mul(r, hn::Load(d, row + b + v * lanes)); });
    unrolled<A>([&](auto i) JENSEN_INLINED {
      const Vector left = hn::Set(d, row[a + i]);
      unrolled<B>([&](auto v) JENSEN_INLINED { sums[i][v] = hn::MulAdd(left, weighted[v], sums[i][v]); });
    });
  }
  unrolled<A>([&](auto i) JENSEN_INLINED {
    double* to = second + padded_triangle(a + i) + b;
    unrolled<B>([&](auto v) JENSEN_INLINED { add_to(to + v * lanes, sums[i][v]); });
  });
}

// Sums of so many rows are added to those before: one after the other, many would lose digits.
constexpr std::size_t listed_at_once = 32;

template <class Add>
HWY_INLINE void in_runs(const ListedRows& x, const Add& add) {
  ListedRows run = x;
  for (std::size_t begin = 0; begin < x.count; begin += listed_at_once) {
    run.list = x.list + begin;
    run.count = std::min(listed_at_once, x.count - begin);
    add(run);
  }
}

// What add_listed_triangle() does, of one run.
HWY_INLINE void add_run_to_triangle(const ListedRows& x, double* first, double* second) {
  constexpr std::size_t tall = lanes == 8 ? 8 : 4;
  constexpr std::size_t corner = lanes == 8 ? 2 : lanes == 4 ? 1 : 4 / lanes;  // vectors: as many as registers hold
  for (std::size_t a = 0; a < x.length;) {
    const std::size_t begin = a;
    if (a + corner * lanes <= x.length) {
      add_corner<corner>(x, a, first, second);
      a += corner * lanes;
    } else {
      add_corner<1>(x, a, first, second);
      a += lanes;
    }
    for (std::size_t row = begin; row < a; row += tall) {
      std::size_t b = 0;
      for (; b + 3 * lanes <= begin; b += 3 * lanes) add_rectangle<tall, 3>(x, row, b, second);
      if (begin - b == 2 * lanes) add_rectangle<tall, 2>(x, row, b, second);
      if (begin - b == lanes) add_rectangle<tall, 1>(x, row, b, second);
    }
  }
}

// first[a] += Σ r x_a, second[padded_triangle(a) + b] += Σ r x_a x_b for b ≤ a, the rows in the order of the list. What
// is after the diagonal, up to whole virtual lanes, gets any numbers.
HWY_INLINE void add_listed_triangle(const ListedRows& all, double* first, double* second) {
  in_runs(all, [&](const ListedRows& x) HWY_ATTR { add_run_to_triangle(x, first, second); });
}

template <std::size_t B>
HWY_INLINE void add_squares_of_columns(const ListedRows& x, std::size_t a, double* first, double* second) {
  const Lane d;
  Vector sums[B], squares[B];
  unrolled<B>([&](auto v) JENSEN_INLINED { sums[v] = squares[v] = hn::Zero(d); });
  for (std::size_t t = 0; t < x.count; ++t) {
    const double* row = x.row(t) + a;
    const Vector r = x.responsibility(t);
    unrolled<B>([&](auto v) JENSEN_INLINED {
      const Vector value = in_register(hn::Load(d, row + v * lanes));
      const Vector weighted = hn::Mul(r, value);
      sums[v] = hn::Add(sums[v], weighted);
      squares[v] = hn::MulAdd(weighted, value, squares[v]);
    });
  }
  unrolled<B>([&](auto v) JENSEN_INLINED {
    add_to(first + a + v * lanes, sums[v]);
    add_to(second + a + v * lanes, squares[v]);
  });
}

// first[a] += Σ r x_a, second[a] += Σ r x_a².
HWY_INLINE void add_listed_squares(const ListedRows& all, double* first, double* second) {
  in_runs(all, [&](const ListedRows& x) HWY_ATTR {
    std::size_t a = 0;
    for (; a + 4 * lanes <= x.length; a += 4 * lanes) add_squares_of_columns<4>(x, a, first, second);
    for (; a + 2 * lanes <= x.length; a += 2 * lanes) add_squares_of_columns<2>(x, a, first, second);
    for (; a < x.length; a += lanes) add_squares_of_columns<1>(x, a, first, second);
  });
}

}  // namespace jensen::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
