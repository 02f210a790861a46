#include <jensen/gaussian_mixture_file.h>
#include <jensen/model_file.h>

#include <gtest/gtest.h>

#include "support/models.h"

namespace jensen {
namespace {

ModelFile two_components() {
  Gaussian gaussian(2, 2, Covariance::diagonal);
  gaussian.set({0.1, -1e300, 1.0 / 3, -0.0}, {1.0 / 3, 2e-150, 3e150, 0.1});
  return to_model_file({GaussianMixture({1.0 / 3, 2.0 / 3}, std::move(gaussian)), {"a, b", "größe"}, {"", "x"}, {}});
}

TEST(ModelFile, KeepsEveryBitOfAnyKind) {
  const ModelFile file = two_components();
  const ModelFile read = parse_model(model_text(file), "test");
  EXPECT_EQ(model_kind(read), "gaussian-mixture");
  EXPECT_EQ(read.model->parameters(), file.model->parameters());
  EXPECT_EQ(read.columns, file.columns);
  EXPECT_EQ(read.component(0), "component_0");
  EXPECT_EQ(read.component(1), "x");
  EXPECT_EQ(model_text(read), model_text(file));
}

TEST(ModelFile, ReadsWhatTheFilesOfGaussianMixturesWrite) {
  const ModelFile file = two_components();
  const auto own = parse_gaussian_mixture(model_text(file), "test");
  EXPECT_EQ(own.model.parameters(), file.model->parameters());
  EXPECT_EQ(gaussian_mixture_text(own), model_text(file));
}

TEST(ModelFile, NamesWhatItCannotRead) {
  EXPECT_THROW(parse_model("{}", "m.json"), DataError);
  try {
    parse_model(R"({"format": "jensen-model", "version": 1, "model": "crystal-ball"})", "m.json");
    FAIL();
  } catch (const DataError& error) {
    EXPECT_EQ(std::string(error.what()).find("m.json: model: 'crystal-ball' is none of the kinds of models"), 0u)
        << error.what();
  }
}

TEST(ModelFile, RefusesModelsThatNoFormatHolds) {
  EXPECT_THROW(model_text({std::make_shared<Erased<support::UnitNormal>>(support::UnitNormal{}), {"x"}, {}, {}}),
               UnsupportedError);
}

}  // namespace
}  // namespace jensen
