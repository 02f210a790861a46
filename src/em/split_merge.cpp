#include <jensen/em/e_step.h>
#include <jensen/em/split_merge.h>
#include <jensen/em/summary.h>
#include <jensen/execution/reduction.h>

#include <Eigen/Eigenvalues>

#include <algorithm>
#include <cmath>
#include <optional>

namespace jensen {

namespace {

constexpr std::size_t candidates_tried = 5;

struct Move {
  int merged = 0;  // takes the rows of `freed` too
  int freed = 0;   // gets half of `split`
  int split = 0;
};

// Sums over rows that both criteria and the longest axes are made of.
struct Sums {
  std::vector<double> shared;       // K × K: Σ w r_i r_j
  std::vector<double> weight;       // Σ w r_k
  std::vector<double> log_density;  // Σ w r_k log p(x)
  std::vector<double> first;        // K × d, scaled columns
  std::vector<double> second;       // K × d × d
  Sums& operator+=(const Sums& other) {
    const auto add = [](std::vector<double>& to, const std::vector<double>& from) {
      for (std::size_t i = 0; i < to.size(); ++i) to[i] += from[i];
    };
    add(shared, other.shared);
    add(weight, other.weight);
    add(log_density, other.log_density);
    add(first, other.first);
    add(second, other.second);
    return *this;
  }
};

class Survey {
 public:
  Survey(const Model& model, const Data& data, Workers& workers)
      : model_(model),
        states_(static_cast<std::size_t>(model.states())),
        columns_(static_cast<std::size_t>(data.columns())),
        summary_(summarize(data, workers)) {
    const Sums zero{std::vector<double>(states_ * states_), std::vector<double>(states_), std::vector<double>(states_),
                    std::vector<double>(states_ * columns_), std::vector<double>(states_ * columns_ * columns_)};
    sums_ = reduce(data, workers, zero, [&](Sums& total, const Block& block, int) { visit(total, block); });
  }

  std::vector<Move> candidates() const {
    std::vector<std::pair<double, Move>> merges;
    for (std::size_t i = 0; i < states_; ++i) {
      for (std::size_t j = i + 1; j < states_; ++j) {
        const double norms = std::sqrt(sums_.shared[i * states_ + i] * sums_.shared[j * states_ + j]);
        const double cosine = norms > 0 ? sums_.shared[i * states_ + j] / norms : 0;
        merges.push_back({-cosine, {static_cast<int>(i), static_cast<int>(j), 0}});
      }
    }
    const auto first = [](const auto& a, const auto& b) { return a.first < b.first; };
    std::stable_sort(merges.begin(), merges.end(), first);
    std::vector<std::pair<double, int>> splits;
    for (std::size_t k = 0; k < states_; ++k) {
      if (sums_.weight[k] > 0) splits.emplace_back(sums_.log_density[k] / sums_.weight[k], static_cast<int>(k));
    }
    std::stable_sort(splits.begin(), splits.end(), first);
    std::vector<Move> moves;
    for (auto [score, move] : merges) {
      for (const auto& [density, k] : splits) {
        if (k == move.merged || k == move.freed || moves.size() == candidates_tried) continue;
        move.split = k;
        moves.push_back(move);
      }
    }
    return moves;
  }

  // Responsibilities after the move.
  Given rule(const Move& move) const {
    const auto k = static_cast<std::size_t>(move.split);
    const auto d = static_cast<Eigen::Index>(columns_);
    Eigen::VectorXd mean(d);
    Eigen::MatrixXd covariance(d, d);
    for (Eigen::Index a = 0; a < d; ++a) {
      mean(a) = sums_.first[k * columns_ + static_cast<std::size_t>(a)] / sums_.weight[k];
    }
    for (Eigen::Index a = 0; a < d; ++a) {
      for (Eigen::Index b = 0; b < d; ++b) {
        const auto at = (k * columns_ + static_cast<std::size_t>(a)) * columns_ + static_cast<std::size_t>(b);
        covariance(a, b) = sums_.second[at] / sums_.weight[k] - mean(a) * mean(b);
      }
    }
    const Eigen::VectorXd axis = Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(covariance).eigenvectors().col(d - 1);
    return {[this, move, axis, middle = axis.dot(mean)](const Block& x, Panel q) {
      model_.responsibilities(x, q);
      for (std::int64_t i = 0; i < q.rows; ++i) {
        double along = -middle;
        for (int j = 0; j < x.columns(); ++j) along += axis(j) * scaled(x, i, j);
        q(i, move.merged) += q(i, move.freed);
        q(i, move.freed) = 0;
        if (along < 0) std::swap(q(i, move.freed), q(i, move.split));
      }
    }};
  }

 private:
  // In standard deviations from the column's mean; a missing cell lies at the mean.
  double scaled(const Block& x, std::int64_t i, int j) const {
    const auto c = static_cast<std::size_t>(j);
    const double cell = x.x(i, j);
    return std::isnan(cell) || !(summary_.scale[c] > 0) ? 0 : (cell - summary_.location[c]) / summary_.scale[c];
  }

  void visit(Sums& total, const Block& x) const {
    std::vector<double> values(static_cast<std::size_t>(x.rows()) * states_);
    std::vector<double> log_density(static_cast<std::size_t>(x.rows()));
    std::vector<double> row(columns_);
    const Panel r{values.data(), x.rows(), static_cast<int>(states_), x.rows()};
    model_.responsibilities(x, r);
    model_.score(x, log_density);
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      const double weight = x.weight(i);
      if (!(weight > 0)) continue;
      for (std::size_t j = 0; j < columns_; ++j) row[j] = scaled(x, i, static_cast<int>(j));
      for (std::size_t k = 0; k < states_; ++k) {
        const double share = weight * r(i, static_cast<int>(k));
        if (!(share > 0)) continue;
        total.weight[k] += share;
        total.log_density[k] += share * log_density[static_cast<std::size_t>(i)];
        for (std::size_t j = 0; j < states_; ++j) total.shared[k * states_ + j] += share * r(i, static_cast<int>(j));
        for (std::size_t a = 0; a < columns_; ++a) {
          total.first[k * columns_ + a] += share * row[a];
          for (std::size_t b = 0; b < columns_; ++b) {
            total.second[(k * columns_ + a) * columns_ + b] += share * row[a] * row[b];
          }
        }
      }
    }
  }

  const Model& model_;
  std::size_t states_;
  std::size_t columns_;
  Summary summary_;
  Sums sums_;
};

bool is_fatal(const Model& model) {
  const auto degeneracies = model.degeneracies();
  return std::any_of(degeneracies.begin(), degeneracies.end(), [](const Degeneracy& d) { return d.fatal; });
}

// A higher end that is no collapse; null where the move leads to none.
std::optional<FittedModel> tried(const Model& from, const Survey& survey, const Move& move, const Data& data,
                                 const Options& options, double beat) {
  Workers workers(options.threads);
  EStep e_step(data, workers);
  auto start = from.clone();
  for (int pass = 0; pass < 2; ++pass) start->maximize(e_step(*start, survey.rule(move)).statistics);
  if (is_fatal(*start)) return std::nullopt;
  try {
    FittedModel end = fit(*start, data, options);
    const bool sound = end.report.degeneracies.empty() && end.report.outcome != Outcome::objective_fell;
    if (sound && end.report.objective() > beat + 1e-6 * end.report.total_weight) return end;
  } catch (const DataError&) {  // no finite likelihood from there
  }
  return std::nullopt;
}

}  // namespace

SplitMerge split_and_merge(const Model& fitted, const Data& data, Options options, int rounds) {
  for (Capability capability : {Capability::states, Capability::rules, Capability::score}) {
    fitted.require(capability, "split-and-merge");
  }
  if (!options.checkpoint.empty()) {
    throw ArgumentError("split_and_merge", "checkpoint", "is for a single fit: the rounds are many");
  }
  options.start = Start::given;
  options.restarts = 1;
  FittedModel best = fit(fitted, data, options);
  SplitMerge result;
  Workers workers(options.threads);
  for (int round = 0; round < rounds && fitted.states() > 2; ++round) {
    const Survey survey(*best.model, data, workers);
    std::optional<FittedModel> better;
    for (const Move& move : survey.candidates()) {
      if (best.report.outcome == Outcome::stopped_by_caller) break;
      ++result.attempts;
      better = tried(*best.model, survey, move, data, options, best.report.objective());
      if (better) break;
    }
    if (!better) break;
    ++result.accepted;
    best = std::move(*better);
  }
  result.model = std::move(best.model);
  result.report = std::move(best.report);
  return result;
}

}  // namespace jensen
