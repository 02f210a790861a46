// Fits of hidden Markov models, their chains and their most probable paths.
#include <nanobind/stl/map.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <jensen/emissions/product.h>
#include <jensen/error.h>
#include <jensen/fit_mixture.h>
#include <jensen/models/any_hidden_markov.h>

#include <optional>
#include <span>
#include <utility>

#include "arrays.h"
#include "gaussians.h"
#include "model.h"
#include "options.h"
#include "reports.h"
#include "schemas.h"
#include "watch.h"

namespace jensen::python {

namespace {

const AnyHiddenMarkov& chain_model_in(const ModelFile& file) {
  const auto* model = file.get<AnyHiddenMarkov>();
  if (model == nullptr) throw ArgumentError("model", "kind", "is no hidden Markov model");
  return *model;
}

nb::tuple fit(const Table& table, const std::string& text, const Levels& levels, int states, double pseudo_count,
              const std::string& prior, const nb::dict& arguments, nb::object callback) {
  Watch watch(std::move(callback));
  const Options options = watch.over(options_from(arguments));
  const Prior chosen = prior_named(prior);
  Schema schema = schema_of(text, levels);
  std::optional<Fitted<AnyHiddenMarkov>> fitted;
  watch.run([&] {
    schema = resolved(std::move(schema), table);
    AnyHiddenMarkov start(mixture_for(table, emissions_for(schema, states), chosen).emissions());
    start.chain().set_pseudo_counts(pseudo_count, pseudo_count);
    fitted = jensen::fit(std::move(start), table, options);
  });
  ModelFile file = file_of(std::move(fitted->model), column_names(table));
  file.fit = summarize(fitted->report, chosen, states);
  file.schema = std::move(schema);
  return nb::make_tuple(std::move(file), to_python(fitted->report, states), watch.interrupted());
}

// The model with these parameters; the schema leaves nothing to the data.
ModelFile model_from(const std::string& text, const Levels& levels, int states, const Numbers& parameters) {
  Schema schema = schema_of(text, levels);
  AnyHiddenMarkov model(emissions_for(schema, states));
  model.set_parameters({parameters.data(), parameters.size()});
  ModelFile file = file_of(std::move(model), columns_of(schema));
  file.schema = std::move(schema);
  return file;
}

nb::tuple chain(const ModelFile& file) {
  const MarkovChain& chain = chain_model_in(file).chain();
  const auto states = static_cast<std::size_t>(chain.states());
  const auto copied = [](std::span<const double> values) { return std::vector<double>(values.begin(), values.end()); };
  return nb::make_tuple(array(copied(chain.initial()), {states}), array(copied(chain.transitions()), {states, states}));
}

// Means and covariances, where the states are Gaussians over all columns.
nb::object gaussians(const ModelFile& file) {
  const auto* product = chain_model_in(file).emissions().as<Product>();
  if (product == nullptr || product->parts().size() != 1) return nb::none();
  const auto* gaussian = product->parts().front().emissions.as<Gaussian>();
  if (gaussian == nullptr) return nb::none();
  return nb::make_tuple(means_of(*gaussian), covariances_of(*gaussian));
}

nb::tuple decode(const ModelFile& file, const Table& table) {
  const AnyHiddenMarkov& model = chain_model_in(file);
  std::vector<std::int32_t> path(static_cast<std::size_t>(table.rows()));
  std::vector<double> value(table.sequences().size() - 1);
  {
    const nb::gil_scoped_release unlocked;
    BlockBuffer buffer;
    model.decode(table.block(0, table.rows(), buffer), path, value);
  }
  const std::size_t sequences = value.size();
  return nb::make_tuple(array(std::move(path)), array(std::move(value), {sequences}));
}

}  // namespace

void bind_hidden_markov(nb::module_& module) {
  module.def("fit_hidden_markov", &fit, nb::arg("table"), nb::arg("schema"), nb::arg("levels"), nb::arg("states"),
             nb::arg("pseudo_count"), nb::arg("prior"), nb::arg("options"), nb::arg("callback").none());
  module.def("hidden_markov", &model_from, nb::arg("schema"), nb::arg("levels"), nb::arg("states"),
             nb::arg("parameters"));
  module.def("hidden_markov_chain", &chain, nb::arg("model"));
  module.def("hidden_markov_gaussians", &gaussians, nb::arg("model"));
  module.def("decode", &decode, nb::arg("model"), nb::arg("table"));
}

}  // namespace jensen::python
