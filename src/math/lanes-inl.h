// What all files of kernels share. Included once for each instruction set, hence no include guard of the usual kind.
#if defined(JENSEN_MATH_LANES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef JENSEN_MATH_LANES_INL_H_
#undef JENSEN_MATH_LANES_INL_H_
#else
#define JENSEN_MATH_LANES_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

// What unrolled() calls, and lambdas within that.
#define JENSEN_INLINED HWY_ATTR __attribute__((always_inline))

HWY_BEFORE_NAMESPACE();
namespace jensen::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Kernels that serve double and float alike are templates over T.
template <class T>
using LaneOf = hn::ScalableTag<T>;
template <class T>
using VectorOf = hn::Vec<LaneOf<T>>;
template <class T>
constexpr std::size_t lanes_of = HWY_LANES(T);
template <class T>
constexpr std::size_t virtual_lanes_of = 64 / sizeof(T);  // sums over rows have so many partial sums on every target
template <class T>
constexpr std::size_t parts_of = virtual_lanes_of<T> / lanes_of<T>;  // vectors that make up the virtual lanes

using Lane = LaneOf<double>;
using Vector = VectorOf<double>;
constexpr std::size_t lanes = lanes_of<double>;
constexpr std::size_t virtual_lanes = virtual_lanes_of<double>;
constexpr std::size_t parts = parts_of<double>;
constexpr std::size_t tile_rows = 32;  // rows of a tile that stays in the first-level cache
constexpr std::size_t register_vectors = lanes == 8 ? 4 : 2;

// Loads that several multiply-adds share: GCC would repeat the load as a memory operand of each, and the load ports,
// not the multipliers, would set the pace. Clang keeps it in a register by itself, and cannot compile this.
template <class V>
HWY_INLINE V in_register(V v) {
#if HWY_ARCH_X86 && HWY_MAX_BYTES >= 16 && HWY_COMPILER_GCC_ACTUAL
  __asm__("" : "+v"(v.raw));
#endif
  return v;
}

// body(0), …, body(N − 1), of constants. Written as a loop over an array of vectors, GCC may keep the array in memory,
// and store it there while it works in registers.
template <std::size_t N, class Body>
HWY_INLINE void unrolled(const Body& body) {
  [&]<std::size_t... I>(std::index_sequence<I...>) JENSEN_INLINED {
    (body(std::integral_constant<std::size_t, I>()), ...);
  }
  (std::make_index_sequence<N>());
}

// The order in which eight partial sums are added.
HWY_INLINE double add_lanes(const double* v) {
  return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
}
HWY_INLINE double add_lanes(const Vector* sums) {
  alignas(64) double v[virtual_lanes];
  for (std::size_t p = 0; p < parts; ++p) hn::Store(sums[p], Lane(), v + p * lanes);
  return add_lanes(v);
}

#if HWY_MAX_BYTES >= 16
// The two outer summands of that order.
using PairLane = hn::FixedTag<double, 2>;
HWY_INLINE hn::Vec<PairLane> fold(const Vector* sums) {
#if HWY_MAX_BYTES == 64
  const hn::Half<Lane> half;
  const hn::Half<hn::Half<Lane>> quarter;
  const auto four = hn::Add(hn::LowerHalf(half, sums[0]), hn::UpperHalf(half, sums[0]));
  return hn::Add(hn::LowerHalf(quarter, four), hn::UpperHalf(quarter, four));
#elif HWY_MAX_BYTES == 32
  const hn::Half<Lane> half;
  const Vector four = hn::Add(sums[0], sums[1]);
  return hn::Add(hn::LowerHalf(half, four), hn::UpperHalf(half, four));
#else
  return hn::Add(hn::Add(sums[0], sums[2]), hn::Add(sums[1], sums[3]));
#endif
}
#endif

// The sum of eight lanes.
HWY_INLINE double sum_lanes(const Vector* sums) {
#if HWY_MAX_BYTES >= 16
  const PairLane d;
  const auto two = fold(sums);
  return hn::GetLane(hn::Add(two, hn::Reverse(d, two)));
#else
  return add_lanes(sums);
#endif
}

// to[0] += the sum of the eight lanes of `a`, to[1] += that of `b`: one addition finishes both.
HWY_INLINE void add_two_sums(const Vector* a, const Vector* b, double* to) {
#if HWY_MAX_BYTES >= 16
  const PairLane d;
  const auto x = fold(a);
  const auto y = fold(b);
  const auto both = hn::Add(hn::InterleaveLower(d, x, y), hn::InterleaveUpper(d, x, y));
  hn::StoreU(hn::Add(hn::LoadU(d, to), both), d, to);
#else
  to[0] += add_lanes(a);
  to[1] += add_lanes(b);
#endif
}

#if HWY_MAX_BYTES == 64
// The same of eight vectors: in each step halves of what is left are added, in the order of add_lanes().
HWY_INLINE void add_eight_sums(const Vector (*v)[1], double* to) {
  const Lane d;
  const auto halves = [&](std::size_t a, std::size_t b) HWY_ATTR {  // a0 + a4 … a3 + a7, b0 + b4 … b3 + b7
    return hn::Add(hn::ConcatLowerLower(d, v[b][0], v[a][0]), hn::ConcatUpperUpper(d, v[b][0], v[a][0]));
  };
  const auto quarters = [&](Vector ab, Vector cd) HWY_ATTR {  // two sums each of a, c, b, d
    return hn::Add(hn::OddEvenBlocks(hn::SwapAdjacentBlocks(cd), ab),
                   hn::OddEvenBlocks(cd, hn::SwapAdjacentBlocks(ab)));
  };
  const Vector even = quarters(halves(0, 4), halves(2, 6));
  const Vector odd = quarters(halves(1, 5), halves(3, 7));
  const Vector all = hn::Add(hn::InterleaveLower(d, even, odd), hn::InterleaveUpper(d, even, odd));
  hn::StoreU(hn::Add(hn::LoadU(d, to), all), d, to);
}
#endif

// to[c] += the sum of the eight lanes of v[c], for C of them.
template <std::size_t C>
HWY_INLINE void add_sums(const Vector (*v)[parts], double* to) {
  std::size_t c = 0;
#if HWY_MAX_BYTES == 64
  for (; c + 8 <= C; c += 8) add_eight_sums(v + c, to + c);
#endif
  for (; c + 2 <= C; c += 2) add_two_sums(v[c], v[c + 1], to + c);
  if (c < C) to[c] += sum_lanes(v[c]);
}

// Vectors of float, which together have sixteen lanes, as vectors of double: lane i is the sum of lanes i and i + 8.
HWY_INLINE void widen_sums(const VectorOf<float>* sums, Vector* wide) {
#if HWY_MAX_BYTES == 64
  const Lane d;
  const hn::Half<LaneOf<float>> half;
  wide[0] = hn::Add(hn::PromoteTo(d, hn::LowerHalf(half, sums[0])), hn::PromoteTo(d, hn::UpperHalf(half, sums[0])));
#elif HWY_MAX_BYTES >= 16
  const Lane d;
  const hn::Half<LaneOf<float>> half;
  for (std::size_t p = 0; p < parts / 2; ++p) {
    const auto low = sums[p];
    const auto high = sums[p + parts / 2];
    wide[2 * p] = hn::Add(hn::PromoteTo(d, hn::LowerHalf(half, low)), hn::PromoteTo(d, hn::LowerHalf(half, high)));
    wide[2 * p + 1] = hn::Add(hn::PromoteTo(d, hn::UpperHalf(half, low)), hn::PromoteTo(d, hn::UpperHalf(half, high)));
  }
#else
  for (std::size_t p = 0; p < virtual_lanes; ++p) {
    wide[p] = hn::Set(
        Lane(), static_cast<double>(hn::GetLane(sums[p])) + static_cast<double>(hn::GetLane(sums[p + virtual_lanes])));
  }
#endif
}
template <std::size_t C>
HWY_INLINE void add_sums(const VectorOf<float> (*v)[parts_of<float>], double* to) {
  Vector wide[C][parts];
  for (std::size_t c = 0; c < C; ++c) widen_sums(v[c], wide[c]);
  add_sums<C>(wide, to);
}

// 1 / x for 2⁻¹⁰⁰⁰ ≤ x ≤ 2¹⁰⁰⁰, to 1.5 ulp: a division keeps the processor from multiplying for longer than this takes.
// The bits of a number are about its logarithm, so that a difference of bits is within 5% of it; y ← y (1 + e + e²)
// with e = 1 − x y leaves e³ and e⁹, and y (1 + e) what is not seen.
HWY_INLINE Vector reciprocal(Vector x) {
  const Lane d;
  const hn::RebindToUnsigned<Lane> bits;
  const Vector one = hn::Set(d, 1.0);
  Vector y = hn::BitCast(d, hn::Sub(hn::Set(bits, std::uint64_t{0x7FDE623822FC16E6}), hn::BitCast(bits, x)));
  for (int step = 0; step < 2; ++step) {
    const Vector e = hn::NegMulAdd(x, y, one);
    y = hn::MulAdd(y, hn::MulAdd(e, e, e), y);
  }
  return hn::MulAdd(y, hn::NegMulAdd(x, y, one), y);
}

// e^v for −708 ≤ v ≤ 709; any other v gives any number. With n the integer nearest v / log 2 and r = v − n log 2 it is
// 2^n e^r, e^r by the minimax polynomial of Highway's Exp in Horner's form. Error below 0.9 ulp with fused
// multiply-adds, and below 1 ulp without.
constexpr double lowest_exponent = -708;
constexpr double highest_exponent = 709;
template <std::size_t N>
HWY_INLINE void exp_inside(const Vector* v, Vector* out) {
  const Lane d;
  const hn::RebindToSigned<Lane> integer;
  const Vector magic = hn::Set(d, 0x1.8p52);  // sums with it end in the nearest integer, in their last bits
  Vector shifted[N], r[N], p[N];
  const auto each = [&](const auto& step) JENSEN_INLINED { unrolled<N>(step); };
  each([&](auto i) JENSEN_INLINED { shifted[i] = hn::MulAdd(v[i], hn::Set(d, 1.442695040888963407359924681), magic); });
  each([&](auto i) JENSEN_INLINED { r[i] = hn::Sub(shifted[i], magic); });
  each([&](auto i) JENSEN_INLINED { p[i] = hn::MulAdd(r[i], hn::Set(d, -0.6931471805596629565116018), v[i]); });
  each([&](auto i) JENSEN_INLINED { r[i] = hn::MulAdd(r[i], hn::Set(d, -0.28235290563031577122588448175e-12), p[i]); });
  each([&](auto i) JENSEN_INLINED { p[i] = hn::Set(d, 2.08860621107283687536341e-9); });
  const auto add = [&](double coefficient) JENSEN_INLINED {
    each([&](auto i) JENSEN_INLINED { p[i] = hn::MulAdd(p[i], r[i], hn::Set(d, coefficient)); });
  };
  add(2.51112930892876518610661e-8);
  add(2.75573911234900471893338e-7);
  add(2.75572362911928827629423e-6);
  add(2.4801587159235272998791e-5);
  add(0.000198412698960509205564975);
  add(0.00138888888889774492207962);
  add(0.00833333333331652721664984);
  add(0.0416666666666665047591422);
  add(0.166666666666666851703837);
  add(0.5);
  add(1);
  add(1);
  each([&](auto i) JENSEN_INLINED {
    out[i] = hn::BitCast(d, hn::Add(hn::BitCast(integer, p[i]), hn::ShiftLeft<52>(hn::BitCast(integer, shifted[i]))));
  });
}
HWY_INLINE Vector exp_inside(Vector v) {
  exp_inside<1>(&v, &v);
  return v;
}

// The same for float and −87 ≤ v ≤ 88, with the polynomial of Highway's Exp for float: error below 1 ulp.
constexpr float lowest_exponent_single = -87;
HWY_INLINE VectorOf<float> exp_inside(VectorOf<float> v) {
  const LaneOf<float> d;
  const hn::RebindToSigned<LaneOf<float>> integer;
  const auto magic = hn::Set(d, 0x1.8p23F);
  const auto shifted = hn::MulAdd(v, hn::Set(d, 1.44269504088896341F), magic);
  const auto n = hn::Sub(shifted, magic);
  auto r = hn::MulAdd(n, hn::Set(d, -0.693145751953125F), v);
  r = hn::MulAdd(n, hn::Set(d, -1.428606765330187045e-6F), r);
  auto p = hn::Set(d, 0.000198527617612853646278381F);
  for (const float coefficient : {0.00139304355252534151077271F, 0.00833336077630519866943359F,
                                  0.0416664853692054748535156F, 0.166666671633720397949219F, 0.5F, 1.0F, 1.0F}) {
    p = hn::MulAdd(p, r, hn::Set(d, coefficient));
  }
  return hn::BitCast(d, hn::Add(hn::BitCast(integer, p), hn::ShiftLeft<23>(hn::BitCast(integer, shifted))));
}

template <class T>
constexpr T lowest_exponent_of() {
  if constexpr (sizeof(T) == sizeof(float)) return lowest_exponent_single;
  return static_cast<T>(lowest_exponent);
}

}  // namespace jensen::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
