// The engine's view of a model: the contract of concepts.h behind virtual functions, so that the engine is compiled
// once. Erased<M> adapts any LatentModel. A virtual call per block costs nothing beside the block's work.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include <jensen/concepts.h>
#include <jensen/error.h>

namespace jensen {

/// A model at one θ. Functions behind a capability that can() denies throw UnsupportedError.
class Model {
 public:
  /// Memory of one worker; its content means nothing between calls.
  struct Scratch {
    virtual ~Scratch() = default;
    /// E-steps with this memory may leave out of each state what is below this share of its weight (0: nothing).
    virtual void leave_out_below(double) {}
    /// What the last one left out at most: by state the sum of its responsibilities; empty: nothing.
    virtual std::span<const double> left_out() const { return {}; }
    /// E-steps with this memory may note of each row of the data (Block::first_row) which state is likely, and look
    /// there first the next time: 0, or 1 + the state. What is noted there changes no result.
    virtual void note_likely_states(std::span<std::uint16_t>) {}
    /// E-steps with this memory may have these at their side, who must outlive it.
    virtual void work_with(Helpers&) {}
  };

  virtual ~Model() = default;
  virtual std::unique_ptr<Model> clone() const = 0;
  virtual std::string name() const = 0;
  virtual bool can(Capability capability) const = 0;
  virtual std::optional<int> columns() const = 0;
  virtual bool sequential() const = 0;  ///< its units are sequences of rows, not single rows

  virtual Statistics no_statistics() const = 0;
  virtual std::unique_ptr<Scratch> scratch() const = 0;
  virtual Evidence expect(const Block& x, const Rule& q, Statistics& s, Scratch& scratch) const = 0;
  /// Whether expect() is content with Block::by_row under this rule, and with long blocks.
  virtual bool takes_rows(const Rule&) const { return false; }
  /// Whether what E-steps left out (Scratch::left_out(), summed) changes these statistics of theirs by nothing beyond
  /// rounding; if not, they are to be repeated with less: what negligible_beside() says of the statistics will do.
  virtual bool resolved(const Statistics&, std::span<const double>) const { return true; }
  virtual double negligible_beside(const Statistics&) const { return 0; }
  virtual void maximize(const Statistics& s) = 0;
  virtual bool tentative() const { return false; }  ///< the last M-step need not climb: the loop takes it on trial
  /// The relative error of a log-likelihood: what the engine takes for noise.
  virtual double rounding() const { return std::numeric_limits<double>::epsilon(); }
  virtual int parts() const { return 1; }  ///< conditional maximisations that θ falls into (ECM)
  virtual void maximize_part(const Statistics& s, int part) = 0;
  virtual bool augments_by_part() const { return false; }  ///< each part needs an E-step of its own (AECM, ECME)

  virtual double log_prior() const = 0;                      ///< 0 where the model has no prior
  virtual std::vector<Degeneracy> degeneracies() const = 0;  ///< of the last M-step; empty where none is known

  virtual double expected_log_joint(const Statistics& s) const = 0;
  virtual std::vector<double> unconstrained() const = 0;
  virtual void set_unconstrained(std::span<const double> u) = 0;
  virtual std::vector<double> parameters() const = 0;
  virtual void set_parameters(std::span<const double> v) = 0;
  virtual std::vector<std::string> parameter_names() const = 0;
  virtual Statistics move(const Statistics& s) const = 0;
  virtual int free_parameters() const = 0;
  virtual void score(const Block& x, std::span<double> log_density) const = 0;
  virtual int states() const = 0;
  /// States fall into so many clusters of the same size, one after the other, of which a sequence keeps to one.
  virtual int clusters() const { return 1; }
  virtual void responsibilities(const Block& x, Panel p) const = 0;
  virtual void sample(std::uint64_t seed, std::int64_t first_row, Panel x, std::span<std::int32_t> z) const = 0;
  virtual void impute(const Block& x, Panel filled) const = 0;

  /// Throws UnsupportedError naming this model, the capability and who needs it, unless can(capability).
  void require(Capability capability, std::string_view needed_by) const {
    if (!can(capability)) throw UnsupportedError(name(), describe(capability), needed_by);
  }
  /// Throws where the data have sequences and the model takes rows as independent, or the other way round.
  void check_units(bool data_have_sequences) const {
    if (sequential() == data_have_sequences) return;
    throw ArgumentError(name(), "data",
                        data_have_sequences ? "are cut into sequences, but this model takes rows as independent"
                                            : "must say which rows form a sequence (a single one: all rows)");
  }
};

/// Any LatentModel as a Model.
template <LatentModel M>
class Erased final : public Model {
 public:
  explicit Erased(M model) : model_(std::move(model)) {}
  const M& get() const { return model_; }

  std::unique_ptr<Model> clone() const override { return std::make_unique<Erased>(*this); }

  std::string name() const override {
    if constexpr (HasName<M>) return model_.name();
    return "this model";
  }

  std::optional<int> columns() const override {
    if constexpr (HasColumns<M>) return model_.columns();
    return std::nullopt;
  }

  bool sequential() const override {
    if constexpr (HasSequential<M>) return model_.sequential();
    return false;
  }

  bool can(Capability capability) const override {
    if constexpr (requires {
                    { model_.can(capability) } -> std::same_as<bool>;
                  }) {
      if (!model_.can(capability)) return false;
    }
    switch (capability) {
      case Capability::rules: return ExpectsByRule<M> || ExpectsWithScratch<M>;
      case Capability::expected_log_joint:
      case Capability::global_bound: return HasExpectedLogJoint<M>;
      case Capability::unconstrained: return HasUnconstrained<M>;
      case Capability::parameters: return HasParameters<M>;
      case Capability::move: return HasMove<M>;
      case Capability::free_parameters: return HasFreeParameters<M> || HasUnconstrained<M>;
      case Capability::score: return HasScore<M>;
      case Capability::states: return HasStates<M>;
      case Capability::sample: return HasSample<M>;
      case Capability::parts: return HasParts<M>;
      case Capability::impute: return HasImpute<M>;
    }
    return false;
  }

  Statistics no_statistics() const override { return model_.no_statistics(); }

  std::unique_ptr<Scratch> scratch() const override {
    if constexpr (ExpectsWithScratch<M>) return std::make_unique<OwnScratch<typename M::Scratch>>();
    return std::make_unique<Scratch>();
  }

  Evidence expect(const Block& x, const Rule& q, Statistics& s, Scratch& scratch) const override {
    if constexpr (ExpectsWithScratch<M>) {
      return model_.expect(x, q, s, static_cast<OwnScratch<typename M::Scratch>&>(scratch).own);
    } else if constexpr (ExpectsByRule<M>) {
      return model_.expect(x, q, s);
    } else {
      const auto* posterior = std::get_if<Posterior>(&q);
      if (posterior == nullptr || posterior->temperature != 1) require(Capability::rules, "an E-step under this rule");
      Evidence evidence;
      for (std::int64_t i = 0; i < x.rows(); ++i) evidence.weight += x.weight(i);
      evidence.entropy = std::numeric_limits<double>::quiet_NaN();
      evidence.log_likelihood = model_.expect(x, s);
      return evidence;
    }
  }

  bool takes_rows(const Rule& q) const override {
    if constexpr (requires {
                    { model_.takes_rows(q) } -> std::same_as<bool>;
                  }) {
      return model_.takes_rows(q);
    }
    return false;
  }

  bool resolved(const Statistics& s, std::span<const double> left_out) const override {
    if constexpr (requires {
                    { model_.resolved(s, left_out) } -> std::same_as<bool>;
                  }) {
      return model_.resolved(s, left_out);
    }
    return true;
  }
  double negligible_beside(const Statistics& s) const override {
    if constexpr (requires {
                    { model_.negligible_beside(s) } -> std::same_as<double>;
                  }) {
      return model_.negligible_beside(s);
    }
    return 0;
  }
  void maximize(const Statistics& s) override { model_.maximize(s); }
  bool tentative() const override {
    if constexpr (HasTentative<M>) return model_.tentative();
    return false;
  }
  double rounding() const override {
    if constexpr (requires {
                    { model_.rounding() } -> std::same_as<double>;
                  }) {
      return model_.rounding();
    }
    return std::numeric_limits<double>::epsilon();
  }
  int parts() const override {
    if constexpr (HasParts<M>) return model_.parts();
    return 1;
  }
  void maximize_part(const Statistics& s, int part) override {
    if constexpr (HasParts<M>) return model_.maximize(s, part);
    refuse(Capability::parts);
  }
  bool augments_by_part() const override {
    if constexpr (AugmentsByPart<M>) return model_.augments_by_part();
    return false;
  }

  double log_prior() const override {
    if constexpr (HasLogPrior<M>) return model_.log_prior();
    return 0;
  }
  std::vector<Degeneracy> degeneracies() const override {
    if constexpr (HasDegeneracies<M>) return model_.degeneracies();
    return {};
  }

  double expected_log_joint(const Statistics& s) const override {
    if constexpr (HasExpectedLogJoint<M>) return model_.expected_log_joint(s);
    refuse(Capability::expected_log_joint);
  }
  std::vector<double> unconstrained() const override {
    if constexpr (HasUnconstrained<M>) return model_.unconstrained();
    refuse(Capability::unconstrained);
  }
  void set_unconstrained(std::span<const double> u) override {
    if constexpr (HasUnconstrained<M>) return model_.set_unconstrained(u);
    refuse(Capability::unconstrained);
  }
  std::vector<double> parameters() const override {
    if constexpr (HasParameters<M>) return model_.parameters();
    refuse(Capability::parameters);
  }
  void set_parameters(std::span<const double> v) override {
    if constexpr (HasParameters<M>) return model_.set_parameters(v);
    refuse(Capability::parameters);
  }
  std::vector<std::string> parameter_names() const override {
    if constexpr (HasParameters<M>) return model_.parameter_names();
    refuse(Capability::parameters);
  }
  Statistics move(const Statistics& s) const override {
    if constexpr (HasMove<M>) return model_.move(s);
    refuse(Capability::move);
  }
  int free_parameters() const override {
    if constexpr (HasFreeParameters<M>) return model_.free_parameters();
    if constexpr (HasUnconstrained<M>) return static_cast<int>(model_.unconstrained().size());
    refuse(Capability::free_parameters);
  }
  void score(const Block& x, std::span<double> log_density) const override {
    if constexpr (HasScore<M>) return model_.score(x, log_density);
    refuse(Capability::score);
  }
  int states() const override {
    if constexpr (HasStates<M>) return model_.states();
    refuse(Capability::states);
  }

  int clusters() const override {
    if constexpr (requires { model_.clusters(); }) return model_.clusters();
    return 1;
  }
  void responsibilities(const Block& x, Panel p) const override {
    if constexpr (HasStates<M>) return model_.responsibilities(x, p);
    refuse(Capability::states);
  }
  void sample(std::uint64_t seed, std::int64_t first_row, Panel x, std::span<std::int32_t> z) const override {
    if constexpr (HasSample<M>) return model_.sample(seed, first_row, x, z);
    refuse(Capability::sample);
  }
  void impute(const Block& x, Panel filled) const override {
    if constexpr (HasImpute<M>) return model_.impute(x, filled);
    refuse(Capability::impute);
  }

 private:
  template <class S>
  struct OwnScratch final : Scratch {
    S own;
    void leave_out_below(double negligible) override {
      if constexpr (requires { own.negligible = negligible; }) own.negligible = negligible;
    }
    std::span<const double> left_out() const override {
      if constexpr (requires { std::span<const double>(own.left_out); }) return own.left_out;
      return {};
    }
    void note_likely_states(std::span<std::uint16_t> states) override {
      if constexpr (requires { own.likely = states; }) own.likely = states;
    }
    void work_with(Helpers& helpers) override {
      if constexpr (requires { own.helpers = &helpers; }) own.helpers = &helpers;
    }
  };
  [[noreturn]] void refuse(Capability capability) const {
    throw UnsupportedError(name(), describe(capability), "this call");
  }

  M model_;
};

}  // namespace jensen
