// The table of docs/standard-errors.md: `./dev coverage`. Fails where a share lies outside [.93, .97].
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "support/coverage.h"

namespace {

using namespace jensen;

int outside = 0;

void mark(double share) {
  const bool inside = share >= 0.93 && share <= 0.97;
  outside += inside ? 0 : 1;
  std::printf(" %.3f%s |", share, inside ? "" : " !");
}

template <class M>
void study(const char* name, const M& truth, const support::CoverageOptions& options) {
  for (const auto& c : coverage_of(truth, options)) {
    std::printf("| %s | %lld | `%s` | %g |", name, static_cast<long long>(options.rows), c.parameter.c_str(), c.truth);
    mark(c.oakes);
    mark(c.sandwich);
    mark(c.profile);
    std::printf("\n");
  }
}

}  // namespace

int main(int count, char** words) try {
  const int data_sets = count > 1 ? std::atoi(words[1]) : 500;
  std::printf("| model | rows | parameter | truth | Oakes | sandwich | profile |\n");
  std::printf("| --- | --- | --- | --- | --- | --- | --- |\n");
  study("two normals", support::two_normals(), {.data_sets = data_sets, .rows = 1000});
  study("genetic linkage", support::linkage_at_its_maximum(), {.data_sets = data_sets, .rows = 197});
  study("two Poissons", support::PoissonMixture({0.4, 0.6}, {2, 9}), {.data_sets = data_sets, .rows = 500});
  std::printf("\n%d data sets each; %d shares outside [.93, .97]\n", data_sets, outside);
  return outside == 0 ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
