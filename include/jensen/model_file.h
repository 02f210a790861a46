// Any model on disk: a versioned JSON file, read and written by the format of the model's kind.
//
//     {"format": "jensen-model", "version": 1, "model": "gaussian-mixture", …, "columns": [names], …, "fit": {…}}
//
// "model" is the kind; what else there is, is the kind's own, but for "columns", "component_names" and "fit", which
// mean the same in all of them (gaussian_mixture_file.h). Fields that nobody knows are skipped.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <jensen/data/data.h>
#include <jensen/data/formula.h>
#include <jensen/data/schema.h>
#include <jensen/em/model.h>
#include <jensen/fit_summary.h>

namespace jensen {

struct ModelFile {
  std::shared_ptr<const Model> model;
  std::vector<std::string> columns;          ///< one by column of the data that the model reads
  std::vector<std::string> component_names;  ///< empty, or one by state: "" where it has no name
  std::optional<FitSummary> fit;
  Schema schema = {};  ///< what the columns are; empty: numbers, which the model reads one after the other
  std::vector<std::string> gate = {};  ///< columns on which the weights depend, or the chain
  std::vector<Factor> factors = {};    ///< columns of words, of whose indicators some covariates are
  /// Column that says which rows form a sequence, or a group; empty: all rows are one.
  std::string sequence = {};
  std::string order = {};  ///< column that says in which order they come; empty: that of the data

  /// What to call state k: its name, "component_k" where only others have one, its number where none has.
  std::string component(int k) const { return component_name(component_names, k); }

  /// The model, where it is an M; else nullptr.
  template <LatentModel M>
  const M* get() const {
    const auto* erased = dynamic_cast<const Erased<M>*>(model.get());
    return erased != nullptr ? &erased->get() : nullptr;
  }

  static std::string component_name(const std::vector<std::string>& names, int k);
};

/// The kinds that there are formats for.
std::vector<std::string> model_kinds();
/// The kind of a file's model. Throws UnsupportedError for a model that no format can hold.
std::string model_kind(const ModelFile& file);

/// The model as the objective of its fit knew it: with the prior that the fit took from these data, and held by the
/// constraints that it was made under. What goes on from a fit, to diagnose it or to fit further, needs both. Throws
/// UnsupportedError where models of the kind have no prior to restore.
std::unique_ptr<Model> as_fitted(const ModelFile& file, const Data& data);

/// The file's text: reading it gives the model with every bit of its parameters. Throws DataError, naming `name` and
/// the field, where the text could not be read back (names that are not UTF-8, come twice, or are not as many as
/// columns or states), and UnsupportedError for a model that no format can hold.
std::string model_text(const ModelFile& file, const std::string& name = "model");
/// Writes the file, whole or not at all. Errors: model_text's and OutputFile's.
void save_model(const std::string& path, const ModelFile& file);

/// Reads a file ("-": standard input). Throws DataError, "file: field: problem", for anything but a sound model of a
/// known kind.
ModelFile load_model(const std::string& path);
ModelFile parse_model(std::string_view text, const std::string& name);

}  // namespace jensen
