#include <jensen/error.h>
#include <jensen/model_residuals.h>
#include <jensen/models/gaussian_mixture.h>
#include <jensen/models/residuals.h>

namespace jensen {

namespace {

template <class M>
bool found_of(const ModelFile& file, const Block& x, int column, std::span<double> out) {
  const M* model = file.get<M>();
  if (model != nullptr) pseudo_residuals(*model, x, column, out);
  return model != nullptr;
}

}  // namespace

void pseudo_residuals(const ModelFile& file, const Block& x, int column, std::span<double> out) {
  if (const auto* gaussians = file.get<GaussianMixture>()) {
    const auto weights = gaussians->weights();
    return pseudo_residuals(AnyMixture({weights.begin(), weights.end()}, AnyEmissions(gaussians->emissions())), x,
                            column, out);
  }
  if (found_of<AnyHiddenMarkov>(file, x, column, out) || found_of<AnyMixture>(file, x, column, out) ||
      found_of<GatedMixture>(file, x, column, out) || found_of<AnyGroupedMixture>(file, x, column, out)) {
    return;
  }
  throw UnsupportedError(file.model->name(), "say how each row is distributed alone", "a residual");
}

}  // namespace jensen
