// How models of one kind become JSON and come back. A new kind is one format and a line in the list of formats.
#pragma once

#include <jensen/model_file.h>

#include "json/field.h"

namespace jensen {

struct ModelFormat {
  const char* kind;
  bool (*holds)(const Model& model);
  /// All fields but "format", "version" and "model", which come before them, and "fit", which comes last.
  nlohmann::ordered_json (*write)(const ModelFile& file);
  /// From the whole object, whose kind is this one.
  ModelFile (*read)(const Field& top);
  /// The file's model with the default prior of a fit to these data; nullptr: models of the kind have none.
  std::unique_ptr<Model> (*with_prior)(const ModelFile& file, const Data& data) = nullptr;
};

/// In the order in which they are asked.
std::vector<const ModelFormat*> model_formats();
extern const ModelFormat gaussian_mixture_format;
extern const ModelFormat mixture_format;
extern const ModelFormat gated_mixture_format;
extern const ModelFormat grouped_mixture_format;
extern const ModelFormat hidden_markov_format;

/// Refuses another format than ours and versions that are too new.
void check_header(const Field& top);

/// Of "gaussian-mixture".
nlohmann::ordered_json gaussian_mixture_fields(const ModelFile& file);

/// "component_names" and "fit", where they are there: they mean the same in the files of all kinds.
void read_ends(const Field& top, std::size_t states, ModelFile& file);

}  // namespace jensen
