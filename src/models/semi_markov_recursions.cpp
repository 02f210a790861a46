#include "models/semi_markov_recursions.h"

#include <jensen/math/special.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "math/stay_kernels.h"
#include "models/stay_window.h"

namespace jensen {

namespace {

constexpr double minus_infinity = -std::numeric_limits<double>::infinity();

double log_add(double a, double b) {
  const double larger = std::max(a, b);
  return larger == minus_infinity ? larger : larger + std::log1p(std::exp(std::min(a, b) - larger));
}

// Potentials of the durations of each state.
std::vector<FallingDurations> falling(const std::vector<double>& by_duration, std::size_t longest) {
  std::vector<FallingDurations> result;
  const std::span<const double> all = by_duration;
  for (std::size_t first = 0; first < all.size(); first += longest) result.emplace_back(all.subspan(first, longest));
  return result;
}

class Forward {
 public:
  Forward(const StayPotentials& chain, const Stretch& x, Stays& stays)
      : chain_(chain),
        x_(x),
        stays_(stays),
        steps_(static_cast<std::size_t>(x.steps)),
        ended_(falling(chain.ended, chain.longest)),
        unfinished_(falling(chain.unfinished, chain.longest)),
        open_(chain.states, StayWindow(chain.longest, steps_)),
        leaving_(chain.states) {
    for (auto* whole : {&stays_.entered, &stays_.predicted, &stays_.left, &stays_.stayed}) {
      whole->assign(steps_ * chain.states, minus_infinity);
    }
    stays_.scale.assign(steps_, 0.0);
  }

  double run() {
    double total = 0;
    std::vector<double> terms(chain_.states);
    for (std::size_t t = 0; t < steps_; ++t) {
      for (std::size_t k = 0; k < chain_.states; ++k) {
        predict(t, k);
        terms[k] = stays_.predicted[t * chain_.states + k] + emission(t, k);
      }
      const double scale = log_sum_exp(terms);
      stays_.scale[t] = scale;
      if (!std::isfinite(scale)) return scale;
      total += scale;
      for (std::size_t k = 0; k < chain_.states; ++k) {
        emission(t, k) -= scale;
        observe(t, k);
      }
    }
    return total;
  }

 private:
  double& emission(std::size_t t, std::size_t k) const {
    return x_.log_density(x_.first + static_cast<std::int64_t>(t), static_cast<int>(k));
  }

  double entered(std::size_t t, std::size_t k) {
    if (t == 0) return chain_.initial[k];
    terms_.resize(chain_.states);
    for (std::size_t i = 0; i < chain_.states; ++i) {
      terms_[i] = stays_.left[(t - 1) * chain_.states + i] + chain_.transitions[i * chain_.states + k];
    }
    return log_sum_exp(terms_);
  }

  void predict(std::size_t t, std::size_t k) {
    const std::size_t own = t * chain_.states + k;
    const double entry = stays_.entered[own] = entered(t, k);
    if (chain_.forever[k] != 0) {
      stays_.predicted[own] = t == 0 ? entry : log_add(stays_.stayed[own - chain_.states], entry);
      return;
    }
    open_[k].add(entry);
    const auto sums = open_[k].log_sums(ended_[k], unfinished_[k]);
    leaving_[k] = sums.ended;
    stays_.predicted[own] = sums.unfinished;
  }

  void observe(std::size_t t, std::size_t k) {
    const std::size_t own = t * chain_.states + k;
    const double seen = emission(t, k);
    if (chain_.forever[k] != 0) {
      stays_.stayed[own] = stays_.predicted[own] + seen;
    } else {
      stays_.left[own] = leaving_[k] + seen;
      open_[k].gain(seen);
    }
  }

  const StayPotentials& chain_;
  const Stretch& x_;
  Stays& stays_;
  std::size_t steps_;
  std::vector<FallingDurations> ended_, unfinished_;
  std::vector<StayWindow> open_;  // by the row in which they began
  std::vector<double> leaving_, terms_;
};

class Backward {
 public:
  Backward(const StayPotentials& chain, const Stretch& x, const Stays& stays, std::span<double> smoothed,
           std::span<double> counts)
      : chain_(chain),
        x_(x),
        stays_(stays),
        smoothed_(smoothed),
        counts_(counts),
        steps_(static_cast<std::size_t>(x.steps)),
        ended_(falling(chain.ended, chain.longest)),
        ahead_(chain.states, StayWindow(chain.longest, steps_)),
        to_the_end_(chain.states, 0.0),
        ends_(chain.states, std::vector<double>(steps_)),
        by_duration_(chain.states, std::vector<double>(chain.longest)),
        follows_(chain.states, minus_infinity),
        later_(chain.states, 0.0),
        now_(chain.states) {
    std::fill(smoothed.begin(), smoothed.end(), 0.0);
    std::fill(counts.begin(), counts.end(), 0.0);
  }

  void run() {
    const std::size_t states = chain_.states;
    for (std::size_t t = steps_; t-- > 0;) {
      for (std::size_t k = 0; k < states; ++k) chain_.forever[k] != 0 ? stay_forever(t, k) : begin_stay(t, k);
      if (last_of_batch(t) == t + batch - 1 || t == 0) {
        for (std::size_t k = 0; k < states; ++k) cover(t, k);
      }
      later_ = now_;
      if (t > 0) go_over(t);
    }
    for (std::size_t k = 0; k < states; ++k) counts_[k] = std::exp(stays_.entered[k] + later_[k]);
    write_durations();
  }

 private:
  // Stays that begin in so many neighbouring rows are added up by the rows in which they end, before it is counted
  // which rows they cover.
  static constexpr std::size_t batch = 16;
  // Of the batch in which row t is: they begin with the last row of the sequence.
  std::size_t last_of_batch(std::size_t t) const { return steps_ - 1 - (steps_ - 1 - t) / batch * batch; }
  // Windows and ends go from the last row of the sequence to the first.
  std::size_t place_of(std::size_t row) const { return steps_ - 1 - row; }
  std::size_t row_of(std::size_t place) const { return steps_ - 1 - place; }

  double emission(std::size_t t, std::size_t k) const {
    return x_.log_density(x_.first + static_cast<std::int64_t>(t), static_cast<int>(k));
  }

  void stay_forever(std::size_t t, std::size_t k) {
    const double later = t + 1 < steps_ ? later_[k] : 0;
    smoothed_[k * steps_ + t] = std::exp(stays_.stayed[t * chain_.states + k] + later);
    now_[k] = emission(t, k) + later;
  }

  // now_[k] = log p(x_t … x_T | a stay in k begins at t): over all its durations.
  void begin_stay(std::size_t t, std::size_t k) {
    StayWindow& ahead = ahead_[k];
    ahead.add(follows_[k]);
    ahead.gain(emission(t, k));
    to_the_end_[k] += emission(t, k);
    const auto products = ahead.products(ended_[k]);
    const double unfinished = to_the_end_[k] + chain_.of_unfinished(k, steps_ - t);
    now_[k] = log_add(products.log_sum, unfinished);
    const double entered = stays_.entered[t * chain_.states + k];
    const double last = std::exp(entered + unfinished);
    if (last > 0) counts_[of_unfinished(k, steps_ - t)] += last;
    const double ended = std::exp(entered + products.log_sum);
    if (last > 0 || ended > 0) count(t, k, ended, last, products);
  }

  // `ended`: p(a stay in k begins at t and ends before the last row | x), `last`: that it goes on to the last row.
  void count(std::size_t t, std::size_t k, double ended, double last, const StayWindow::Products& products) {
    const std::size_t first = ahead_[k].begin();
    const std::size_t beyond = std::max(first, place_of(last_of_batch(t)) + 1);  // ends before the batch's last row
    const std::size_t end = ahead_[k].end();
    double* by_duration = by_duration_[k].data() + chain_.longest - (end - first);
    double* ends = ends_[k].data();
    const double share = ended > 0 ? ended / products.sum : 0;
    ends[0] += last;
    double covering =
        last + kernels::add_stays(beyond - first, share, products.weight, products.factor, by_duration, ends + first);
    for (std::size_t i = beyond; i < end; ++i) {
      const double own = share * products.weight[i - first] * products.factor[i - first];
      by_duration[i - first] += own;
      covering += own;
      smoothed_[k * steps_ + row_of(i)] += covering;
    }
  }

  // The rows from the last of a batch on that are covered by the stays that begin in the batch, the first row of which
  // is t.
  void cover(std::size_t t, std::size_t k) {
    if (chain_.forever[k] != 0) return;
    double* ends = ends_[k].data();
    const std::size_t last = place_of(last_of_batch(t));
    double covering = 0;
    for (std::size_t i = last + 1 > chain_.longest ? last + 1 - chain_.longest : 0; i <= last; ++i) {
      covering += ends[i];
      ends[i] = 0;
      smoothed_[k * steps_ + row_of(i)] += covering;
    }
  }

  // Transitions into row t, and what follows on a stay that ends before it.
  void go_over(std::size_t t) {
    const std::size_t states = chain_.states;
    terms_.resize(states);
    for (std::size_t i = 0; i < states; ++i) {
      for (std::size_t j = 0; j < states; ++j) terms_[j] = chain_.transitions[i * states + j] + later_[j];
      follows_[i] = log_sum_exp(terms_);
      const double left = stays_.left[(t - 1) * states + i];
      for (std::size_t j = 0; j < states; ++j) counts_[states + i * states + j] += std::exp(left + terms_[j]);
    }
  }

  // Of stays of d rows that end before the last row (of_unfinished: that do not), among the statistics.
  std::size_t of_ended(std::size_t k, std::size_t rows) const {
    return chain_.states * (chain_.states + 1) + k * chain_.longest + rows - 1;
  }
  std::size_t of_unfinished(std::size_t k, std::size_t rows) const { return of_ended(k + chain_.states, rows); }

  void write_durations() {
    for (std::size_t k = 0; k < chain_.states; ++k) {
      for (std::size_t d = 1; d <= chain_.longest; ++d) {
        counts_[of_ended(k, d)] = by_duration_[k][chain_.longest - d];
      }
    }
  }

  const StayPotentials& chain_;
  const Stretch& x_;
  const Stays& stays_;
  std::span<double> smoothed_, counts_;
  std::size_t steps_;
  std::vector<FallingDurations> ended_;
  std::vector<StayWindow> ahead_;                 // by the row in which they end, before the last
  std::vector<double> to_the_end_;                // log-density of all rows from here on
  std::vector<std::vector<double>> ends_;         // p(a stay that begins in the batch ends here)
  std::vector<std::vector<double>> by_duration_;  // p(a stay lasts d rows), summed over all that end; d falling
  std::vector<double> follows_;                   // log p(rows after this one | a stay ends with it)
  std::vector<double> later_, now_, terms_;
};

class BestPath {
 public:
  BestPath(const StayPotentials& chain, const Stretch& x)
      : chain_(chain),
        x_(x),
        steps_(static_cast<std::size_t>(x.steps)),
        open_(chain.states * steps_, minus_infinity),
        left_(chain.states * steps_, minus_infinity),
        rows_(chain.states * steps_),
        from_(chain.states * steps_) {}

  double run(std::span<std::int32_t> path) {
    for (std::size_t t = 0; t < steps_; ++t) {
      for (std::size_t k = 0; k < chain_.states; ++k) enter(t, k);
      for (std::size_t k = 0; k < chain_.states; ++k) chain_.forever[k] != 0 ? stay_forever(t, k) : go_on(t, k);
    }
    double best = minus_infinity;
    std::size_t state = 0;
    std::size_t begin = 0;
    for (std::size_t k = 0; k < chain_.states; ++k) {
      const bool forever = chain_.forever[k] != 0;
      for (std::size_t s = forever ? steps_ - 1 : first_open(steps_ - 1); s < steps_; ++s) {
        const double value = open_[k * steps_ + s] + chain_.of_unfinished(k, steps_ - s);
        if (!(value > best)) continue;
        best = value;
        state = k;
        begin = forever ? steps_ - rows_[s * chain_.states + k] : s;
      }
    }
    if (best == minus_infinity) {
      std::fill(path.begin(), path.end(), -1);
      return best;
    }
    for (std::size_t end = steps_;;) {
      std::fill(path.begin() + static_cast<std::ptrdiff_t>(begin), path.begin() + static_cast<std::ptrdiff_t>(end),
                static_cast<std::int32_t>(state));
      if (begin == 0) return best;
      state = from_[begin * chain_.states + state];
      end = begin;
      begin = end - rows_[(end - 1) * chain_.states + state];
    }
  }

 private:
  std::size_t first_open(std::size_t t) const { return t + 1 > chain_.longest ? t + 1 - chain_.longest : 0; }

  void enter(std::size_t t, std::size_t k) {
    double best = t == 0 ? chain_.initial[k] : minus_infinity;
    for (std::size_t i = 0; t > 0 && i < chain_.states; ++i) {
      const double value = left_[(t - 1) * chain_.states + i] + chain_.transitions[i * chain_.states + k];
      if (!(value > best)) continue;
      best = value;
      from_[t * chain_.states + k] = i;
    }
    open_[k * steps_ + t] = best;
  }

  double emission(std::size_t t, std::size_t k) const {
    return x_.log_density(x_.first + static_cast<std::int64_t>(t), static_cast<int>(k));
  }

  // open_ is of the best of all stays so far, rows_ how long it is.
  void stay_forever(std::size_t t, std::size_t k) {
    double& open = open_[k * steps_ + t];
    std::size_t& rows = rows_[t * chain_.states + k];
    rows = 1;
    if (t > 0 && open_[k * steps_ + t - 1] >= open) {
      open = open_[k * steps_ + t - 1];
      rows = rows_[(t - 1) * chain_.states + k] + 1;
    }
    open += emission(t, k);
  }

  void go_on(std::size_t t, std::size_t k) {
    const double seen = emission(t, k);
    double* open = open_.data() + k * steps_;
    double best = minus_infinity;
    for (std::size_t s = first_open(t); s <= t; ++s) {
      open[s] += seen;
      const double value = open[s] + chain_.of_ended(k, t + 1 - s);
      if (!(value > best)) continue;
      best = value;
      rows_[t * chain_.states + k] = t + 1 - s;
    }
    left_[t * chain_.states + k] = best;
  }

  const StayPotentials& chain_;
  const Stretch& x_;
  std::size_t steps_;
  std::vector<double> open_, left_;  // K × T, T × K
  std::vector<std::size_t> rows_,
      from_;  // T × K: of the best stay that ends here; the state before the best that begins
};

}  // namespace

double StayPotentials::of_ended(std::size_t state, std::size_t rows) const {
  return forever[state] != 0 || rows > longest ? minus_infinity : ended[state * longest + rows - 1];
}
double StayPotentials::of_unfinished(std::size_t state, std::size_t rows) const {
  if (forever[state] != 0) return 0;
  return rows > longest ? minus_infinity : unfinished[state * longest + rows - 1];
}

StayPotentials potentials(const SemiMarkovChain& chain, double temperature) {
  StayPotentials result;
  result.states = static_cast<std::size_t>(chain.states());
  result.longest = static_cast<std::size_t>(chain.longest());
  for (const double p : chain.jumps().initial()) result.initial.push_back(std::log(p) / temperature);
  for (const double p : chain.jumps().transitions()) result.transitions.push_back(std::log(p) / temperature);
  for (int k = 0; k < chain.states(); ++k) {
    const Duration& duration = chain.duration(k);
    for (const double log_p : duration.log_probability()) result.ended.push_back(log_p / temperature);
    for (const double log_p : duration.log_survivor()) result.unfinished.push_back(log_p / temperature);
    result.forever.push_back(chain.absorbing(k) ? 1 : 0);
  }
  return result;
}

double forward(const StayPotentials& chain, const Stretch& x, Stays& stays) { return Forward(chain, x, stays).run(); }

void backward(const StayPotentials& chain, const Stretch& x, const Stays& stays, std::span<double> smoothed,
              std::span<double> counts) {
  Backward(chain, x, stays, smoothed, counts).run();
}

double best_path(const StayPotentials& chain, const Stretch& x, std::span<std::int32_t> path) {
  return BestPath(chain, x).run(path);
}

}  // namespace jensen
