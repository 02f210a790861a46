// The contract between models and algorithms, on one page. em/ and models/ meet here and nowhere else.
//
// A model is an object at one parameter value θ. Its E-step reads a block of observations and adds the expected
// sufficient statistics of (x, z) under q(z); its M-step reads the sum and moves the object to the θ that maximises
// E_q[log p(x, z; θ)] (+ log p(θ) if the model has a prior). That is all an algorithm needs; everything else is an
// optional capability, found by concept here and asked for at run time through Model::can().
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <jensen/data/block.h>

namespace jensen {

class Stream;  // math/random.h

/// Expected sufficient statistics. `sum` is linear in the observations' weights: it adds over blocks, threads and
/// machines, and scales. `about` holds the reference points (pivots) about which moments in `sum` were taken; only
/// statistics about the same points add.
struct Statistics {
  std::vector<double> sum;
  std::vector<double> about;

  /// Adds other.sum. Throws ArgumentError where sizes or reference points differ.
  Statistics& operator+=(const Statistics& other);
  /// Scales sum; reference points stay.
  Statistics& operator*=(double factor);
};

/// What an E-step measures beside the statistics. All of it adds over blocks.
struct Evidence {
  double log_likelihood = 0;  ///< Σ w_i log p(x_i; θ), whatever q was chosen
  double entropy = 0;         ///< Σ w_i H(q_i) over all latents of the model; NaN where the model does not measure it
  double state_entropy = 0;   ///< the part of it that belongs to discrete states
  double weight = 0;          ///< Σ w_i

  Evidence& operator+=(const Evidence& other);
};

// How the E-step chooses q. Only the model knows its posterior, so the rule is an argument of the E-step.

/// q(z) ∝ p(z | x; θ)^(1 / temperature). Temperature 1, the default, makes the bound tight. temperature > 0.
struct Posterior {
  double temperature = 1;
};
/// All mass on the most probable z (the first of equals): classification EM.
struct Mode {};
/// The empirical distribution of `count` ≥ 1 draws from p(z | x; θ), keyed by (seed, restart, iteration, row).
struct Draws {
  int count = 1;
  std::uint64_t seed = 0;
  std::uint64_t restart = 0;
  std::uint64_t iteration = 0;
};
/// q written by the caller: fills a rows × states panel with q_i(k) ≥ 0, each row summing to 1.
struct Given {
  std::function<void(const Block&, Panel)> responsibilities;
  /// The caller wants the statistics alone: a model may leave out the log-densities and return NaN as log-likelihood.
  bool statistics_only = false;
};
using Rule = std::variant<Posterior, Mode, Draws, Given>;

/// A run of numbers inside Statistics that belongs to one part of a model.
struct Slice {
  std::span<double> sum;
  std::span<const double> about;
};
struct ConstSlice {
  std::span<const double> sum;
  std::span<const double> about;
};
/// How many numbers a part keeps in Statistics.
struct Layout {
  std::size_t sum = 0;
  std::size_t about = 0;
};

/// A component that the data no longer determine.
struct Degeneracy {
  int component = 0;
  bool fatal = false;  ///< true: no valid M-step exists for it; the object kept its previous parameters
  std::string reason;
};

/// A cell outside the domain of what is to explain it.
struct CellProblem {
  std::int64_t row = 0;  ///< in the whole data
  int column = 0;        ///< of the block
  std::string text;      ///< "must be positive, got -1"; empty where there is no problem
};

/// Who else may work on a unit: a worker lends them to an E-step through the scratch memory of models that have a
/// member `Helpers* helpers`, so that one long sequence need not be the work of one thread.
class Helpers {
 public:
  virtual ~Helpers() = default;
  /// Calls task(t) once for every t in 0 … tasks−1, perhaps at the same time; returns when all are done. If tasks
  /// throw, the exception of the lowest t is thrown here. May be called from a task.
  virtual void share(int tasks, const std::function<void(int task)>& task) = 0;
};

// The contract ------------------------------------------------------------------------------------------------------

/// The least a model must offer. The E-step has three accepted forms, each one the same step with more said:
///   double   expect(const Block&, Statistics&) const                              returns Σ w_i log p(x_i; θ)
///   Evidence expect(const Block&, const Rule&, Statistics&) const                 any q, entropy measured
///   Evidence expect(const Block&, const Rule&, Statistics&, M::Scratch&) const    with per-worker scratch memory
// Laid out by hand: clang-format 14 does not know concepts.
// clang-format off
template <class M>
concept ExpectsPlainly = requires(const M m, const Block& x, Statistics& s) {
  { m.expect(x, s) } -> std::convertible_to<double>;
};
template <class M>
concept ExpectsByRule = requires(const M m, const Block& x, const Rule& q, Statistics& s) {
  { m.expect(x, q, s) } -> std::same_as<Evidence>;
};
template <class M>
concept ExpectsWithScratch = std::default_initializable<typename M::Scratch> &&
                             requires(const M m, const Block& x, const Rule& q, Statistics& s, typename M::Scratch& w) {
                               { m.expect(x, q, s, w) } -> std::same_as<Evidence>;
                             };

template <class M>
concept LatentModel =
    std::copy_constructible<M> && (ExpectsPlainly<M> || ExpectsByRule<M> || ExpectsWithScratch<M>) &&
    requires(const M m, M next, const Statistics& c) {
      { m.no_statistics() } -> std::same_as<Statistics>;  // zero, about this object's own reference points
      next.maximize(c);                                   // M-step: θ ← argmax_θ E_q[log p(x, z; θ)] + log p(θ)
    };

/// All K conditionals p(x | z = k; θ_k) at once: what Mixture and the other discrete-latent models are made of.
template <class E>
concept Emissions = std::copy_constructible<E> &&
                    requires(const E e, E next, const Block& x, Panel p, ConstPanel r, Slice s, ConstSlice c,
                             std::span<double> about, typename E::Scratch& w) {
                      { e.states() } -> std::convertible_to<int>;
                      { e.columns() } -> std::convertible_to<int>;
                      { e.layout() } -> std::same_as<Layout>;
                      e.reference(about);            // writes this object's reference points
                      // p(i, k) += log p(x_i | k), missing cells integrated out; what is −∞ already may be passed over
                      e.add_log_density(x, p, w);
                      // adds statistics weighted by r(i, k) = w_i q_i(k); returns the entropy of the emissions' own
                      // latents (missing cells), Σ r(i, k) H_ik
                      { e.accumulate(x, r, s, w) } -> std::same_as<double>;
                      next.maximize(c);
                    };

// Optional functions of emissions ------------------------------------------------------------------------------------

template <class E>
concept HasExpectedLogDensity = requires(const E e, ConstSlice s) {
  { e.expected_log_density(s) } -> std::convertible_to<double>;  // Σ_k E_q[1(z = k) log p(x | z = k)], every term of it
};
template <class E>
concept MovesSlices = requires(const E e, ConstSlice from, Slice to) {
  e.move(from, to);  // the same statistics, exactly, about to.about, which are e's own reference points
};
template <class E>
concept SamplesStates = requires(const E e, int k, Stream& stream, std::span<double> row) {
  e.sample(k, stream, row);  // one row of p(x | z = k); a column that is given (exposure, covariate) it reads from row
};
template <class E>
concept ImputesCells = requires(const E e, const Block& x, ConstPanel p, Panel filled) {
  e.impute(x, p, filled);  // writes what is expected in missing cells under p(i, k) = p(z_i = k | x_i): mean, or mode
};
template <class E>
concept ChecksCells = requires(const E e, const Block& x) {
  { e.problem(x) } -> std::same_as<std::optional<CellProblem>>;  // the first cell that no parameters could explain
};
template <class E>
concept Regularizes = requires(E e, ConstSlice pooled, double rows) {
  // Takes a prior as if `rows` further observations, distributed as the whole data, had been seen by each component.
  // pooled: statistics with r(i, 0) = w_i, r(i, k) = 0 else. False where it has no such prior.
  { e.regularize(pooled, rows) } -> std::same_as<bool>;
};

template <class E>
concept HasEmissionParts = requires(const E e, E next, ConstSlice s, int part) {
  // Conditional maximisations under different augmentations: an E-step comes before each, at the θ that the one before
  // has left. The weights of a mixture go with part 0.
  { e.parts() } -> std::convertible_to<int>;
  next.maximize(s, part);
};

// Optional capabilities of a model ----------------------------------------------------------------------------------

template <class M>
concept HasExpectedLogJoint = requires(const M m, const Statistics& s) {
  { m.expected_log_joint(s) } -> std::convertible_to<double>;  // Q(θ | s), with every term of log p(x, z; θ)
};
template <class M>
concept HasLogPrior = requires(const M m) {
  { m.log_prior() } -> std::convertible_to<double>;
};
template <class M>
concept HasTentative = requires(const M m) {
  // asked after maximize(): that M-step was a step that need not climb (a Newton step on an expansion of Q, say). The
  // loop keeps its θ only if the objective did not fall, else halves the way to it in unconstrained coordinates.
  // Emissions may have it too; mixtures pass it on.
  { m.tentative() } -> std::same_as<bool>;
};
template <class M>
concept HasParts = requires(const M m, M next, const Statistics& s, int part) {
  // Conditional maximisations (ECM): θ falls into parts() parts, and maximize(s, part) maximises over one of them with
  // the others held where they are. It may leave the object expecting under another augmentation for the part that
  // comes next (AECM).
  { m.parts() } -> std::convertible_to<int>;
  next.maximize(s, part);
};
template <class M>
concept AugmentsByPart = requires(const M m) {
  // the parts are maximised under different augmentations (AECM, ECME): each needs an E-step of its own, and what rises
  // is ℓ, not one Q for all of them
  { m.augments_by_part() } -> std::same_as<bool>;
};
template <class M>
concept HasUnconstrained = requires(const M m, M next, std::span<const double> u) {
  { m.unconstrained() } -> std::convertible_to<std::vector<double>>;  // θ in ℝ^p, p = free parameters
  next.set_unconstrained(u);
};
template <class M>
concept HasParameters = requires(const M m, M next, std::span<const double> v) {
  { m.parameters() } -> std::convertible_to<std::vector<double>>;  // exact: set_parameters(parameters()) keeps the bits
  next.set_parameters(v);
  { m.parameter_names() } -> std::convertible_to<std::vector<std::string>>;
};
template <class M>
concept HasMove = requires(const M m, const Statistics& s) {
  { m.move(s) } -> std::same_as<Statistics>;  // the same statistics, exactly, about m's own reference points
};
template <class M>
concept HasFreeParameters = requires(const M m) {
  { m.free_parameters() } -> std::convertible_to<int>;
};
template <class M>
concept HasScore = requires(const M m, const Block& x, std::span<double> out) {
  m.score(x, out);  // out[i] = log p(x_i; θ), weights ignored
};
template <class M>
concept HasStates = requires(const M m, const Block& x, Panel p) {
  { m.states() } -> std::convertible_to<int>;
  m.responsibilities(x, p);  // p(i, k) = p(z_i = k | x_i; θ)
};
template <class M>
concept HasSample = requires(const M m, std::uint64_t seed, std::int64_t first_row, Panel x, std::span<std::int32_t> z) {
  m.sample(seed, first_row, x, z);  // fills x and z; row i depends on (seed, first_row + i) alone
};
template <class M>
concept HasImpute = requires(const M m, const Block& x, Panel filled) {
  m.impute(x, filled);  // x with missing cells at what is expected there given the row's other cells: mean, or mode
};
template <class M>
concept HasDegeneracies = requires(const M m) {
  { m.degeneracies() } -> std::convertible_to<std::vector<Degeneracy>>;
};
template <class M>
concept HasColumns = requires(const M m) {
  { m.columns() } -> std::convertible_to<int>;
};
template <class M>
concept HasSequential = requires(const M m) {
  { m.sequential() } -> std::convertible_to<bool>;  // units are sequences of rows; without it, single rows
};
template <class M>
concept HasName = requires(const M m) {
  { m.name() } -> std::convertible_to<std::string>;
};
// clang-format on

/// What a model may be able to do beyond the least. Composites answer at run time: a mixture can only what its
/// emissions can.
enum class Capability {
  rules,               ///< E-step under any rule for q, with the entropy of q measured
  expected_log_joint,  ///< Q(θ | statistics)
  global_bound,        ///< and exactly so away from the E-step's θ: denied where statistics hold an expansion of Q
  unconstrained,       ///< θ ↔ ℝ^p
  parameters,          ///< θ as exact, named numbers
  move,                ///< statistics re-originated exactly
  free_parameters,     ///< p
  score,               ///< log p(x_i; θ) by row
  states,              ///< discrete latents: K and responsibilities by row
  sample,              ///< draws of (x, z)
  parts,               ///< conditional maximisations over parts of θ
  impute,              ///< missing cells filled with what is expected there
};
/// The capability as a verb phrase: "evaluate its expected log-joint".
std::string describe(Capability capability);

}  // namespace jensen
