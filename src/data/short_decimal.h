// Decimals as most cells of text hold them, read without looking at a digit twice.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace jensen {

/// Reads digits from `at` on and appends them to `number`, modulo 2^64; returns where they end. Eight characters at a
/// time are looked at as one integer, whose bytes become digits and then, by three multiplications, a number.
inline const char* append_digits(const char* at, const char* end, std::uint64_t& number) {
  constexpr std::uint64_t power_of_ten[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
  while (std::endian::native == std::endian::little && end - at >= 8) {
    std::uint64_t characters = 0;
    std::memcpy(&characters, at, 8);
    const std::uint64_t digits = characters ^ 0x3030303030303030;
    // 10 and more in a byte carry into its highest bit. A carry out of it falsifies only what stands behind.
    const std::uint64_t others = ((digits + 0x7676767676767676) | digits) & 0x8080808080808080;
    const int count = others == 0 ? 8 : std::countr_zero(others) / 8;
    if (count == 0) return at;
    std::uint64_t eight = digits << (64 - 8 * count);  // zeros lead, then the digits
    eight = 10 * eight + (eight >> 8);                 // pairs of digits in every other byte
    constexpr std::uint64_t pairs = 0x000000FF000000FF;
    eight = ((eight & pairs) * 0x000F424000000064 + ((eight >> 16) & pairs) * 0x0000271000000001) >> 32;
    number = number * power_of_ten[count] + eight;
    at += count;
    if (count < 8) return at;
  }
  for (; at != end && *at >= '0' && *at <= '9'; ++at) number = 10 * number + static_cast<std::uint64_t>(*at - '0');
  return at;
}

/// Reads the decimal with which a text begins: an optional −, at most fifteen digits and a point among them. With the
/// point left out it is an integer below 10^15, to be divided by a power of ten; both are doubles, so one division
/// rounds correctly, several times faster than the general way. Returns where it ends, nullptr where there is none or
/// it has more digits. What follows (an exponent, say) is the caller's to look at.
inline const char* read_short_decimal(const char* at, const char* end, double& value) {
  constexpr double power_of_ten[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                     1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  constexpr std::ptrdiff_t most = 15;
  const bool negative = at != end && *at == '-';
  at += negative;
  std::uint64_t digits = 0;
  const char* stop = append_digits(at, end, digits);
  std::ptrdiff_t count = stop - at;
  std::ptrdiff_t decimals = 0;
  if (stop != end && *stop == '.') {
    const char* point = stop;
    stop = append_digits(point + 1, end, digits);
    decimals = stop - point - 1;
    count += decimals;
  }
  if (count == 0 || count > most) return nullptr;
  const double magnitude = static_cast<double>(static_cast<std::int64_t>(digits)) / power_of_ten[decimals];
  value = negative ? -magnitude : magnitude;
  return stop;
}

}  // namespace jensen
