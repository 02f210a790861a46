#include <jensen/data/mapped_file.h>
#include <jensen/data/output_file.h>
#include <jensen/em/constrained_model.h>
#include <jensen/model_file.h>

#include <fmt/format.h>

#include "data/text.h"
#include "fit_summary_json.h"
#include "json/layout.h"
#include "model_format.h"

namespace jensen {

namespace {

constexpr int newest_version = 1;

const ModelFormat& format_of(const Model& model) {
  for (const ModelFormat* format : model_formats()) {
    if (format->holds(model)) return *format;
  }
  throw UnsupportedError(model.name(), "be written to a file", "saving");
}

const ModelFormat& format_named(const Field& kind) {
  for (const ModelFormat* format : model_formats()) {
    if (kind.text() == format->kind) return *format;
  }
  kind.refuse(excerpt(kind.text()) + " is none of the kinds of models that there are: " + listing(model_kinds()));
}

}  // namespace

std::vector<const ModelFormat*> model_formats() {
  return {&gaussian_mixture_format, &mixture_format, &gated_mixture_format, &grouped_mixture_format,
          &hidden_markov_format};
}

void check_header(const Field& top) {
  if (top["format"].text() != "jensen-model") top["format"].refuse("must be 'jensen-model'");
  const std::int64_t version = top["version"].integer();
  if (version > newest_version) {
    top["version"].refuse(
        fmt::format("is {}, but this version of jensen reads files up to version {}: a newer one wrote "
                    "this file",
                    version, newest_version));
  }
  if (version < 1) top["version"].refuse("must be ≥ 1");
}

void read_ends(const Field& top, std::size_t states, ModelFile& file) {
  if (top.has("component_names")) {
    file.component_names = names(top["component_names"], states, "names, one for each weight", true);
  }
  if (top.has("fit")) file.fit = fit_summary(top["fit"]);
}

std::string ModelFile::component_name(const std::vector<std::string>& names, int k) {
  if (names.empty()) return std::to_string(k);
  const std::string& name = names[static_cast<std::size_t>(k)];
  return name.empty() ? "component_" + std::to_string(k) : name;  // a bare number may be another one's name
}

std::vector<std::string> model_kinds() {
  std::vector<std::string> kinds;
  for (const ModelFormat* format : model_formats()) kinds.emplace_back(format->kind);
  return kinds;
}

std::string model_kind(const ModelFile& file) { return format_of(*file.model).kind; }

std::unique_ptr<Model> as_fitted(const ModelFile& file, const Data& data) {
  const ModelFormat& format = format_of(*file.model);
  const bool with_prior = file.fit && file.fit->prior != Prior::none;
  if (with_prior && format.with_prior == nullptr) {
    throw UnsupportedError(file.model->name(), "take the default prior of its fit again from the data",
                           "the objective that was maximised");
  }
  auto model = with_prior ? format.with_prior(file, data) : file.model->clone();
  if (!file.fit || file.fit->constraints.empty()) return model;
  return std::make_unique<ConstrainedModel>(*model, file.fit->constraints);
}

std::string model_text(const ModelFile& file, const std::string& name) {
  refuse_names_beyond_utf8(file.columns, "columns", name);
  refuse_names_beyond_utf8(file.component_names, "component_names", name);
  const ModelFormat& format = format_of(*file.model);
  nlohmann::ordered_json json{{"format", "jensen-model"}, {"version", 1}, {"model", format.kind}};
  json.update(format.write(file));
  if (file.fit) json["fit"] = fit_fields(*file.fit);
  std::string text = file_text(json);
  parse_model(text, name);  // what is written can be read
  return text;
}

void save_model(const std::string& path, const ModelFile& file) {
  OutputFile output(path);
  output.stream() << model_text(file, path);
  output.commit();
}

ModelFile parse_model(std::string_view text, const std::string& name) {
  const auto json = parse_json(text, name);
  const Field top(json, name);
  check_header(top);
  return format_named(top["model"]).read(top);
}

ModelFile load_model(const std::string& path) {
  const MappedFile file(path);
  return parse_model(file.text(), file.name());
}

}  // namespace jensen
