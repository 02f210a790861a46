// Gaussian mixtures on disk: a versioned JSON file that keeps every bit of the parameters.
//
//     {"format": "jensen-model", "version": 1, "model": "gaussian-mixture", "covariance": "full",
//      "columns": ["eruptions", "waiting"], "components": 2, "component_names": ["short", ""],
//      "weights": [π_1 … π_K], "means": [[μ_k], …], "covariances": [[[row of Σ_k], …], …], "fit": {…}}
//
// Covariances are full matrices whatever the structure. "component_names" stands only where labels gave names, "fit"
// only where a fit is known; its numbers are null where they are not finite. Fields that are not named here are
// skipped.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <jensen/fit_gaussian_mixture.h>
#include <jensen/model_file.h>
#include <jensen/models/gaussian_mixture.h>

namespace jensen {

struct GaussianMixtureFile {
  GaussianMixture model;
  std::vector<std::string> columns;          ///< one by column of the model; in a start it may be empty: not named
  std::vector<std::string> component_names;  ///< empty, or one by component: "" where it has no name
  std::optional<FitSummary> fit;

  /// What to call component k: its name, "component_k" where only others have one, its number where none has.
  std::string component(int k) const;
};

ModelFile to_model_file(GaussianMixtureFile file);

/// The file's text. Throws DataError, naming `name` and the field, where the text could not be read back: names that
/// are not UTF-8 or come twice, or are not as many as columns or components.
std::string gaussian_mixture_text(const GaussianMixtureFile& file, const std::string& name = "model");
/// Writes the file, whole or not at all. Errors: gaussian_mixture_text's and OutputFile's.
void save_gaussian_mixture(const std::string& path, const GaussianMixtureFile& file);

/// Reads a file ("-": standard input). load(save(f)) has the bits of f; weights that sum to 1 only within 1e-9, as
/// written by hand, are scaled.
///
/// Throws DataError, "file: field: problem", for anything but a sound model: no JSON, another format, a version newer
/// than this library reads, a field that is missing, comes twice or has the wrong type or size, weights that are no
/// probabilities, a covariance that is not symmetric, not positive definite or not of the structure declared, columns
/// named twice. No size is believed before the numbers are there.
GaussianMixtureFile load_gaussian_mixture(const std::string& path);
GaussianMixtureFile parse_gaussian_mixture(std::string_view text, const std::string& name);

/// A start: as above, but of the fields only weights, means and covariances are needed. The covariance structure is the
/// file's, else `structure`, else full; throws DataError where file and `structure` disagree.
GaussianMixtureFile load_gaussian_mixture_start(const std::string& path, std::optional<Covariance> structure = {});
GaussianMixtureFile parse_gaussian_mixture_start(std::string_view text, const std::string& name,
                                                 std::optional<Covariance> structure = {});

/// The file's model with its columns in the order of `columns`: the parameters keep their bits. A file without column
/// names is taken to be in order. Throws DataError naming the columns that one side has and the other has not.
GaussianMixture arranged(const GaussianMixtureFile& file, const std::vector<std::string>& columns,
                         const std::string& name);

}  // namespace jensen
