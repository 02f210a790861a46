#include <jensen/error.h>
#include <jensen/models/parameters.h>
#include <jensen/models/simplex.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace jensen {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// d of a packed matrix of `size` numbers; −1 where there is none.
int side(std::size_t size) {
  for (int d = 1; packed_size(d) <= size; ++d) {
    if (packed_size(d) == size) return d;
  }
  return -1;
}

bool inside(double x, double lower, double upper) { return x > lower && x < upper && std::isfinite(x); }

}  // namespace

ScalarParameter Parameters::real(std::string name, double value) {
  return {add({std::move(name), Kind::real, true}, {&value, 1})};
}
VectorParameter Parameters::real(std::string name, std::vector<double> values) {
  return add_vector(std::move(name), Kind::real, std::move(values));
}
ScalarParameter Parameters::positive(std::string name, double value) {
  return {add({std::move(name), Kind::positive, true, 0, 0, 0, 0, 0, infinity}, {&value, 1})};
}
VectorParameter Parameters::positive(std::string name, std::vector<double> values) {
  return {add({std::move(name), Kind::positive, false, 0, 0, 0, 0, 0, infinity}, values), values.size()};
}
ScalarParameter Parameters::probability(std::string name, double value) {
  return {add({std::move(name), Kind::probability, true, 0, 0, 0, 0, 0, 1}, {&value, 1})};
}
VectorParameter Parameters::probability(std::string name, std::vector<double> values) {
  return {add({std::move(name), Kind::probability, false, 0, 0, 0, 0, 0, 1}, values), values.size()};
}
ScalarParameter Parameters::interval(std::string name, double value, double lower, double upper) {
  return {add({std::move(name), Kind::interval, true, 0, 0, 0, 0, lower, upper}, {&value, 1})};
}
VectorParameter Parameters::interval(std::string name, std::vector<double> values, double lower, double upper) {
  return {add({std::move(name), Kind::interval, false, 0, 0, 0, 0, lower, upper}, values), values.size()};
}
VectorParameter Parameters::simplex(std::string name, std::vector<double> values) {
  return add_vector(std::move(name), Kind::simplex, std::move(values));
}
VectorParameter Parameters::ordered(std::string name, std::vector<double> values) {
  return add_vector(std::move(name), Kind::ordered, std::move(values));
}
MatrixParameter Parameters::covariance(std::string name, std::vector<double> packed) {
  return add_matrix(std::move(name), Kind::covariance, std::move(packed));
}
MatrixParameter Parameters::correlation(std::string name, std::vector<double> packed) {
  return add_matrix(std::move(name), Kind::correlation, std::move(packed));
}

VectorParameter Parameters::add_vector(std::string name, Kind kind, std::vector<double> values) {
  return {add({std::move(name), kind}, values), values.size()};
}

MatrixParameter Parameters::add_matrix(std::string name, Kind kind, std::vector<double> packed) {
  const int d = side(packed.size());
  if (d < 0) {
    throw ArgumentError("Parameters", name,
                        fmt::format("is a packed triangle of d(d+1)/2 numbers, got {}", packed.size()));
  }
  return {add({std::move(name), kind, false, 0, 0, 0, d}, packed), d};
}

std::size_t Parameters::add(Entry entry, std::span<const double> values) {
  if (entry.name.empty()) throw ArgumentError("Parameters", "name", "must not be empty");
  for (const Entry& e : entries_) {
    if (e.name == entry.name) throw ArgumentError("Parameters", entry.name, "is there already");
  }
  if (values.empty()) throw ArgumentError("Parameters", entry.name, "has no values");
  if (entry.kind == Kind::interval && !(entry.lower < entry.upper && std::isfinite(entry.upper - entry.lower))) {
    throw ArgumentError("Parameters", entry.name,
                        fmt::format("must have a finite interval, got {} … {}", entry.lower, entry.upper));
  }
  entry.at = stored_.size();
  entry.size = values.size();
  entry.coordinate = static_cast<std::size_t>(coordinates_);
  if (const std::string wrong = problem(entry, values); !wrong.empty()) {
    throw ArgumentError("Parameters", entry.name, wrong);
  }
  stored_.insert(stored_.end(), values.begin(), values.end());
  coordinates_ += static_cast<int>(coordinates_of(entry));
  entries_.push_back(std::move(entry));
  return entries_.back().at;
}

std::size_t Parameters::coordinates_of(const Entry& e) {
  if (e.kind == Kind::simplex) return e.size - 1;
  if (e.kind == Kind::correlation) return e.size - static_cast<std::size_t>(e.d);
  return e.size;
}

// What keeps these values from being the parameter; empty where nothing does.
std::string Parameters::problem(const Entry& e, std::span<const double> v) {
  for (std::size_t i = 0; i < v.size(); ++i) {
    if (!std::isfinite(v[i])) return fmt::format("holds {}", v[i]);
    const bool ranged = e.kind == Kind::positive || e.kind == Kind::probability || e.kind == Kind::interval;
    if (ranged && !inside(v[i], e.lower, e.upper)) {
      return e.upper < infinity ? fmt::format("must lie between {} and {}, got {}", e.lower, e.upper, v[i])
                                : fmt::format("must be > {}, got {}", e.lower, v[i]);
    }
    if (e.kind == Kind::simplex && !(v[i] > 0)) return fmt::format("must be > 0 everywhere, got {}", v[i]);
    if (e.kind == Kind::ordered && i > 0 && !(v[i] > v[i - 1])) {
      return fmt::format("must rise, got {} after {}", v[i], v[i - 1]);
    }
  }
  if (e.kind == Kind::simplex) {
    double total = 0;
    for (double x : v) total += x;
    if (std::abs(total - 1) > 1e-9) return fmt::format("must sum to 1, got {}", total);
  }
  if (e.kind == Kind::correlation) {
    for (int a = 0; a < e.d; ++a) {
      if (v[packed_index(a, a)] != 1) return "must have ones on its diagonal";
    }
  }
  if (e.d > 0 && !cholesky(v, e.d).positive_definite()) return "must be positive definite";
  return {};
}

template <class Visit>
void Parameters::for_each_number(Visit visit) const {
  for (const Entry& e : entries_) {
    if (e.d == 0) {
      for (std::size_t i = 0; i < e.size; ++i) visit(e, i);
      continue;
    }
    for (int a = 0; a < e.d; ++a) {
      for (int b = 0; b <= a - (e.kind == Kind::correlation ? 1 : 0); ++b) visit(e, packed_index(a, b));
    }
  }
}

std::vector<std::string> Parameters::names() const {
  std::vector<std::string> names;
  for_each_number([&](const Entry& e, std::size_t i) {
    if (e.d == 0) {
      names.push_back(e.scalar ? e.name : fmt::format("{}[{}]", e.name, i));
      return;
    }
    int a = 0;
    while (packed_index(a, a) < i) ++a;
    names.push_back(fmt::format("{}[{},{}]", e.name, a, i - packed_index(a, 0)));
  });
  return names;
}

std::vector<double> Parameters::values() const {
  std::vector<double> values;
  for_each_number([&](const Entry& e, std::size_t i) { values.push_back(stored_[e.at + i]); });
  return values;
}

void Parameters::set_values(std::span<const double> values) {
  const std::size_t expected = this->values().size();
  if (values.size() != expected) {
    throw ArgumentError("Parameters::set_values", "values",
                        fmt::format("must be {} numbers, got {}", expected, values.size()));
  }
  std::vector<double> changed = stored_;
  std::size_t next = 0;
  for_each_number([&](const Entry& e, std::size_t i) { changed[e.at + i] = values[next++]; });
  for (const Entry& e : entries_) {
    const std::string wrong = problem(e, std::span<const double>(changed).subspan(e.at, e.size));
    if (!wrong.empty()) throw ArgumentError("Parameters::set_values", e.name, wrong);
  }
  stored_ = std::move(changed);
}

void Parameters::append_unconstrained(const Entry& e, std::span<const double> v, std::vector<double>& u) {
  switch (e.kind) {
    case Kind::real: u.insert(u.end(), v.begin(), v.end()); return;
    case Kind::positive:
      for (double x : v) u.push_back(std::log(x));
      return;
    case Kind::probability:
    case Kind::interval:
      for (double x : v) u.push_back(std::log((x - e.lower) / (e.upper - x)));
      return;
    case Kind::simplex: {
      const auto logits = simplex_to_logits(v);
      u.insert(u.end(), logits.begin(), logits.end());
      return;
    }
    case Kind::ordered:
      for (std::size_t i = 0; i < v.size(); ++i) u.push_back(i == 0 ? v[0] : std::log(v[i] - v[i - 1]));
      return;
    case Kind::covariance: {
      const Cholesky factor = cholesky(v, e.d);
      for (int a = 0; a < e.d; ++a) {
        for (int b = 0; b <= a; ++b) {
          const double l = factor.factor[packed_index(a, b)];
          u.push_back(a == b ? std::log(l) : l);
        }
      }
      return;
    }
    case Kind::correlation: {
      const Cholesky factor = cholesky(v, e.d);
      for (int a = 0; a < e.d; ++a) {
        double rest = 1;
        for (int b = 0; b < a; ++b) {
          const double partial = std::clamp(factor.factor[packed_index(a, b)] / rest, -1.0, 1.0);
          u.push_back(std::atanh(partial));
          rest *= std::sqrt((1 - partial) * (1 + partial));
        }
      }
      return;
    }
  }
}

std::vector<double> Parameters::unconstrained() const {
  std::vector<double> u;
  for (const Entry& e : entries_) {
    append_unconstrained(e, std::span<const double>(stored_).subspan(e.at, e.size), u);
  }
  return u;
}

void Parameters::set_unconstrained(std::span<const double> u) {
  if (u.size() != static_cast<std::size_t>(coordinates_)) {
    throw ArgumentError("Parameters::set_unconstrained", "u",
                        fmt::format("must hold {} numbers, got {}", coordinates_, u.size()));
  }
  std::vector<double> changed(stored_.size());
  for (const Entry& e : entries_) {
    write(e, u.data() + e.coordinate, changed.data() + e.at);
    const auto own = std::span<const double>(changed).subspan(e.at, e.size);
    if (const std::string wrong = problem(e, own); !wrong.empty()) {
      throw ArgumentError("Parameters::set_unconstrained", e.name, wrong);
    }
  }
  stored_ = std::move(changed);
}

double Parameters::reach(std::span<const double> step, double most) const {
  double largest = 0;
  for (const Entry& e : entries_) {
    if (e.kind == Kind::real) continue;
    for (std::size_t i = 0; i < coordinates_of(e); ++i) {
      largest = std::max(largest, std::abs(step[e.coordinate + i]));
    }
  }
  return largest > most ? most / largest : 1;
}

}  // namespace jensen
