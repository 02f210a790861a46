#include <jensen/emissions/optional.h>
#include <jensen/error.h>
#include <jensen/math/random.h>
#include <jensen/models/forecast.h>

#include <cmath>
#include <optional>
#include <string>

namespace jensen {

namespace {

void check(std::span<const Feedback> feedback, const Panel& x) {
  for (const Feedback& f : feedback) {
    for (const int column : {f.column, f.source}) {
      if (column >= 0 && column < x.columns) continue;
      throw ArgumentError("rows to come", "feedback", "there is no column " + std::to_string(column));
    }
    if (f.steps < 1) {
      throw ArgumentError("rows to come", "feedback", "steps must be at least 1, got " + std::to_string(f.steps));
    }
  }
}

// Row i of x drawn in a state; cells that are there stay.
class RowsToCome {
 public:
  RowsToCome(const AnyEmissions& emissions, std::span<const Feedback> feedback, Panel x)
      : emissions_(emissions), feedback_(feedback), x_(x), before_(static_cast<std::size_t>(x.columns)) {
    check(feedback, x);
  }

  void draw(std::int64_t i, int state, Stream& stream) {
    for (const Feedback& f : feedback_) {
      if (i >= f.steps) x_(i, f.column) = x_(i - f.steps, f.source);
    }
    for (int j = 0; j < x_.columns; ++j) before_[static_cast<std::size_t>(j)] = x_(i, j);
    optional::sample_row(emissions_, state, stream, x_, i, row_);
    for (int j = 0; j < x_.columns; ++j) {
      const double cell = before_[static_cast<std::size_t>(j)];
      if (!std::isnan(cell)) x_(i, j) = cell;
    }
  }

 private:
  const AnyEmissions& emissions_;
  std::span<const Feedback> feedback_;
  Panel x_;
  std::vector<double> before_, row_;
};

}  // namespace

MixedMarginal column_forecast(const AnyEmissions& emissions, std::span<const double> state_probabilities, int column) {
  return {{state_probabilities.begin(), state_probabilities.end()}, marginals_of(emissions, column, {}, "a forecast")};
}

MixedMarginal column_forecast(const AnyEmissions& emissions, std::span<const double> state_probabilities, int column,
                              std::span<const double> row) {
  return {{state_probabilities.begin(), state_probabilities.end()}, marginals_of(emissions, column, row, "a forecast")};
}

void sample_with_feedback(const AnyHiddenMarkov& model, std::span<const Feedback> feedback, std::uint64_t seed, Panel x,
                          std::span<std::int32_t> z) {
  RowsToCome rows(model.emissions(), feedback, x);
  AnyChain::Path path(model.chain());
  for (std::int64_t i = 0; i < x.rows; ++i) {
    Stream stream(seed, Purpose::sample, 0, 0, static_cast<std::uint64_t>(i));
    const int state = path.next(stream, x, i);
    rows.draw(i, state, stream);
    if (!z.empty()) z[static_cast<std::size_t>(i)] = state;
  }
}

void draw_ahead(const AnyHiddenMarkov& model, std::span<const double> next_state, std::span<const Feedback> feedback,
                std::uint64_t seed, std::uint64_t draw, Panel ahead, std::span<std::int32_t> z) {
  RowsToCome rows(model.emissions(), feedback, ahead);
  std::optional<AnyChain::Path> path;
  for (std::int64_t h = 0; h < ahead.rows; ++h) {
    // Restart 0 belongs to samples of whole sequences.
    Stream stream(seed, Purpose::sample, draw + 1, 0, static_cast<std::uint64_t>(h));
    const int state = h == 0 ? stream.choice(next_state) : path->next(stream, ahead, h);
    if (h == 0) path.emplace(model.chain(), state);
    rows.draw(h, state, stream);
    if (!z.empty()) z[static_cast<std::size_t>(h)] = state;
  }
}

}  // namespace jensen
