#include "models/semi_markov_recursions.h"

#include <jensen/math/kernels.h>
#include <jensen/math/special.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace jensen {

namespace {

constexpr double minus_infinity = -std::numeric_limits<double>::infinity();
constexpr double least_share = 1e-200;  // below it a sum of terms scaled by another sum's largest may have lost digits

double log_add(double a, double b) {
  const double larger = std::max(a, b);
  return larger == minus_infinity ? larger : larger + std::log1p(std::exp(std::min(a, b) - larger));
}

// exp(terms − largest) in their place; returns largest.
double scaled_exponentials(std::span<double> terms) {
  double largest = minus_infinity;
  for (const double term : terms) largest = std::max(largest, term);
  if (largest == minus_infinity) return largest;
  for (double& term : terms) term -= largest;
  kernels::exp(terms);
  return largest;
}

double log_of_sum(std::span<double> terms) {
  const double largest = scaled_exponentials(terms);
  return largest == minus_infinity ? largest : largest + std::log(kernels::sum(terms));
}

double product_sum(std::span<const double> a, const double* b) {
  double sums[4] = {0, 0, 0, 0};
  std::size_t e = 0;
  for (; e + 4 <= a.size(); e += 4) {
    for (std::size_t lane = 0; lane < 4; ++lane) sums[lane] += a[e + lane] * b[e + lane];
  }
  for (; e < a.size(); ++e) sums[0] += a[e] * b[e];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

// K × D with d falling: beside the rows in which stays began these lie in the rows' order.
std::vector<double> backwards(const std::vector<double>& by_duration, std::size_t longest) {
  std::vector<double> result = by_duration;
  for (std::size_t first = 0; first < result.size(); first += longest) {
    std::reverse(result.begin() + static_cast<std::ptrdiff_t>(first),
                 result.begin() + static_cast<std::ptrdiff_t>(first + longest));
  }
  return result;
}

class Forward {
 public:
  Forward(const StayPotentials& chain, const Stretch& x, Stays& stays)
      : chain_(chain),
        x_(x),
        stays_(stays),
        steps_(static_cast<std::size_t>(x.steps)),
        ended_(backwards(chain.ended, chain.longest)),
        unfinished_(backwards(chain.unfinished, chain.longest)),
        hazard_(ended_.size()),
        leaving_(chain.states) {
    for (std::size_t e = 0; e < hazard_.size(); ++e) {
      hazard_[e] = ended_[e] == minus_infinity ? 0 : std::exp(ended_[e] - unfinished_[e]);
    }
    for (auto* whole : {&stays_.entered, &stays_.predicted, &stays_.left, &stays_.open}) {
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
  double* opened(std::size_t k) const { return stays_.open.data() + k * steps_; }
  // The first row in which a stay may have begun that is open at t, and where its duration lies in arrays that fall.
  std::size_t first_open(std::size_t t) const { return t + 1 > chain_.longest ? t + 1 - chain_.longest : 0; }
  std::size_t place(std::size_t t, std::size_t k) const {
    return k * chain_.longest + chain_.longest - (t + 1 - first_open(t));
  }

  double entered(std::size_t t, std::size_t k) {
    if (t == 0) return chain_.initial[k];
    terms_.resize(chain_.states);
    for (std::size_t i = 0; i < chain_.states; ++i) {
      terms_[i] = stays_.left[(t - 1) * chain_.states + i] + chain_.transitions[i * chain_.states + k];
    }
    return log_sum_exp(terms_);
  }

  // terms_ = open stays and what their durations are worth
  void weigh(std::size_t t, std::size_t k, const std::vector<double>& by_duration) {
    const std::size_t first = first_open(t);
    const double* open = opened(k) + first;
    const double* duration = by_duration.data() + place(t, k);
    terms_.resize(t + 1 - first);
    for (std::size_t e = 0; e < terms_.size(); ++e) terms_[e] = open[e] + duration[e];
  }

  void predict(std::size_t t, std::size_t k) {
    const double entry = entered(t, k);
    stays_.entered[t * chain_.states + k] = entry;
    double& predicted = stays_.predicted[t * chain_.states + k];
    if (chain_.forever[k] != 0) {
      predicted = t == 0 ? entry : log_add(opened(k)[t - 1], entry);
      return;
    }
    opened(k)[t] = entry;
    weigh(t, k, unfinished_);
    const double largest = scaled_exponentials(terms_);
    leaving_[k] = minus_infinity;
    if (largest == minus_infinity) return;
    predicted = largest + std::log(kernels::sum(terms_));
    const double ending = product_sum(terms_, hazard_.data() + place(t, k));
    if (ending > least_share) {
      leaving_[k] = largest + std::log(ending);
    } else {
      weigh(t, k, ended_);
      leaving_[k] = log_of_sum(terms_);
    }
  }

  void observe(std::size_t t, std::size_t k) {
    const double seen = emission(t, k);
    if (chain_.forever[k] != 0) {
      opened(k)[t] = stays_.predicted[t * chain_.states + k] + seen;
      return;
    }
    stays_.left[t * chain_.states + k] = leaving_[k] + seen;
    double* open = opened(k);
    for (std::size_t s = first_open(t); s <= t; ++s) open[s] += seen;
  }

  const StayPotentials& chain_;
  const Stretch& x_;
  Stays& stays_;
  std::size_t steps_;
  std::vector<double> ended_, unfinished_, hazard_, leaving_, terms_;
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
        seen_(chain.states * steps_, 0.0),
        follows_(chain.states * steps_, minus_infinity),
        ahead_(chain.states, 0.0),
        now_(chain.states) {
    std::fill(smoothed.begin(), smoothed.end(), 0.0);
    std::fill(counts.begin(), counts.end(), 0.0);
  }

  void run() {
    const std::size_t states = chain_.states;
    for (std::size_t t = steps_; t-- > 0;) {
      for (std::size_t k = 0; k < states; ++k) chain_.forever[k] != 0 ? stay_forever(t, k) : begin_stay(t, k);
      ahead_ = now_;
      if (t > 0) go_over(t);
    }
    for (std::size_t k = 0; k < states; ++k) counts_[k] = std::exp(stays_.entered[k] + ahead_[k]);
  }

 private:
  double emission(std::size_t t, std::size_t k) const {
    return x_.log_density(x_.first + static_cast<std::int64_t>(t), static_cast<int>(k));
  }

  void stay_forever(std::size_t t, std::size_t k) {
    const double later = t + 1 < steps_ ? ahead_[k] : 0;
    smoothed_[t * chain_.states + k] = std::exp(stays_.open[k * steps_ + t] + later);
    now_[k] = emission(t, k) + later;
  }

  // now_[k] = log p(x_t … x_T | a stay in k begins at t): over all its durations.
  void begin_stay(std::size_t t, std::size_t k) {
    const std::size_t rows = std::min(chain_.longest, steps_ - t);
    const bool reaches_the_end = rows == steps_ - t;
    double* seen = seen_.data() + k * steps_ + t;  // Σ_{u = t}^{e} log-emissions, for each last row e
    const double* follows = follows_.data() + k * steps_ + t;
    const double* ended = chain_.ended.data() + k * chain_.longest;
    const double here = emission(t, k);
    for (std::size_t d = 0; d < rows; ++d) seen[d] += here;
    terms_.resize(rows);
    const std::size_t within = reaches_the_end ? rows - 1 : rows;
    for (std::size_t d = 0; d < within; ++d) terms_[d] = seen[d] + ended[d] + follows[d + 1];
    if (reaches_the_end) terms_[within] = seen[within] + chain_.unfinished[k * chain_.longest + within];
    const double largest = scaled_exponentials(terms_);
    now_[k] = largest == minus_infinity ? largest : largest + std::log(kernels::sum(terms_));
    const double share = std::exp(stays_.entered[t * chain_.states + k] + largest);
    if (share > 0) count(t, k, share, reaches_the_end);
  }

  // terms_ × share: the probabilities of the stays in k that begin at t, by duration
  void count(std::size_t t, std::size_t k, double share, bool reaches_the_end) {
    const std::size_t jumps = chain_.states * (chain_.states + 1);
    double* ended = counts_.data() + jumps + k * chain_.longest;
    double* unfinished = ended + chain_.states * chain_.longest;
    for (double& term : terms_) term *= share;
    const std::size_t within = reaches_the_end ? terms_.size() - 1 : terms_.size();
    for (std::size_t d = 0; d < within; ++d) ended[d] += terms_[d];
    if (reaches_the_end) unfinished[within] += terms_[within];
    double covering = 0;
    for (std::size_t d = terms_.size(); d-- > 0;) {
      covering += terms_[d];
      smoothed_[(t + d) * chain_.states + k] += covering;
    }
  }

  // Transitions into row t, and what follows on a stay that ends before it.
  void go_over(std::size_t t) {
    const std::size_t states = chain_.states;
    terms_.resize(states);
    for (std::size_t i = 0; i < states; ++i) {
      for (std::size_t j = 0; j < states; ++j) terms_[j] = chain_.transitions[i * states + j] + ahead_[j];
      follows_[i * steps_ + t] = log_sum_exp(terms_);
      const double left = stays_.left[(t - 1) * states + i];
      for (std::size_t j = 0; j < states; ++j) counts_[states + i * states + j] += std::exp(left + terms_[j]);
    }
  }

  const StayPotentials& chain_;
  const Stretch& x_;
  const Stays& stays_;
  std::span<double> smoothed_, counts_;
  std::size_t steps_;
  std::vector<double> seen_, follows_;  // K × T
  std::vector<double> ahead_, now_, terms_;
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
