// p(x, z; θ) = p(z_1 … z_T; θ) Π_t p(x_t | z_t; θ): a chain of hidden states under any emissions.
#pragma once

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include <jensen/concepts.h>
#include <jensen/emissions/optional.h>
#include <jensen/error.h>
#include <jensen/math/random.h>
#include <jensen/models/chain_posterior.h>
#include <jensen/models/chain_segments.h>
#include <jensen/models/clustered_chain.h>
#include <jensen/models/discrete_posterior.h>
#include <jensen/models/viterbi.h>

namespace jensen {

/// Its units are sequences of rows (Data::sequences); a block without sequences is taken as one. Statistics: those of
/// the chain, then those of the emissions. Missing cells and wholly missing rows are integrated out, states known for
/// some rows restrict the paths.
///
/// A Chain is a distribution of paths of states: its parameters and its M-step are members under the names of
/// MarkovChain (markov_chain.h), what needs the observations are overloads of chain_posterior, chain_score,
/// chain_filter, chain_predict (chain_posterior.h) and viterbi (viterbi.h), and Chain::Path draws one state after
/// the other. A ClusteredChain (clustered_chain.h) makes this a mixture of hidden Markov models; AnyChain (any_chain.h)
/// is one chosen at run time.
template <Emissions E, class Chain = MarkovChain>
class HiddenMarkov {
 public:
  struct Scratch {
    std::vector<double> panel;
    ChainScratch chain;
    typename E::Scratch emissions;
    // Of the other end of a long sequence.
    typename E::Scratch other_emissions;
    std::vector<double> other_sum;
    Helpers* helpers = nullptr;
  };

  /// Uniform initial distribution and transitions.
  explicit HiddenMarkov(E emissions) : chain_(emissions.states()), emissions_(std::move(emissions)) {}
  /// Throws ArgumentError where chain and emissions differ in the number of states.
  HiddenMarkov(Chain chain, E emissions) : chain_(std::move(chain)), emissions_(std::move(emissions)) {
    if (chain_.states() == emissions_.states()) return;
    throw ArgumentError("HiddenMarkov", "chain",
                        "has " + std::to_string(chain_.states()) + " states, the emissions have " +
                            std::to_string(emissions_.states()));
  }

  int states() const { return emissions_.states(); }
  int columns() const { return emissions_.columns(); }
  int clusters() const { return chain_clusters(chain_); }
  bool sequential() const { return true; }
  /// A hidden Markov model can what both its chain and its emissions can.
  bool can(Capability capability) const {
    return optional::can(emissions_, capability) && chain_can(chain_, capability);
  }
  bool tentative() const { return optional::tentative(emissions_) || chain_tentative(chain_); }
  /// The relative error of a log-likelihood summed over rows.
  double rounding() const {
    if constexpr (requires { emissions_.rounding(); }) return emissions_.rounding();
    return std::numeric_limits<double>::epsilon();
  }
  std::string name() const { return "hidden Markov model"; }
  const Chain& chain() const { return chain_; }
  Chain& chain() { return chain_; }
  const E& emissions() const { return emissions_; }
  E& emissions() { return emissions_; }

  /// What an E-step under Posterior, score() and decode() keep of a sequence: T × K log-densities, unless said
  /// otherwise. No parameter. Rules that choose or draw whole paths take T × K numbers whatever is said.
  void set_memory(ChainMemory memory) { plan_.memory = memory; }
  ChainMemory memory() const { return plan_.memory; }
  /// Markov chains take sequences of at least so many rows from both ends at once under Posterior, by two threads where
  /// there are two; other chains always from the first row to the last. No parameter. Throws ArgumentError below 2.
  void set_both_ends_from(std::int64_t rows) {
    if (rows < 2) throw ArgumentError("HiddenMarkov", "rows", "must be at least 2, got " + std::to_string(rows));
    plan_.both_ends_from = rows;
  }

  Statistics no_statistics() const {
    const Layout layout = emissions_.layout();
    Statistics s{std::vector<double>(chain_size() + layout.sum, 0.0),
                 std::vector<double>(chain_reference_size(chain_) + layout.about)};
    chain_reference(chain_, std::span<double>(s.about).first(chain_references()));
    emissions_.reference(std::span<double>(s.about).subspan(chain_references()));
    return s;
  }

  Evidence expect(const Block& x, const Rule& rule, Statistics& s, Scratch& scratch) const {
    const std::span<double> sum = s.sum;
    const std::span<const double> about = s.about;
    const Slice moves{sum.first(chain_size()), about.first(chain_references())};
    const Slice own{sum.subspan(chain_size()), about.subspan(chain_references())};
    scratch.chain.helpers = scratch.helpers;
    Segments segments(emissions_, x, own, scratch);
    Evidence evidence = chain_posterior(x, rule, chain_, segments, plan_, moves, scratch.chain);
    evidence.entropy += segments.finish();
    return evidence;
  }

  void maximize(const Statistics& s) {
    chain_maximize(chain_, chain_part(s));
    emissions_.maximize(emission_part(s));
  }

  double expected_log_joint(const Statistics& s) const {
    return chain_expected_log_density(chain_, chain_part(s)) +
           optional::expected_log_density(emissions_, emission_part(s));
  }
  double log_prior() const { return chain_.log_prior() + optional::log_prior(emissions_); }
  std::vector<Degeneracy> degeneracies() const { return optional::degeneracies(emissions_); }

  Statistics move(const Statistics& s) const {
    Statistics moved = no_statistics();
    std::copy_n(s.sum.begin(), chain_size(), moved.sum.begin());
    optional::move(emissions_, emission_part(s),
                   {std::span<double>(moved.sum).subspan(chain_size()),
                    std::span<const double>(moved.about).subspan(chain_references())});
    return moved;
  }

  /// log p(x_t | the rows before it in its sequence; θ).
  void score(const Block& x, std::span<double> log_density_of_row) const {
    Scratch scratch;
    if (plan_.memory == ChainMemory::checkpoints) {
      Segments segments(emissions_, x, {}, scratch);
      return chain_score(x, chain_, segments, log_density_of_row, scratch.chain);
    }
    const Panel panel = log_density(x, scratch);
    chain_score(x, chain_, panel, log_density_of_row, scratch.chain);
  }

  /// p(i, k) = p(z_i = k | the whole sequence; θ), among the states that the block allows.
  void responsibilities(const Block& x, Panel p) const {
    Scratch scratch;
    write_log_density(x, p, scratch);
    Block unweighted = x;
    unweighted.weights = {};
    Statistics unused{std::vector<double>(chain_size()), std::vector<double>(chain_references())};
    chain_reference(chain_, unused.about);
    chain_expect(unweighted, Posterior{}, chain_, p, {unused.sum, unused.about}, scratch.chain);
  }

  /// p(s, c) = p(cluster c | sequence s of the block; θ): the responsibilities of its states summed, in any row.
  void cluster_responsibilities(const Block& x, Panel p) const {
    const auto begins = sequence_bounds(x);
    std::vector<double> memory(static_cast<std::size_t>(x.rows()) * static_cast<std::size_t>(states()));
    const Panel q{memory.data(), x.rows(), states(), x.rows()};
    responsibilities(x, q);
    const int each = states() / clusters();
    for (std::int64_t s = 0; s < p.rows; ++s) {
      for (int c = 0; c < p.columns; ++c) p(s, c) = 0;
      for (int k = 0; k < states(); ++k) p(s, k / each) += q(begins[static_cast<std::size_t>(s)], k);
    }
  }

  /// p(i, k) = p(z_i = k | the sequence up to row i; θ), among the states that the block allows.
  void filtered(const Block& x, Panel p) const {
    Scratch scratch;
    write_log_density(x, p, scratch);
    chain_filter(x, chain_, p, scratch.chain);
  }

  /// p(i, k) = p(z_i = k | the rows of its sequence before row i; θ).
  void predicted(const Block& x, Panel p) const {
    Scratch scratch;
    write_log_density(x, p, scratch);
    chain_predict(x, chain_, p, scratch.chain);
  }

  /// p(h, k) = p(z_{T+1+h} = k | x_1 … x_T; θ) for the p.rows ≥ 1 rows that follow on those of x, which is one
  /// sequence; zeros where the model gives x probability 0. Throws ArgumentError for several sequences and for no step.
  void forecast(const Block& x, Panel p) const { forecast_over(x, {nullptr, x.rows() + p.rows, 0, 0}, p); }

  /// The same where the chain reads columns of the rows to come, inputs or times: p(z_{T+1+h} = k | x_1 … x_T, ahead).
  /// `ahead` has p.rows rows and the columns of x; nothing else in it is looked at. Throws as well for another shape.
  void forecast(const Block& x, const Block& ahead, Panel p) const {
    if (ahead.columns() != x.columns() || ahead.rows() != p.rows) {
      throw ArgumentError("forecast", "ahead",
                          "must have " + std::to_string(p.rows) + " rows and " + std::to_string(x.columns()) +
                              " columns, got " + std::to_string(ahead.rows()) + " and " +
                              std::to_string(ahead.columns()));
    }
    const std::int64_t rows = x.rows() + p.rows;
    std::vector<double> memory(static_cast<std::size_t>(rows) * static_cast<std::size_t>(x.columns()));
    const Panel all{memory.data(), rows, x.columns(), rows};
    for (int j = 0; j < x.columns(); ++j) {
      std::copy_n(x.x.column(j), x.rows(), all.column(j));
      std::copy_n(ahead.x.column(j), p.rows, all.column(j) + x.rows());
    }
    forecast_over(x, all, p);
  }

  /// x with missing cells at what is expected there given the whole sequence; `filled` has the block's shape.
  void impute(const Block& x, Panel filled) const {
    for (int j = 0; j < x.columns(); ++j) std::copy_n(x.x.column(j), x.rows(), filled.column(j));
    if (!x.has_missing) return;
    std::vector<double> memory(static_cast<std::size_t>(x.rows()) * static_cast<std::size_t>(states()));
    const Panel p{memory.data(), x.rows(), states(), x.rows()};
    responsibilities(x, p);
    optional::impute(emissions_, x, p, filled);
  }

  /// The most probable path of each sequence (viterbi.h), among the states that the block allows.
  void decode(const Block& x, std::span<std::int32_t> path, std::span<double> value = {}) const {
    Scratch scratch;
    if (plan_.memory == ChainMemory::checkpoints) {
      Segments segments(emissions_, x, {}, scratch);
      return viterbi(x, chain_, segments, path, value);
    }
    const Panel panel = log_density(x, scratch);
    viterbi(x, chain_, panel, path, value);
  }

  /// Rows of one sequence that begins with row 0: the path up to first_row is drawn to reach it. Row i of a seed is the
  /// same however the rows are cut. Columns that the emissions take as given (exposures, covariates) are read from x
  /// and stay.
  void sample(std::uint64_t seed, std::int64_t first_row, Panel x, std::span<std::int32_t> z) const {
    std::vector<double> row;
    typename Chain::Path path(chain_);
    for (std::int64_t i = 0; i < first_row + x.rows; ++i) {
      Stream stream(seed, Purpose::sample, 0, 0, static_cast<std::uint64_t>(i));
      const int state = chain_next(path, stream, x, i - first_row);
      if (i < first_row) continue;
      optional::sample_row(emissions_, state, stream, x, i - first_row, row);
      if (!z.empty()) z[static_cast<std::size_t>(i - first_row)] = state;
    }
  }

  int free_parameters() const { return chain_.free_parameters() + optional::free_parameters(emissions_); }
  std::vector<double> unconstrained() const {
    return joined(chain_.unconstrained(), optional::unconstrained(emissions_));
  }
  void set_unconstrained(std::span<const double> u) {
    const auto own = std::min<std::size_t>(u.size(), static_cast<std::size_t>(chain_.free_parameters()));
    optional::set_unconstrained(emissions_, u.subspan(own));
    chain_.set_unconstrained(u.first(own));
  }
  std::vector<double> parameters() const { return joined(chain_.parameters(), optional::parameters(emissions_)); }
  void set_parameters(std::span<const double> v) {
    const std::size_t own = std::min(v.size(), chain_.parameters().size());
    optional::set_parameters(emissions_, v.subspan(own));
    chain_.set_parameters(v.first(own));
  }
  std::vector<std::string> parameter_names() const {
    return joined(chain_.parameter_names(), optional::parameter_names(emissions_));
  }

 private:
  std::size_t chain_size() const { return chain_.statistics_size(); }
  std::size_t chain_references() const { return chain_reference_size(chain_); }
  ConstSlice chain_part(const Statistics& s) const {
    return {std::span<const double>(s.sum).first(chain_size()),
            std::span<const double>(s.about).first(chain_references())};
  }
  ConstSlice emission_part(const Statistics& s) const {
    return {std::span<const double>(s.sum).subspan(chain_size()),
            std::span<const double>(s.about).subspan(chain_references())};
  }
  template <class T>
  static std::vector<T> joined(std::vector<T> left, const std::vector<T>& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
  }

  // The emissions as the chain asks for them.
  class Segments final : public ChainSegments {
   public:
    Segments(const E& emissions, const Block& x, Slice own, Scratch& scratch)
        : emissions_(emissions), x_(x), own_(own), scratch_(scratch.emissions), all_(scratch) {}

    void add_log_density(std::int64_t first, Panel p) override {
      const Block rows = rows_of(x_, first, p.rows);
      emissions_.add_log_density(rows, p, scratch_);
      rule_out_states(rows, p);
    }
    void take(std::int64_t first, ConstPanel q) override {
      entropy_ += emissions_.accumulate(rows_of(x_, first, q.rows), q, own_, scratch_);
    }
    ChainSegments& other_end() override {
      if (other_) return *other_;
      all_.other_sum.assign(own_.sum.size(), 0.0);
      const Slice other{all_.other_sum, own_.about};
      other_.reset(new Segments(emissions_, x_, other, all_.other_emissions, all_));
      return *other_;
    }
    // Adds what the other end was told; returns the entropy of the emissions' own latents.
    double finish() {
      if (!other_) return entropy_;
      for (std::size_t e = 0; e < own_.sum.size(); ++e) own_.sum[e] += all_.other_sum[e];
      return entropy_ + other_->entropy_;
    }

   private:
    Segments(const E& emissions, const Block& x, Slice own, typename E::Scratch& scratch, Scratch& all)
        : emissions_(emissions), x_(x), own_(own), scratch_(scratch), all_(all) {}

    const E& emissions_;
    const Block& x_;
    Slice own_;
    typename E::Scratch& scratch_;
    Scratch& all_;
    std::unique_ptr<Segments> other_;
    double entropy_ = 0;
  };

  // What follows on x is predicted as rows are that were not seen; `all` are the rows as the chain reads them.
  void forecast_over(const Block& x, const ConstPanel& all, Panel p) const {
    if (sequence_bounds(x).size() != 2) throw ArgumentError("forecast", "x", "must be one sequence");
    if (p.rows < 1) throw ArgumentError("forecast", "steps", "must be at least 1, got " + std::to_string(p.rows));
    std::vector<double> memory(static_cast<std::size_t>(all.rows) * static_cast<std::size_t>(states()), 0.0);
    Scratch scratch;
    const Panel seen{memory.data(), x.rows(), states(), all.rows};
    emissions_.add_log_density(x, seen, scratch.emissions);
    rule_out_states(x, seen);
    Block longer;
    longer.x = all;
    longer.has_missing = true;
    const Panel panel{memory.data(), all.rows, states(), all.rows};
    chain_predict(longer, chain_, panel, scratch.chain);
    for (int k = 0; k < states(); ++k) std::copy_n(panel.column(k) + x.rows(), p.rows, p.column(k));
  }

  // p = log p(x_t | k)
  void write_log_density(const Block& x, Panel p, Scratch& scratch) const {
    for (int k = 0; k < states(); ++k) std::fill_n(p.column(k), p.rows, 0.0);
    emissions_.add_log_density(x, p, scratch.emissions);
  }
  Panel log_density(const Block& x, Scratch& scratch) const {
    scratch.panel.resize(std::max<std::size_t>(1, static_cast<std::size_t>(x.rows() * states())));
    const Panel panel{scratch.panel.data(), x.rows(), states(), x.rows()};
    write_log_density(x, panel, scratch);
    return panel;
  }

  Chain chain_;
  E emissions_;
  ChainPlan plan_;
};

}  // namespace jensen
