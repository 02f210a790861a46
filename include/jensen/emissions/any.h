// Any emissions behind one type, chosen at run time, so that a mixture or a hidden Markov model over them is compiled
// once. A virtual call per block costs nothing beside the block's work.
#pragma once

#include <memory>
#include <utility>

#include <jensen/emissions/optional.h>

namespace jensen {

/// A value that holds any type that is Emissions. What the one inside lacks, can() denies and the function refuses.
///   AnyEmissions emissions = Gaussian(3, 2, Covariance::full);
class AnyEmissions {
 public:
  /// Made for the emissions inside on first use; serves others afterwards as well.
  class Scratch {
    friend class AnyEmissions;
    struct Own {
      virtual ~Own() = default;
    };
    std::unique_ptr<Own> own_;
  };

  // Laid out by hand: clang-format 14 does not know concepts. That a type is Emissions is asserted rather than
  // required: asking whether Mixture<AnyEmissions> can be copied would ask for this constructor again.
  // clang-format off
  template <class E>
    requires(!std::same_as<E, AnyEmissions>) && requires(const E e) { { e.layout() } -> std::same_as<Layout>; }
  AnyEmissions(E emissions) : held_(std::make_unique<Held<E>>(std::move(emissions))) {
    static_assert(Emissions<E>);
  }
  // clang-format on

  AnyEmissions(const AnyEmissions& other) : held_(other.held_->clone()) {}
  AnyEmissions& operator=(const AnyEmissions& other) {
    held_ = other.held_->clone();
    return *this;
  }
  AnyEmissions(AnyEmissions&&) noexcept = default;
  AnyEmissions& operator=(AnyEmissions&&) noexcept = default;
  ~AnyEmissions() = default;

  /// The emissions inside if they are of type E, else null.
  template <class E>
  const E* as() const {
    const auto* held = dynamic_cast<const Held<E>*>(held_.get());
    return held == nullptr ? nullptr : &held->emissions;
  }
  template <class E>
  E* as() {
    auto* held = dynamic_cast<Held<E>*>(held_.get());
    return held == nullptr ? nullptr : &held->emissions;
  }

  std::string name() const { return held_->name(); }
  bool can(Capability capability) const { return held_->can(capability); }
  bool tentative() const { return held_->tentative(); }

  int states() const { return held_->states(); }
  int columns() const { return held_->columns(); }
  Layout layout() const { return held_->layout(); }
  void reference(std::span<double> about) const { held_->reference(about); }
  void add_log_density(const Block& x, Panel p, Scratch& w) const { held_->add_log_density(x, p, w); }
  double accumulate(const Block& x, ConstPanel r, Slice s, Scratch& w) const { return held_->accumulate(x, r, s, w); }
  void maximize(ConstSlice s) { held_->maximize(s); }

  double expected_log_density(ConstSlice s) const { return held_->expected_log_density(s); }
  double log_prior() const { return held_->log_prior(); }
  std::vector<Degeneracy> degeneracies() const { return held_->degeneracies(); }
  void move(ConstSlice from, Slice to) const { held_->move(from, to); }
  void sample(int k, Stream& stream, std::span<double> row) const { held_->sample(k, stream, row); }
  void impute(const Block& x, ConstPanel p, Panel filled) const { held_->impute(x, p, filled); }
  std::optional<CellProblem> problem(const Block& x) const { return held_->problem(x); }
  bool regularize(ConstSlice pooled, double rows) { return held_->regularize(pooled, rows); }
  int free_parameters() const { return held_->free_parameters(); }
  std::vector<double> unconstrained() const { return held_->unconstrained(); }
  void set_unconstrained(std::span<const double> u) { held_->set_unconstrained(u); }
  std::vector<double> parameters() const { return held_->parameters(); }
  void set_parameters(std::span<const double> v) { held_->set_parameters(v); }
  std::vector<std::string> parameter_names() const { return held_->parameter_names(); }

 private:
  struct Interface {
    virtual ~Interface() = default;
    virtual std::unique_ptr<Interface> clone() const = 0;
    virtual std::string name() const = 0;
    virtual bool can(Capability capability) const = 0;
    virtual bool tentative() const = 0;
    virtual int states() const = 0;
    virtual int columns() const = 0;
    virtual Layout layout() const = 0;
    virtual void reference(std::span<double> about) const = 0;
    virtual void add_log_density(const Block& x, Panel p, Scratch& w) const = 0;
    virtual double accumulate(const Block& x, ConstPanel r, Slice s, Scratch& w) const = 0;
    virtual void maximize(ConstSlice s) = 0;
    virtual double expected_log_density(ConstSlice s) const = 0;
    virtual double log_prior() const = 0;
    virtual std::vector<Degeneracy> degeneracies() const = 0;
    virtual void move(ConstSlice from, Slice to) const = 0;
    virtual void sample(int k, Stream& stream, std::span<double> row) const = 0;
    virtual void impute(const Block& x, ConstPanel p, Panel filled) const = 0;
    virtual std::optional<CellProblem> problem(const Block& x) const = 0;
    virtual bool regularize(ConstSlice pooled, double rows) = 0;
    virtual int free_parameters() const = 0;
    virtual std::vector<double> unconstrained() const = 0;
    virtual void set_unconstrained(std::span<const double> u) = 0;
    virtual std::vector<double> parameters() const = 0;
    virtual void set_parameters(std::span<const double> v) = 0;
    virtual std::vector<std::string> parameter_names() const = 0;
  };

  template <class E>
  struct Held final : Interface {
    explicit Held(E e) : emissions(std::move(e)) {}
    struct Memory final : Scratch::Own {
      typename E::Scratch scratch;
    };
    static typename E::Scratch& mine(Scratch& w) {
      auto* memory = dynamic_cast<Memory*>(w.own_.get());
      if (memory == nullptr) {
        w.own_ = std::make_unique<Memory>();
        memory = static_cast<Memory*>(w.own_.get());
      }
      return memory->scratch;
    }

    std::unique_ptr<Interface> clone() const override { return std::make_unique<Held>(*this); }
    std::string name() const override { return optional::name(emissions); }
    bool can(Capability capability) const override { return optional::can(emissions, capability); }
    bool tentative() const override { return optional::tentative(emissions); }
    int states() const override { return emissions.states(); }
    int columns() const override { return emissions.columns(); }
    Layout layout() const override { return emissions.layout(); }
    void reference(std::span<double> about) const override { emissions.reference(about); }
    void add_log_density(const Block& x, Panel p, Scratch& w) const override {
      emissions.add_log_density(x, p, mine(w));
    }
    double accumulate(const Block& x, ConstPanel r, Slice s, Scratch& w) const override {
      return emissions.accumulate(x, r, s, mine(w));
    }
    void maximize(ConstSlice s) override { emissions.maximize(s); }
    double expected_log_density(ConstSlice s) const override { return optional::expected_log_density(emissions, s); }
    double log_prior() const override { return optional::log_prior(emissions); }
    std::vector<Degeneracy> degeneracies() const override { return optional::degeneracies(emissions); }
    void move(ConstSlice from, Slice to) const override { optional::move(emissions, from, to); }
    void sample(int k, Stream& stream, std::span<double> row) const override {
      optional::sample(emissions, k, stream, row);
    }
    void impute(const Block& x, ConstPanel p, Panel filled) const override {
      optional::impute(emissions, x, p, filled);
    }
    std::optional<CellProblem> problem(const Block& x) const override { return optional::problem(emissions, x); }
    bool regularize(ConstSlice pooled, double rows) override { return optional::regularize(emissions, pooled, rows); }
    int free_parameters() const override { return optional::free_parameters(emissions); }
    std::vector<double> unconstrained() const override { return optional::unconstrained(emissions); }
    void set_unconstrained(std::span<const double> u) override { optional::set_unconstrained(emissions, u); }
    std::vector<double> parameters() const override { return optional::parameters(emissions); }
    void set_parameters(std::span<const double> v) override { optional::set_parameters(emissions, v); }
    std::vector<std::string> parameter_names() const override { return optional::parameter_names(emissions); }

    E emissions;
  };

  std::unique_ptr<Interface> held_;
};

static_assert(Emissions<AnyEmissions>);

}  // namespace jensen
