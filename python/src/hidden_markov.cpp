// Fits of hidden Markov models, their chains and their most probable paths.
#include <nanobind/stl/map.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <jensen/emissions/product.h>
#include <jensen/error.h>
#include <jensen/fit_hidden_markov.h>
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

InitialStates initial_named(const std::string& name) {
  if (name == "free") return InitialStates::free;
  if (name == "uniform") return InitialStates::uniform;
  if (name == "stationary") return InitialStates::stationary;
  throw ArgumentError("fit", "initial", "must be free, uniform or stationary, got '" + name + "'");
}

nb::tuple fit(const Table& table, const std::string& text, const Levels& levels, int states,
              const std::string& transitions, const std::string& initial, double pseudo_count, const std::string& prior,
              const nb::dict& arguments, nb::object callback) {
  Watch watch(std::move(callback));
  const Options options = watch.over(options_from(arguments));
  const Prior chosen = prior_named(prior);
  const Schema schema = schema_of(text, levels);
  ChainForm form = chain_form_named(transitions);
  form.initial = initial_named(initial);
  form.pseudo_count = pseudo_count;
  std::optional<FittedSequences> fitted;
  watch.run([&] { fitted = fit_hidden_markov(table, schema, states, form, options, chosen); });
  ModelFile file = file_of(std::move(fitted->model), column_names(table));
  file.fit = summarize(fitted->report, chosen, states);
  file.schema = std::move(fitted->schema);
  return nb::make_tuple(std::move(file), to_python(fitted->report, states), watch.interrupted());
}

nb::tuple chain(const ModelFile& file) {
  const MarkovChain& chain = *chain_model_in(file).chain().as<MarkovChain>();
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
             nb::arg("transitions"), nb::arg("initial"), nb::arg("pseudo_count"), nb::arg("prior"), nb::arg("options"),
             nb::arg("callback").none());
  module.def("hidden_markov_chain", &chain, nb::arg("model"));
  module.def("hidden_markov_gaussians", &gaussians, nb::arg("model"));
  module.def("decode", &decode, nb::arg("model"), nb::arg("table"));
}

}  // namespace jensen::python
