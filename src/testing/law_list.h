// The laws, one function each; laws.cpp names them.
#pragma once

#include "testing/laboratory.h"

namespace jensen::law {

// laws_of_ascent.cpp
LawResult evidence(const Laboratory& lab);
LawResult ascent(const Laboratory& lab);
LawResult certificate(const Laboratory& lab);
LawResult m_step_maximizes(const Laboratory& lab);
LawResult stationary(const Laboratory& lab);
LawResult random_start(const Laboratory& lab);

// laws_of_the_bound.cpp
LawResult tight_bound(const Laboratory& lab);
LawResult bound_below(const Laboratory& lab);
LawResult rules(const Laboratory& lab);
LawResult entropy_of_rules(const Laboratory& lab);
LawResult gradient(const Laboratory& lab);

// laws_of_sums.cpp
LawResult weights(const Laboratory& lab);
LawResult zero_weight(const Laboratory& lab);
LawResult order(const Laboratory& lab);
LawResult blocks(const Laboratory& lab);
LawResult scale(const Laboratory& lab);
LawResult move(const Laboratory& lab);
LawResult threads(const Laboratory& lab);

// laws_of_parameters.cpp
LawResult parameters(const Laboratory& lab);
LawResult unconstrained(const Laboratory& lab);
LawResult clone(const Laboratory& lab);
LawResult sample(const Laboratory& lab);
LawResult sample_distribution(const Laboratory& lab);

// laws_of_rows.cpp
LawResult brute_force(const Laboratory& lab);
LawResult score(const Laboratory& lab);
LawResult responsibilities(const Laboratory& lab);
LawResult missing_row(const Laboratory& lab);
LawResult free_labels(const Laboratory& lab);
LawResult fixed_labels(const Laboratory& lab);
LawResult equivariance(const Laboratory& lab);

}  // namespace jensen::law
