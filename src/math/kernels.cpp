// One source for all instruction sets: foreach_target.h compiles the part between HWY_BEFORE_NAMESPACE and
// HWY_AFTER_NAMESPACE once for each.
#include <jensen/math/kernels.h>
#include <jensen/math/panel_kernels.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "data/instruction_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "math/kernels.cpp"
// foreach_target.h must come before highway.h
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>
#include "math/lanes-inl.h"
#include "math/normalize-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace jensen::kernels::HWY_NAMESPACE {
std::size_t padded(std::size_t rows) { return (rows + virtual_lanes - 1) / virtual_lanes * virtual_lanes; }

// Writes x(first … first + count, j) − point[j] into target, column by column, and zeros up to the next multiple of
// `pad`, so that the loops that follow need no remainder.
void center(ConstPanel x, std::size_t first, std::size_t count, const double* point, double* target,
            std::size_t target_stride, std::size_t pad) {
  const Lane d;
  for (int j = 0; j < x.columns; ++j) {
    const double* HWY_RESTRICT source = x.column(j) + first;
    double* HWY_RESTRICT to = target + static_cast<std::size_t>(j) * target_stride;
    const Vector shift = hn::Set(d, point[j]);
    std::size_t i = 0;
    for (; i + lanes <= count; i += lanes) hn::StoreU(hn::Sub(hn::LoadU(d, source + i), shift), d, to + i);
    for (; i < count; ++i) to[i] = source[i] - point[j];
    for (; i < pad; ++i) to[i] = 0;
  }
}

// squares[i] += Σ_{rows a of W} (W c_i)_a² for A consecutive rows of W and one group of register_vectors × lanes rows.
template <std::size_t A>
void add_squares(const double* centered, const double* inverse_factor, std::size_t a, double* squares) {
  const Lane d;
  Vector product[A][register_vectors];
  for (std::size_t r = 0; r < A; ++r) {
    for (std::size_t v = 0; v < register_vectors; ++v) product[r][v] = hn::Zero(d);
  }
  const double* row[A];
  for (std::size_t r = 0; r < A; ++r) row[r] = inverse_factor + (a + r) * (a + r + 1) / 2;
  const auto multiply = [&](std::size_t b, std::size_t r) HWY_ATTR {
    const Vector factor = hn::Set(d, row[r][b]);
    for (std::size_t v = 0; v < register_vectors; ++v) {
      product[r][v] = hn::MulAdd(factor, hn::Load(d, centered + b * tile_rows + v * lanes), product[r][v]);
    }
  };
  for (std::size_t b = 0; b <= a; ++b) {
    for (std::size_t r = 0; r < A; ++r) multiply(b, r);
  }
  for (std::size_t r = 1; r < A; ++r) {  // the corner of the triangle
    for (std::size_t b = a + 1; b <= a + r; ++b) multiply(b, r);
  }
  for (std::size_t v = 0; v < register_vectors; ++v) {
    Vector sum = hn::Load(d, squares + v * lanes);
    for (std::size_t r = 0; r < A; ++r) sum = hn::MulAdd(product[r][v], product[r][v], sum);
    hn::Store(sum, d, squares + v * lanes);
  }
}

void add_triangular_log_density(ConstPanel x, const double* mean, const double* inverse_factor, double constant,
                                double* out, double* centered) {
  const auto rows = static_cast<std::size_t>(x.rows);
  const auto d = static_cast<std::size_t>(x.columns);
  alignas(64) double squares[tile_rows];
  for (std::size_t first = 0; first < rows; first += tile_rows) {
    const std::size_t count = std::min(tile_rows, rows - first);
    center(x, first, count, mean, centered, tile_rows, tile_rows);
    std::fill_n(squares, tile_rows, 0.0);
    for (std::size_t i = 0; i < count; i += register_vectors * lanes) {
      std::size_t a = 0;
      for (; a + 4 <= d; a += 4) add_squares<4>(centered + i, inverse_factor, a, squares + i);
      if (a + 2 <= d) {
        add_squares<2>(centered + i, inverse_factor, a, squares + i);
        a += 2;
      }
      if (a < d) add_squares<1>(centered + i, inverse_factor, a, squares + i);
    }
    for (std::size_t i = 0; i < count; ++i) out[first + i] += constant - 0.5 * squares[i];
  }
}

void add_diagonal_log_density(ConstPanel x, const double* mean, const double* precision, double constant, double* out,
                              double* centered) {
  const Lane d;
  const auto rows = static_cast<std::size_t>(x.rows);
  alignas(64) double squares[tile_rows];
  for (std::size_t first = 0; first < rows; first += tile_rows) {
    const std::size_t count = std::min(tile_rows, rows - first);
    center(x, first, count, mean, centered, tile_rows, tile_rows);
    for (std::size_t i = 0; i < tile_rows; i += lanes) {
      Vector sum = hn::Zero(d);
      for (std::size_t j = 0; j < static_cast<std::size_t>(x.columns); ++j) {
        const Vector c = hn::Load(d, centered + j * tile_rows + i);
        sum = hn::MulAdd(hn::Mul(hn::Set(d, precision[j]), c), c, sum);
      }
      hn::Store(sum, d, squares + i);
    }
    for (std::size_t i = 0; i < count; ++i) out[first + i] += constant - 0.5 * squares[i];
  }
}

double sum(const double* v, std::size_t count) {
  const Lane d;
  Vector sums[parts];
  for (auto& s : sums) s = hn::Zero(d);
  std::size_t i = 0;
  for (; i + virtual_lanes <= count; i += virtual_lanes) {
    for (std::size_t p = 0; p < parts; ++p) sums[p] = hn::Add(sums[p], hn::LoadU(d, v + i + p * lanes));
  }
  alignas(64) double partial[virtual_lanes];
  for (std::size_t p = 0; p < parts; ++p) hn::Store(sums[p], d, partial + p * lanes);
  for (; i < count; ++i) partial[i % virtual_lanes] += v[i];
  return add_lanes(partial);
}

// second += Σ_i left_a(i) right_b(i) for an A × B tile of the moment matrix; entries above the diagonal are left out.
template <std::size_t A, std::size_t B>
void add_products(const double* left, const double* right, std::size_t rows, std::size_t a, std::size_t b,
                  double* second) {
  const Lane d;
  Vector sums[A][B][parts];
  for (std::size_t p = 0; p < parts; ++p) {
    Vector tile[A][B];
    for (std::size_t s = 0; s < A; ++s) {
      for (std::size_t t = 0; t < B; ++t) tile[s][t] = hn::Zero(d);
    }
    for (std::size_t i = p * lanes; i < rows; i += virtual_lanes) {
      Vector right_values[B];
      for (std::size_t t = 0; t < B; ++t) right_values[t] = hn::Load(d, right + (b + t) * rows + i);
      for (std::size_t s = 0; s < A; ++s) {
        const Vector left_value = hn::Load(d, left + (a + s) * rows + i);
        for (std::size_t t = 0; t < B; ++t) tile[s][t] = hn::MulAdd(left_value, right_values[t], tile[s][t]);
      }
    }
    for (std::size_t s = 0; s < A; ++s) {
      for (std::size_t t = 0; t < B; ++t) sums[s][t][p] = tile[s][t];
    }
  }
  for (std::size_t s = 0; s < A; ++s) {
    for (std::size_t t = 0; t < B; ++t) {
      if (b + t <= a + s) second[(a + s) * (a + s + 1) / 2 + b + t] += add_lanes(sums[s][t]);
    }
  }
}

template <std::size_t A>
void add_row_of_products(const double* left, const double* right, std::size_t rows, std::size_t a, double* second) {
  const std::size_t columns = a + A;
  std::size_t b = 0;
  for (; b + 4 <= columns; b += 4) add_products<A, 4>(left, right, rows, a, b, second);
  if (b + 2 <= columns) {
    add_products<A, 2>(left, right, rows, a, b, second);
    b += 2;
  }
  if (b < columns) add_products<A, 1>(left, right, rows, a, b, second);
}

// Lays out centred columns (right) and the same weighted by r (left), both padded with zeros to `rows`, and adds the
// weight and the first moments on the way.
void weigh(ConstPanel x, const double* about, const double* r, std::size_t rows, double* left, double* right,
           double* weight, double* first) {
  const Lane d;
  const auto count = static_cast<std::size_t>(x.rows);
  center(x, 0, count, about, right, rows, rows);
  double* padded_r = left + static_cast<std::size_t>(x.columns) * rows;
  std::copy_n(r, count, padded_r);
  std::fill(padded_r + count, padded_r + rows, 0.0);
  for (int j = -1; j < x.columns; ++j) {  // −1: the weight itself
    Vector sums[parts];
    for (auto& s : sums) s = hn::Zero(d);
    for (std::size_t i = 0; i < rows; i += virtual_lanes) {
      for (std::size_t p = 0; p < parts; ++p) {
        const std::size_t at = i + p * lanes;
        Vector value = hn::Load(d, padded_r + at);
        if (j >= 0) {
          const std::size_t column = static_cast<std::size_t>(j) * rows;
          value = hn::Mul(value, hn::Load(d, right + column + at));
          hn::Store(value, d, left + column + at);
        }
        sums[p] = hn::Add(sums[p], value);
      }
    }
    *(j < 0 ? weight : first + j) += add_lanes(sums);
  }
}

void add_full_moments(ConstPanel x, const double* about, const double* r, double* weight, double* first, double* second,
                      double* workspace) {
  const std::size_t rows = padded(static_cast<std::size_t>(x.rows));
  const auto d = static_cast<std::size_t>(x.columns);
  double* right = workspace;
  double* left = workspace + d * rows;
  weigh(x, about, r, rows, left, right, weight, first);
  std::size_t a = 0;
  for (; a + 4 <= d; a += 4) add_row_of_products<4>(left, right, rows, a, second);
  if (a + 2 <= d) {
    add_row_of_products<2>(left, right, rows, a, second);
    a += 2;
  }
  if (a < d) add_row_of_products<1>(left, right, rows, a, second);
}

void add_diagonal_moments(ConstPanel x, const double* about, const double* r, double* weight, double* first,
                          double* second, double* workspace) {
  const Lane d;
  const std::size_t rows = padded(static_cast<std::size_t>(x.rows));
  const auto columns = static_cast<std::size_t>(x.columns);
  double* right = workspace;
  double* left = workspace + columns * rows;
  weigh(x, about, r, rows, left, right, weight, first);
  for (std::size_t j = 0; j < columns; ++j) {
    Vector sums[parts];
    for (auto& s : sums) s = hn::Zero(d);
    for (std::size_t i = 0; i < rows; i += virtual_lanes) {
      for (std::size_t p = 0; p < parts; ++p) {
        const std::size_t at = j * rows + i + p * lanes;
        sums[p] = hn::MulAdd(hn::Load(d, left + at), hn::Load(d, right + at), sums[p]);
      }
    }
    second[j] += add_lanes(sums);
  }
}

// Highway's Exp and Log promise nothing for NaN, zero and infinities, so those lanes are settled here. No lane depends
// on what the others hold.
Vector exp_of(Vector v) {
  const Lane d;
  const auto easy = hn::And(hn::Ge(v, hn::Set(d, lowest_exponent)), hn::Le(v, hn::Set(d, highest_exponent)));
  if (hn::AllTrue(d, easy)) return exp_inside(v);
  const Vector inside = hn::Min(hn::Max(v, hn::Set(d, -800.0)), hn::Set(d, 800.0));
  Vector result = hn::Exp(d, hn::Min(inside, hn::Set(d, 709.0)));
  result = hn::IfThenElse(hn::Gt(v, hn::Set(d, 709.0)), hn::Mul(result, hn::Exp(d, hn::Sub(inside, hn::Set(d, 709.0)))),
                          result);
  result = hn::IfThenElse(hn::Lt(v, hn::Set(d, -745.2)), hn::Zero(d), result);
  result = hn::IfThenElse(easy, exp_inside(hn::IfThenElseZero(easy, v)), result);
  return hn::IfThenElse(hn::IsNaN(v), v, result);
}

Vector log_of(Vector v) {
  const Lane d;
  const Vector infinity = hn::Set(d, std::numeric_limits<double>::infinity());
  const auto regular = hn::And(hn::Gt(v, hn::Zero(d)), hn::Lt(v, infinity));
  Vector result = hn::Log(d, hn::IfThenElse(regular, v, hn::Set(d, 1.0)));
  const Vector otherwise = hn::IfThenElse(
      hn::Eq(v, hn::Zero(d)), hn::Neg(infinity),
      hn::IfThenElse(hn::Eq(v, infinity), infinity, hn::Set(d, std::numeric_limits<double>::quiet_NaN())));
  return hn::IfThenElse(regular, result, otherwise);
}

// Whole vectors in place; the remainder through a padded copy.
template <class Function>
void elementwise(double* v, std::size_t count, Function function) {
  const Lane d;
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(function(hn::LoadU(d, v + i)), d, v + i);
  if (i == count) return;
  alignas(64) double rest[lanes] = {};
  std::copy(v + i, v + count, rest);
  hn::Store(function(hn::Load(d, rest)), d, rest);
  std::copy_n(rest, count - i, v + i);
}

void exp(double* v, std::size_t count) {
  elementwise(v, count, [](Vector x) HWY_ATTR { return exp_of(x); });
}

void log(double* v, std::size_t count) {
  elementwise(v, count, [](Vector x) HWY_ATTR { return log_of(x); });
}

// What becomes of N vectors of rows, the first of which is row i of the block, lying at p.
template <std::size_t N>
HWY_INLINE void normalize_and_add(double* p, std::size_t stride, std::size_t states, const double* weights,
                                  double* log_normalizers, std::size_t i, NormalizedSums& total) {
  const Lane d;
  Vector weight[N];
  RowVector<double> row[N];
  for (std::size_t v = 0; v < N; ++v) {
    weight[v] = weights == nullptr ? hn::Set(d, 1.0) : hn::LoadU(d, weights + v * lanes);
  }
  Vector scale[N];
  normalize_rows<N>(p, stride, states, weight, row, scale);
  scale_rows<N>(p, stride, states, scale,
                [&](std::size_t k, std::size_t v, Vector r) HWY_ATTR { hn::StoreU(r, d, p + k * stride + v * lanes); });
  for (std::size_t v = 0; v < N; ++v) {
    if (log_normalizers != nullptr) hn::StoreU(log_normalizer(row[v]), d, log_normalizers + v * lanes);
    total.add(i + v * lanes, weight[v], row[v]);
  }
}

void normalize(Panel panel, const double* weights, double* log_normalizer, Normalized* result) {
  const auto rows = static_cast<std::size_t>(panel.rows);
  const auto states = static_cast<std::size_t>(panel.columns);
  const auto stride = static_cast<std::size_t>(panel.stride);
  NormalizedSums total(weights == nullptr);
  const auto offset = [](auto* pointer, std::size_t i) { return pointer == nullptr ? nullptr : pointer + i; };
  std::size_t i = 0;
  for (; i + register_vectors * lanes <= rows; i += register_vectors * lanes) {
    normalize_and_add<register_vectors>(panel.data + i, stride, states, offset(weights, i), offset(log_normalizer, i),
                                        i, total);
  }
  for (; i + lanes <= rows; i += lanes) {
    normalize_and_add<1>(panel.data + i, stride, states, offset(weights, i), offset(log_normalizer, i), i, total);
  }
  if (i < rows) {  // the rows that do not fill a vector, padded with rows of weight 0
    const std::size_t count = rows - i;
    std::vector<double> rest(states * lanes, 0.0);
    double rest_weights[lanes] = {};
    double rest_normalizers[lanes];
    for (std::size_t r = 0; r < count; ++r) {
      rest_weights[r] = weights == nullptr ? 1.0 : weights[i + r];
      for (std::size_t k = 0; k < states; ++k) {
        rest[k * lanes + r] = panel(static_cast<std::int64_t>(i + r), static_cast<int>(k));
      }
    }
    normalize_and_add<1>(rest.data(), lanes, states, rest_weights, rest_normalizers, i, total);
    for (std::size_t r = 0; r < count; ++r) {
      if (log_normalizer != nullptr) log_normalizer[i + r] = rest_normalizers[r];
      for (std::size_t k = 0; k < states; ++k) {
        panel(static_cast<std::int64_t>(i + r), static_cast<int>(k)) = rest[k * lanes + r];
      }
    }
  }
  total.write(result);
}

// N vectors of rows of floats, the first of which is row i of the block. `weights` are of double, one a row, as many as
// N vectors have rows.
template <std::size_t N>
HWY_INLINE void normalize_and_add_single(float* p, std::size_t stride, std::size_t states, const double* weights,
                                         double weight_unit, std::size_t i, NormalizedSums& sums) {
  const LaneOf<float> d;
  const Lane wide;
  constexpr std::size_t width = lanes_of<float>;
  VectorOf<float> weight[N];
  RowVector<float> row[N];
  alignas(64) float values[width];
  for (std::size_t v = 0; v < N; ++v) {
    weight[v] = hn::Set(d, 1.0F);
    if (weights == nullptr) continue;
    for (std::size_t lane = 0; lane < width; ++lane) {
      values[lane] = static_cast<float>(weights[v * width + lane] / weight_unit);
    }
    weight[v] = hn::Load(d, values);
  }
  VectorOf<float> scale[N];
  normalize_rows<N>(p, stride, states, weight, row, scale);
  scale_rows<N>(p, stride, states, scale, [&](std::size_t k, std::size_t v, VectorOf<float> r) HWY_ATTR {
    hn::StoreU(r, d, p + k * stride + v * width);
  });
  const hn::Rebind<float, Lane> part;  // as many floats as a vector has doubles
  for (std::size_t v = 0; v < N; ++v) {
    alignas(64) float largest[width], total[width], mean[width];
    hn::Store(row[v].largest, d, largest);
    hn::Store(row[v].total, d, total);
    hn::Store(row[v].mean, d, mean);
    for (std::size_t lane = 0; lane < width; lane += lanes) {
      const std::size_t at = v * width + lane;
      const auto widened = [&](const float* rows) HWY_ATTR { return hn::PromoteTo(wide, hn::Load(part, rows + lane)); };
      sums.add(i + at, weights == nullptr ? hn::Set(wide, 1.0) : hn::LoadU(wide, weights + at),
               {widened(largest), widened(total), widened(mean)});
    }
  }
}

// Rows beyond the last, up to a whole vector, are there, and hold anything.
void normalize_single(BasicPanel<float> panel, const double* weights, double weight_unit, Normalized* result) {
  constexpr std::size_t width = lanes_of<float>;
  const auto rows = static_cast<std::size_t>(panel.rows);
  const auto states = static_cast<std::size_t>(panel.columns);
  const auto stride = static_cast<std::size_t>(panel.stride);
  NormalizedSums total(weights == nullptr);
  const auto offset = [&](std::size_t i) { return weights == nullptr ? nullptr : weights + i; };
  std::size_t i = 0;
  for (; i + register_vectors * width <= rows; i += register_vectors * width) {
    normalize_and_add_single<register_vectors>(panel.data + i, stride, states, offset(i), weight_unit, i, total);
  }
  for (; i + width <= rows; i += width) {
    normalize_and_add_single<1>(panel.data + i, stride, states, offset(i), weight_unit, i, total);
  }
  if (i < rows) {
    double rest_weights[width] = {};
    for (std::size_t r = 0; i + r < rows; ++r) rest_weights[r] = weights == nullptr ? 1.0 : weights[i + r];
    for (std::size_t k = 0; k < states; ++k) {
      float* column = panel.data + k * stride;
      std::fill(column + rows, column + i + width, 0.0F);
    }
    normalize_and_add_single<1>(panel.data + i, stride, states, rest_weights, weight_unit, i, total);
  }
  total.write(result);
}

void name_instruction_set(const char** name, bool* fused) {
  *name = hwy::TargetName(HWY_TARGET);
  const Lane d;
  // 1 + 2^-30 squared minus its rounded square is 2^-60 only if the product is not rounded.
  const Vector a = hn::Set(d, 1.0 + 0x1p-30);
  const Vector rounded = hn::Set(d, -(1.0 + 0x1p-29));
  *fused = hn::GetLane(hn::MulAdd(a, a, rounded)) == 0x1p-60;
}

}  // namespace jensen::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace jensen::kernels {

HWY_EXPORT(add_triangular_log_density);
HWY_EXPORT(add_diagonal_log_density);
HWY_EXPORT(add_full_moments);
HWY_EXPORT(add_diagonal_moments);
HWY_EXPORT(normalize);
HWY_EXPORT(normalize_single);
HWY_EXPORT(sum);
HWY_EXPORT(exp);
HWY_EXPORT(log);
HWY_EXPORT(name_instruction_set);

namespace {

constexpr std::size_t tile_rows = 32;

// Start of a 64-byte aligned region of `count` doubles, as the kernels' aligned loads ask for.
double* aligned(Workspace& workspace, std::size_t count) {
  if (workspace.size() < count + 8) workspace.resize(count + 8);
  const auto address = reinterpret_cast<std::uintptr_t>(workspace.data());
  return workspace.data() + (64 - address % 64) % 64 / sizeof(double);
}

std::size_t moment_workspace(ConstPanel x) {
  const auto padded_rows = (static_cast<std::size_t>(x.rows) + 7) / 8 * 8;
  return padded_rows * (2 * static_cast<std::size_t>(x.columns) + 1);
}

}  // namespace

void add_triangular_log_density(ConstPanel x, const double* mean, const double* inverse_factor, double constant,
                                double* out, Workspace& workspace) {
  HWY_DYNAMIC_DISPATCH(add_triangular_log_density)
  (x, mean, inverse_factor, constant, out, aligned(workspace, tile_rows * static_cast<std::size_t>(x.columns)));
}

void add_diagonal_log_density(ConstPanel x, const double* mean, const double* precision, double constant, double* out,
                              Workspace& workspace) {
  HWY_DYNAMIC_DISPATCH(add_diagonal_log_density)
  (x, mean, precision, constant, out, aligned(workspace, tile_rows * static_cast<std::size_t>(x.columns)));
}

void add_full_moments(ConstPanel x, const double* about, const double* r, double* weight, double* first, double* second,
                      Workspace& workspace) {
  HWY_DYNAMIC_DISPATCH(add_full_moments)
  (x, about, r, weight, first, second, aligned(workspace, moment_workspace(x)));
}

void add_diagonal_moments(ConstPanel x, const double* about, const double* r, double* weight, double* first,
                          double* second, Workspace& workspace) {
  HWY_DYNAMIC_DISPATCH(add_diagonal_moments)
  (x, about, r, weight, first, second, aligned(workspace, moment_workspace(x)));
}

Normalized normalize(Panel p, std::span<const double> weights, double* log_normalizer) {
  Normalized result;
  HWY_DYNAMIC_DISPATCH(normalize)(p, weights.empty() ? nullptr : weights.data(), log_normalizer, &result);
  return result;
}

Normalized normalize(BasicPanel<float> p, std::span<const double> weights, double weight_unit) {
  Normalized result;
  HWY_DYNAMIC_DISPATCH(normalize_single)(p, weights.empty() ? nullptr : weights.data(), weight_unit, &result);
  return result;
}

double sum(std::span<const double> v) { return HWY_DYNAMIC_DISPATCH(sum)(v.data(), v.size()); }

void exp(std::span<double> v) { HWY_DYNAMIC_DISPATCH(exp)(v.data(), v.size()); }

void log(std::span<double> v) { HWY_DYNAMIC_DISPATCH(log)(v.data(), v.size()); }

std::string instruction_set() {
  const char* name = nullptr;
  bool fused = false;
  HWY_DYNAMIC_DISPATCH(name_instruction_set)(&name, &fused);
  return name;
}

bool fuses_multiply_add() {
  const char* name = nullptr;
  bool fused = false;
  HWY_DYNAMIC_DISPATCH(name_instruction_set)(&name, &fused);
  return fused;
}

}  // namespace jensen::kernels
#endif  // HWY_ONCE
