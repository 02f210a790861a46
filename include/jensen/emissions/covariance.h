// Structures of the covariance matrices Σ_1 … Σ_K of Gaussian and Student-t components.
//
// Σ_k = λ_k D_k A_k D_kᵀ with A_k diagonal, |A_k| = 1, D_k orthogonal (Banfield and Raftery 1993; Celeux and Govaert
// 1995): λ_k is the volume, A_k the shape, D_k the orientation. Three letters, as in mclust, say of each in turn
// whether it is equal for all components (E), variable (V), or the identity (I).
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jensen {

enum class Covariance {
  full,       ///< VVV: each its own symmetric matrix
  tied,       ///< EEE: one symmetric matrix for all
  diagonal,   ///< VVI: each its own diagonal
  spherical,  ///< VII: each its own multiple of the identity
  eii,        ///< one multiple of the identity for all
  eei,        ///< one diagonal for all
  vei,        ///< λ_k A
  evi,        ///< λ A_k
  vee,        ///< λ_k D A Dᵀ: proportional
  eve,        ///< λ D A_k Dᵀ: common axes, equal volumes
  vve,        ///< λ_k D A_k Dᵀ: common axes
  eev,        ///< λ D_k A D_kᵀ: the same ellipsoid, turned
  vev,        ///< λ_k D_k A D_kᵀ: the same shape, turned and sized
  evv,        ///< λ D_k A_k D_kᵀ: equal determinants
};

/// "full", "tied", "diagonal", "spherical", or mclust's letters in capitals.
std::string to_string(Covariance covariance);
/// The structure of that name: to_string's names, mclust's letters in either case for all 14, and E and V, which are
/// mclust's names for one column. Throws ArgumentError listing the names there are.
Covariance covariance_named(std::string_view name);
/// mclust's three letters.
std::string letters(Covariance covariance);
/// full, tied, diagonal, spherical.
std::vector<Covariance> classic_covariances();
/// All that differ in so many columns, in mclust's order: 14, or in one column tied (E) and full (V).
std::vector<Covariance> all_covariances(int columns);

/// What one covariance matrix looks like, and how it is kept in parameters and statistics.
enum class CovarianceShape {
  spherical,  ///< one variance
  diagonal,   ///< d variances
  matrix,     ///< packed, d(d+1)/2 numbers (cholesky.h)
};
CovarianceShape shape_of(Covariance covariance);
std::size_t shape_size(Covariance covariance, int columns);
/// Whether all components have one and the same covariance, kept once: EII, EEI, EEE.
bool is_shared(Covariance covariance);
/// Whether components share a part of their covariances, but not all of it.
bool is_coupled(Covariance covariance);
/// Free numbers in the covariances of so many components: volumes, shapes and orientations.
int covariance_parameters(Covariance covariance, int components, int columns);

/// The structure that the marginal distribution of some of the columns has, and the conditional one given the others:
/// determinants and axes of a part are not those of the whole.
Covariance structure_of_part(Covariance covariance);

/// One packed matrix by component in the form that the structure keeps: K × shape_size numbers, or shape_size for each
/// of `groups` runs of K / groups components where these share it (the first of each is taken). A diagonal shape takes
/// the diagonal, a spherical one its mean.
std::vector<double> in_shape(Covariance covariance, int columns, std::span<const std::vector<double>> matrices,
                             int groups = 1);

/// The component whose covariance (kept as above) is furthest from the structure, with what is wrong; empty where all
/// follow it to 1e-8 of their scale. Components are numbered from `first`.
std::string departure_from_structure(Covariance covariance, int components, int columns,
                                     std::span<const double> covariances, int first = 0);

}  // namespace jensen
