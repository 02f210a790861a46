// ABO blood groups: which of six genotypes stands behind each of four phenotypes (gene counting; Ceppellini, Siniscalco
// and Smith 1955). The whole model is the probability of a genotype, and which phenotype it shows.
#pragma once

#include <cmath>
#include <limits>

#include <jensen/models/discrete_latent.h>

constexpr double shows_a = 0, shows_b = 1, shows_ab = 2, shows_o = 3;  // the phenotypes

/// One column: the phenotype. States: the genotypes AA, AO, BB, BO, AB, OO, in Hardy–Weinberg proportions of the
/// frequencies of the alleles A, B and O.
inline auto blood_groups(double frequency_a, double frequency_b) {
  jensen::Parameters theta;
  const auto frequency = theta.simplex("frequency", {frequency_a, frequency_b, 1 - frequency_a - frequency_b});
  return jensen::discrete_latent(6, theta, [frequency](const auto& at, std::span<const double> row, int genotype) {
    using T = jensen::ScalarOf<decltype(at)>;
    using std::log;
    constexpr int alleles[6][2] = {{0, 0}, {0, 2}, {1, 1}, {1, 2}, {0, 1}, {2, 2}};
    constexpr double shows[6] = {shows_a, shows_a, shows_b, shows_b, shows_ab, shows_o};
    if (row[0] != shows[genotype]) return T(-std::numeric_limits<double>::infinity());
    const auto [first, second] = alleles[genotype];
    const T both =
        log(at[frequency][static_cast<std::size_t>(first)]) + log(at[frequency][static_cast<std::size_t>(second)]);
    return first == second ? both : both + std::log(2.0);
  });
}
