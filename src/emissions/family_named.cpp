#include <jensen/emissions/categories.h>
#include <jensen/emissions/continuous.h>
#include <jensen/emissions/counts.h>
#include <jensen/emissions/family_named.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace jensen {

namespace {

struct Entry {
  const char* name;
  AnyEmissions (*make)(int states, const FamilyContext& context);
  int most_columns = 1;
};

template <class F>
AnyEmissions plain(int states, const FamilyContext&) {
  return Independent<F>(states, F());
}

int whole(double largest) { return static_cast<int>(std::clamp(std::floor(largest), -1.0, 1e6)); }

const std::vector<Entry>& entries() {
  static const std::vector<Entry> all = {
      {"normal", plain<Normal>},
      {"log-normal", plain<LogNormal>},
      {"exponential", plain<Exponential>},
      {"gamma", plain<Gamma>},
      {"weibull", plain<Weibull>},
      {"beta", plain<Beta>},
      {"von-mises", plain<VonMises>},
      {"uniform",
       [](int k, const FamilyContext& c) -> AnyEmissions {
         return Independent<Uniform>(k, Uniform(c.smallest, c.largest));
       }},
      {"poisson",
       [](int k, const FamilyContext& c) -> AnyEmissions {
         return Independent<Poisson>(k, Poisson(1, c.columns == 2 ? SecondColumn::present : SecondColumn::none));
       },
       2},
      {"negative-binomial",
       [](int k, const FamilyContext& c) -> AnyEmissions {
         return Independent<NegativeBinomial>(k, NegativeBinomial(whole(c.largest)));
       }},
      {"binomial",
       [](int k, const FamilyContext& c) -> AnyEmissions {
         return Independent<Binomial>(k, Binomial(c.columns == 2 ? 0 : std::max(1, whole(c.largest))));
       },
       2},
      {"geometric", plain<Geometric>},
      {"zero-inflated-poisson", plain<ZeroInflatedPoisson>},
      {"bernoulli", plain<Bernoulli>},
      {"categorical",
       [](int k, const FamilyContext& c) -> AnyEmissions {
         return Independent<Categorical>(k, Categorical(std::max(2, whole(c.largest) + 1)));
       }},
      {"multinomial",
       [](int k, const FamilyContext& c) -> AnyEmissions {
         return Independent<Multinomial>(k, Multinomial(c.columns));
       },
       1 << 20},
  };
  return all;
}

}  // namespace

std::vector<std::string> family_names() {
  std::vector<std::string> names;
  for (const Entry& entry : entries()) names.emplace_back(entry.name);
  return names;
}

AnyEmissions family_named(std::string_view name, int states, const FamilyContext& context) {
  for (const Entry& entry : entries()) {
    if (name != entry.name) continue;
    if (context.columns < 1 || context.columns > entry.most_columns) {
      throw ArgumentError("family_named", "columns",
                          fmt::format("{} reads {}, got {}", name,
                                      entry.most_columns == 1 ? "one column" : "1 or 2 columns", context.columns));
    }
    return entry.make(states, context);
  }
  std::string known;
  for (const auto& n : family_names()) known += (known.empty() ? "" : ", ") + n;
  throw ArgumentError("family_named", "name", fmt::format("'{}' is none of {}", name, known));
}

}  // namespace jensen
