#include <jensen/error.h>
#include <jensen/models/any_chain.h>

namespace jensen {

int AnyChain::states() const {
  return std::visit([](const auto& chain) { return chain.states(); }, held_);
}

int AnyChain::clusters() const {
  return std::visit([](const auto& chain) { return chain_clusters(chain); }, held_);
}

bool AnyChain::can(Capability capability) const {
  return std::visit([&](const auto& chain) { return chain_can(chain, capability); }, held_);
}

bool AnyChain::tentative() const {
  return std::visit([](const auto& chain) { return chain_tentative(chain); }, held_);
}

std::size_t AnyChain::statistics_size() const {
  return std::visit([](const auto& chain) { return chain.statistics_size(); }, held_);
}

std::size_t AnyChain::reference_size() const {
  return std::visit([](const auto& chain) { return chain_reference_size(chain); }, held_);
}

void AnyChain::reference(std::span<double> about) const {
  std::visit([&](const auto& chain) { chain_reference(chain, about); }, held_);
}

void AnyChain::maximize(ConstSlice statistics) {
  std::visit([&](auto& chain) { chain_maximize(chain, statistics); }, held_);
}

double AnyChain::expected_log_density(ConstSlice statistics) const {
  return std::visit([&](const auto& chain) { return chain_expected_log_density(chain, statistics); }, held_);
}

double AnyChain::log_prior() const {
  return std::visit([](const auto& chain) { return chain.log_prior(); }, held_);
}

int AnyChain::free_parameters() const {
  return std::visit([](const auto& chain) { return chain.free_parameters(); }, held_);
}

std::vector<double> AnyChain::unconstrained() const {
  return std::visit([](const auto& chain) { return chain.unconstrained(); }, held_);
}

void AnyChain::set_unconstrained(std::span<const double> u) {
  std::visit([&](auto& chain) { chain.set_unconstrained(u); }, held_);
}

std::vector<double> AnyChain::parameters() const {
  return std::visit([](const auto& chain) { return chain.parameters(); }, held_);
}

void AnyChain::set_parameters(std::span<const double> v) {
  std::visit([&](auto& chain) { chain.set_parameters(v); }, held_);
}

std::vector<std::string> AnyChain::parameter_names() const {
  return std::visit([](const auto& chain) { return chain.parameter_names(); }, held_);
}

AnyChain AnyChain::reordered(std::span<const int> order) const {
  return std::visit([&](const auto& chain) { return AnyChain(chain.reordered(order)); }, held_);
}

AnyChain::Path::Path(const AnyChain& chain)
    : held_(std::visit(
          [](const auto& own) { return decltype(held_)(typename std::remove_cvref_t<decltype(own)>::Path(own)); },
          chain.held())) {}

AnyChain::Path::Path(const AnyChain& chain, int state) : held_(going_on(chain, state)) {}

AnyChain::Path::Held AnyChain::Path::going_on(const AnyChain& chain, int state) {
  return std::visit(
      [&](const auto& own) -> Held {
        using Own = typename std::remove_cvref_t<decltype(own)>::Path;
        if constexpr (std::constructible_from<Own, decltype(own), int>) return Own(own, state);
        throw UnsupportedError("a chain with explicit durations", "go on from a state alone", "rows to come");
      },
      chain.held());
}

int AnyChain::Path::next(Stream& stream, const ConstPanel& x, std::int64_t row) {
  return std::visit([&](auto& path) { return chain_next(path, stream, x, row); }, held_);
}

Evidence AnyChain::posterior(const Block& x, const Rule& rule, Panel log_density, Slice statistics,
                             ChainScratch& scratch) const {
  return std::visit([&](const auto& own) { return chain_expect(x, rule, own, log_density, statistics, scratch); },
                    held_);
}

Evidence AnyChain::posterior(const Block& x, const Rule& rule, ChainSegments& segments, const ChainPlan& plan,
                             Slice statistics, ChainScratch& scratch) const {
  return std::visit([&](const auto& own) { return chain_posterior(x, rule, own, segments, plan, statistics, scratch); },
                    held_);
}

void AnyChain::score(const Block& x, Panel log_density, std::span<double> out, ChainScratch& scratch) const {
  std::visit([&](const auto& own) { chain_score(x, own, log_density, out, scratch); }, held_);
}

void AnyChain::score(const Block& x, ChainSegments& segments, std::span<double> out, ChainScratch& scratch) const {
  std::visit([&](const auto& own) { chain_score(x, own, segments, out, scratch); }, held_);
}

void AnyChain::filter(const Block& x, Panel log_density, ChainScratch& scratch) const {
  std::visit([&](const auto& own) { chain_filter(x, own, log_density, scratch); }, held_);
}

void AnyChain::predict(const Block& x, Panel log_density, ChainScratch& scratch) const {
  std::visit([&](const auto& own) { chain_predict(x, own, log_density, scratch); }, held_);
}

void AnyChain::decode(const Block& x, Panel log_density, std::span<std::int32_t> path, std::span<double> value) const {
  std::visit([&](const auto& own) { viterbi(x, own, log_density, path, value); }, held_);
}

void AnyChain::decode(const Block& x, ChainSegments& segments, std::span<std::int32_t> path,
                      std::span<double> value) const {
  std::visit([&](const auto& own) { viterbi(x, own, segments, path, value); }, held_);
}

}  // namespace jensen
