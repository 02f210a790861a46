// Fits of what a user wrote in Python.
#include <nanobind/stl/map.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <jensen/emissions/product.h>
#include <jensen/error.h>
#include <jensen/fit_hidden_markov.h>
#include <jensen/fit_mixture.h>

#include <optional>
#include <utility>

#include "model.h"
#include "options.h"
#include "own_family.h"
#include "own_model.h"
#include "reports.h"
#include "schemas.h"
#include "watch.h"

namespace jensen::python {

namespace {

// What the columns are: a schema for the first of them, then families of the user's. Each family is a tuple
// (object, declared parameters, columns, name, numbers in statistics(X) or 0).
struct OwnSchema {
  Schema schema;
  std::vector<nb::tuple> families;
  int columns = 0;
};

AnyEmissions emissions_of(const OwnSchema& own, const Data* data, int states, std::int64_t rows) {
  std::vector<Product::Part> parts;
  if (!own.schema.empty()) {
    const int further = own.columns - static_cast<int>(columns_of(own.schema).size());
    const AnyEmissions known = data != nullptr ? emissions_for(*data, own.schema, states, further)
                                               : emissions_for(own.schema, states, further);
    parts = known.as<Product>()->parts();
  }
  for (const nb::tuple& family : own.families) {
    const auto columns = nb::cast<std::vector<int>>(family[2]);
    OwnFamily emissions(Own{nb::object(family[0])}, declared(nb::cast<nb::list>(family[1])), states,
                        static_cast<int>(columns.size()), nb::cast<int>(family[4]), rows);
    if (own.families.size() == 1 && parts.empty() && static_cast<int>(columns.size()) == own.columns) return emissions;
    parts.push_back({std::move(emissions), columns, nb::cast<std::string>(family[3])});
  }
  return Product(std::move(parts), own.columns);
}

OwnSchema schema_with(const std::string& text, const Levels& levels, const std::vector<nb::tuple>& families,
                      int columns) {
  return {text.empty() ? Schema{} : schema_of(text, levels), families, columns};
}

template <class M>
nb::tuple result_of(Fitted<M> fitted, const Table& table, const OwnSchema& own, Prior prior, int states,
                    const Options& options, bool interrupted) {
  ModelFile file = file_of(std::move(fitted.model), column_names(table));
  file.fit = summarize(fitted.report, prior, states, options.constraints);
  file.schema = own.schema;
  return nb::make_tuple(std::move(file), to_python(fitted.report, states), interrupted);
}

nb::tuple fit_mixture_of_own(const Table& table, const std::string& text, const Levels& levels,
                             const std::vector<nb::tuple>& families, int components, const std::string& prior,
                             const nb::dict& arguments, nb::object callback) {
  Watch watch(std::move(callback));
  const Options options = watch.over(options_from(arguments));
  const Prior chosen = prior_named(prior);
  OwnSchema own = schema_with(text, levels, families, table.columns());
  if (!own.schema.empty()) own.schema = resolved(std::move(own.schema), table);
  const AnyEmissions emissions = emissions_of(own, &table, components, table.rows());
  std::optional<Fitted<AnyMixture>> fitted;
  watch.run([&] { fitted = fit_mixture(table, emissions, options, chosen); });
  return result_of(std::move(*fitted), table, own, chosen, components, options, watch.interrupted());
}

AnyChain chain_of_own(const std::string& transitions, const std::string& initial, double pseudo_count, int states) {
  ChainForm form = chain_form_named(transitions);
  form.initial = initial_states_named(initial);
  form.pseudo_count = pseudo_count;
  return chain_of(form, states);
}

nb::tuple fit_hidden_markov_of_own(const Table& table, const std::vector<nb::tuple>& families, int states,
                                   const std::string& transitions, const std::string& initial, double pseudo_count,
                                   const nb::dict& arguments, nb::object callback, const std::string& memory) {
  Watch watch(std::move(callback));
  const Options options = watch.over(options_from(arguments));
  AnyChain chain = chain_of_own(transitions, initial, pseudo_count, states);
  const OwnSchema own = schema_with("", {}, families, table.columns());
  const AnyEmissions emissions = emissions_of(own, nullptr, states, table.rows());
  std::optional<Fitted<AnyHiddenMarkov>> fitted;
  watch.run([&] {
    AnyHiddenMarkov model = hidden_markov_for(table, std::move(chain), emissions, Prior::none);
    model.set_memory(chain_memory_named(memory));
    fitted = fit(std::move(model), table, options);
  });
  return result_of(std::move(*fitted), table, own, Prior::none, states, options, watch.interrupted());
}

// The models with parameters at hand: from pickles.
ModelFile mixture_of_own(const std::vector<std::string>& columns, const std::string& text, const Levels& levels,
                         const std::vector<nb::tuple>& families, int components, const std::vector<double>& values) {
  const OwnSchema own = schema_with(text, levels, families, static_cast<int>(columns.size()));
  AnyMixture mixture(emissions_of(own, nullptr, components, 0));
  mixture.set_parameters(values);
  ModelFile file = file_of(std::move(mixture), columns);
  file.schema = own.schema;
  return file;
}

ModelFile hidden_markov_of_own(const std::vector<std::string>& columns, const std::vector<nb::tuple>& families,
                               int states, const std::string& transitions, const std::string& initial,
                               double pseudo_count, const std::vector<double>& values) {
  const OwnSchema own = schema_with("", {}, families, static_cast<int>(columns.size()));
  AnyHiddenMarkov model(chain_of_own(transitions, initial, pseudo_count, states),
                        emissions_of(own, nullptr, states, 0));
  model.set_parameters(values);
  return file_of(std::move(model), columns);
}

// The same as a fit to these rows knew them: with its prior, and for families that see the rows, which are to be those
// that `families` hold.
ModelFile mixture_of_own_at(const Table& table, const std::string& text, const Levels& levels,
                            const std::vector<nb::tuple>& families, int components, const std::string& prior,
                            const std::vector<double>& values) {
  const OwnSchema own = schema_with(text, levels, families, table.columns());
  AnyEmissions emissions = emissions_of(own, &table, components, table.rows());
  const Prior chosen = prior_named(prior);
  const nb::gil_scoped_release unlocked;
  AnyMixture mixture = mixture_for(table, std::move(emissions), chosen, 1);
  mixture.set_parameters(values);
  ModelFile file = file_of(std::move(mixture), column_names(table));
  file.schema = own.schema;
  return file;
}

ModelFile hidden_markov_of_own_at(const Table& table, const std::vector<nb::tuple>& families, int states,
                                  const std::string& transitions, const std::string& initial, double pseudo_count,
                                  const std::vector<double>& values) {
  const OwnSchema own = schema_with("", {}, families, table.columns());
  AnyHiddenMarkov model(chain_of_own(transitions, initial, pseudo_count, states),
                        emissions_of(own, nullptr, states, table.rows()));
  model.set_parameters(values);
  return file_of(std::move(model), column_names(table));
}

template <class M>
nb::tuple fit_own(M start, const Table& table, int states, const nb::dict& arguments, nb::object callback) {
  Watch watch(std::move(callback));
  const Options options = watch.over(options_from(arguments));
  std::optional<Fitted<M>> fitted;
  watch.run([&] { fitted = fit(std::move(start), table, options); });
  return result_of(std::move(*fitted), table, {}, Prior::none, states, options, watch.interrupted());
}

OwnLatentModel latent_model(const nb::object& object, const nb::list& declarations, int states, int columns,
                            int statistics) {
  return {Own(object), declared(declarations), states, columns, statistics};
}

OwnLogJoint discrete_latent(const nb::object& object, const nb::list& declarations, int states, int columns,
                            bool differentiates, bool accepts_missing) {
  return {Own(object), declared(declarations), states, columns, differentiates, accepts_missing};
}

template <class M>
ModelFile with_values(M model, const std::vector<std::string>& columns, const std::vector<double>& values) {
  model.set_parameters(values);
  return file_of(std::move(model), columns);
}

}  // namespace

void bind_own_families(nb::module_& module) {
  module.def("fit_mixture_of_own", &fit_mixture_of_own, nb::arg("table"), nb::arg("schema"), nb::arg("levels"),
             nb::arg("families"), nb::arg("components"), nb::arg("prior"), nb::arg("options"),
             nb::arg("callback").none());
  module.def("fit_hidden_markov_of_own", &fit_hidden_markov_of_own, nb::arg("table"), nb::arg("families"),
             nb::arg("states"), nb::arg("transitions"), nb::arg("initial"), nb::arg("pseudo_count"), nb::arg("options"),
             nb::arg("callback").none(), nb::arg("memory") = "all");
  module.def("mixture_of_own", &mixture_of_own, nb::arg("columns"), nb::arg("schema"), nb::arg("levels"),
             nb::arg("families"), nb::arg("components"), nb::arg("values"));
  module.def("hidden_markov_of_own", &hidden_markov_of_own, nb::arg("columns"), nb::arg("families"), nb::arg("states"),
             nb::arg("transitions"), nb::arg("initial"), nb::arg("pseudo_count"), nb::arg("values"));
  module.def("mixture_of_own_at", &mixture_of_own_at, nb::arg("table"), nb::arg("schema"), nb::arg("levels"),
             nb::arg("families"), nb::arg("components"), nb::arg("prior"), nb::arg("values"));
  module.def("hidden_markov_of_own_at", &hidden_markov_of_own_at, nb::arg("table"), nb::arg("families"),
             nb::arg("states"), nb::arg("transitions"), nb::arg("initial"), nb::arg("pseudo_count"), nb::arg("values"));
}

void bind_own_models(nb::module_& module) {
  module.def(
      "fit_latent_model",
      [](const Table& table, const nb::object& object, const nb::list& declarations, int states, int statistics,
         const nb::dict& options, nb::object callback) {
        return fit_own(latent_model(object, declarations, states, table.columns(), statistics), table, states, options,
                       std::move(callback));
      },
      nb::arg("table"), nb::arg("model"), nb::arg("parameters"), nb::arg("states"), nb::arg("statistics"),
      nb::arg("options"), nb::arg("callback").none());
  module.def(
      "fit_discrete_latent",
      [](const Table& table, const nb::object& object, const nb::list& declarations, int states, bool differentiates,
         bool accepts_missing, const nb::dict& options, nb::object callback) {
        return fit_own(discrete_latent(object, declarations, states, table.columns(), differentiates, accepts_missing),
                       table, states, options, std::move(callback));
      },
      nb::arg("table"), nb::arg("model"), nb::arg("parameters"), nb::arg("states"), nb::arg("differentiates"),
      nb::arg("accepts_missing"), nb::arg("options"), nb::arg("callback").none());
  module.def(
      "latent_model",
      [](const std::vector<std::string>& columns, const nb::object& object, const nb::list& declarations, int states,
         int statistics, const std::vector<double>& values) {
        return with_values(latent_model(object, declarations, states, static_cast<int>(columns.size()), statistics),
                           columns, values);
      },
      nb::arg("columns"), nb::arg("model"), nb::arg("parameters"), nb::arg("states"), nb::arg("statistics"),
      nb::arg("values"));
  module.def(
      "discrete_latent",
      [](const std::vector<std::string>& columns, const nb::object& object, const nb::list& declarations, int states,
         bool differentiates, bool accepts_missing, const std::vector<double>& values) {
        return with_values(discrete_latent(object, declarations, states, static_cast<int>(columns.size()),
                                           differentiates, accepts_missing),
                           columns, values);
      },
      nb::arg("columns"), nb::arg("model"), nb::arg("parameters"), nb::arg("states"), nb::arg("differentiates"),
      nb::arg("accepts_missing"), nb::arg("values"));
  module.def("declared_names", [](const nb::list& declarations) { return declared(declarations).names(); });
}

}  // namespace jensen::python
