// Fits of Gaussian mixtures, and their parameters as arrays.
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <jensen/error.h>
#include <jensen/fit_gaussian_mixture.h>
#include <jensen/math/cholesky.h>

#include <optional>
#include <span>

#include "arrays.h"
#include "gaussians.h"
#include "model.h"
#include "options.h"
#include "reports.h"
#include "watch.h"

namespace jensen::python {

namespace {

const GaussianMixture& mixture_in(const ModelFile& file) {
  const auto* mixture = file.get<GaussianMixture>();
  if (mixture == nullptr) throw ArgumentError("model", "kind", "is no Gaussian mixture");
  return *mixture;
}

std::vector<double> copied(std::span<const double> values) { return {values.begin(), values.end()}; }

ModelFile model_from(const Numbers& weights, const Matrix& means, const Stack& covariances,
                     const std::string& structure, std::vector<std::string> columns) {
  GaussianMixture mixture({weights.data(), weights.data() + weights.size()},
                          gaussian_from(means, covariances, covariance_named(structure)));
  return file_of(std::move(mixture), std::move(columns));
}

nb::tuple result_of(Fitted<GaussianMixture> fitted, const Table& table, Prior prior, const Options& options,
                    bool interrupted) {
  const int states = fitted.model.states();
  ModelFile file = file_of(std::move(fitted.model), column_names(table));
  file.fit = summarize(fitted.report, prior, states, options.constraints);
  return nb::make_tuple(std::move(file), to_python(fitted.report, states), interrupted);
}

nb::tuple fit_from_data(const Table& table, int components, const std::string& structure, const std::string& prior,
                        const nb::dict& arguments, nb::object callback) {
  Watch watch(std::move(callback));
  const Options options = watch.over(options_from(arguments));
  const GaussianMixtureOptions model{components, covariance_named(structure), prior_named(prior)};
  std::optional<Fitted<GaussianMixture>> fitted;
  watch.run([&] { fitted = fit_gaussian_mixture(table, model, options); });
  return result_of(std::move(*fitted), table, model.prior, options, watch.interrupted());
}

nb::tuple fit_from_model(const Table& table, const ModelFile& start, const std::string& prior,
                         const nb::dict& arguments, nb::object callback) {
  Watch watch(std::move(callback));
  const Options options = watch.over(options_from(arguments));
  const GaussianMixture& mixture = mixture_in(start);
  const Prior chosen = prior_named(prior);
  std::optional<Fitted<GaussianMixture>> fitted;
  watch.run([&] { fitted = fit_gaussian_mixture(mixture, table, chosen, options); });
  return result_of(std::move(*fitted), table, chosen, options, watch.interrupted());
}

}  // namespace

Gaussian gaussian_from(const Matrix& means, const Stack& covariances, Covariance structure) {
  const std::size_t components = means.shape(0);
  const std::size_t columns = means.shape(1);
  if (covariances.shape(0) != components || covariances.shape(1) != columns || covariances.shape(2) != columns) {
    throw ArgumentError("model", "covariances", "must be one square matrix for each mean, as large as a row of means");
  }
  const Table centers = table_of(means, {});
  std::vector<double> locations;
  std::vector<std::vector<double>> matrices;
  for (std::size_t k = 0; k < components; ++k) {
    for (std::size_t j = 0; j < columns; ++j) {
      locations.push_back(centers.cell(static_cast<std::int64_t>(k), static_cast<int>(j)));
    }
    std::vector<double> packed;
    for (std::size_t a = 0; a < columns; ++a) {
      for (std::size_t b = 0; b <= a; ++b) packed.push_back(covariances(k, a, b));
    }
    matrices.push_back(std::move(packed));
  }
  Gaussian gaussian(static_cast<int>(components), static_cast<int>(columns), structure);
  gaussian.set(std::move(locations), in_shape(structure, static_cast<int>(columns), matrices));
  return gaussian;
}

nb::object means_of(const Gaussian& gaussian) {
  return array(copied(gaussian.means()),
               {static_cast<std::size_t>(gaussian.states()), static_cast<std::size_t>(gaussian.columns())});
}

nb::object covariances_of(const Gaussian& gaussian) {
  const int columns = gaussian.columns();
  std::vector<double> values;
  for (int k = 0; k < gaussian.states(); ++k) {
    const auto packed = gaussian.covariance(k);
    for (int a = 0; a < columns; ++a) {
      for (int b = 0; b < columns; ++b) values.push_back(packed[packed_index(a, b)]);
    }
  }
  const auto d = static_cast<std::size_t>(columns);
  return array(std::move(values), {static_cast<std::size_t>(gaussian.states()), d, d});
}

void bind_gaussian_mixture(nb::module_& module) {
  module.def("covariance_letters", [](const std::string& name) { return letters(covariance_named(name)); });
  module.def("covariance_name", [](const std::string& name) { return to_string(covariance_named(name)); });
  module.def("restart_seed", &restart_seed, nb::arg("seed"), nb::arg("restart"));
  module.def("gaussian_mixture", &model_from, nb::arg("weights"), nb::arg("means"), nb::arg("covariances"),
             nb::arg("structure"), nb::arg("columns"));
  module.def(
      "gaussian_mixture_parameters",
      [](const ModelFile& file) {
        const GaussianMixture& mixture = mixture_in(file);
        const auto components = static_cast<std::size_t>(mixture.states());
        return nb::make_tuple(array(copied(mixture.weights()), {components}), means_of(mixture.emissions()),
                              covariances_of(mixture.emissions()),
                              to_string(mixture.emissions().covariance_structure()));
      },
      nb::arg("model"));
  module.def("fit_gaussian_mixture", &fit_from_data, nb::arg("table"), nb::arg("components"), nb::arg("structure"),
             nb::arg("prior"), nb::arg("options"), nb::arg("callback").none());
  module.def("fit_gaussian_mixture_from", &fit_from_model, nb::arg("table"), nb::arg("start"), nb::arg("prior"),
             nb::arg("options"), nb::arg("callback").none());
}

}  // namespace jensen::python
