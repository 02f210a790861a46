#include <jensen/emissions/product.h>

#include <fmt/format.h>

#include <algorithm>

namespace jensen {

Product::Product(std::vector<Part> parts, int columns) : parts_(std::move(parts)), columns_(columns) {
  if (parts_.empty()) throw ArgumentError("Product", "parts", "are none");
  int used = 0;
  for (Part& part : parts_) {
    if (part.columns.empty()) throw ArgumentError("Product", "columns", "of a part are none");
    const int largest = *std::max_element(part.columns.begin(), part.columns.end());
    if (part.name.empty()) part.name = fmt::format("x{}", part.columns.front() + 1);
    if (part.emissions.states() != states()) {
      throw ArgumentError("Product", part.name,
                          fmt::format("has {} states, the first part {}", part.emissions.states(), states()));
    }
    if (part.emissions.columns() != static_cast<int>(part.columns.size())) {
      throw ArgumentError("Product", part.name,
                          fmt::format("reads {} columns, {} are given", part.emissions.columns(), part.columns.size()));
    }
    if (*std::min_element(part.columns.begin(), part.columns.end()) < 0 || (columns > 0 && largest >= columns)) {
      throw ArgumentError("Product", part.name, fmt::format("names a column outside 0 … {}", columns - 1));
    }
    used = std::max(used, largest + 1);
    layouts_.push_back(part.emissions.layout());
  }
  if (columns == 0) columns_ = used;
}

template <class S, class Visit>
void Product::each(S s, const Visit& visit) const {
  std::size_t sum = 0;
  std::size_t about = 0;
  for (std::size_t p = 0; p < parts_.size(); ++p) {
    visit(p, S{s.sum.subspan(sum, layouts_[p].sum), s.about.subspan(about, layouts_[p].about)});
    sum += layouts_[p].sum;
    about += layouts_[p].about;
  }
}

Block Product::block_of(const Block& x, std::size_t part, std::vector<double>& gathered) const {
  const auto& columns = parts_[part].columns;
  bool side_by_side = true;
  for (std::size_t j = 1; j < columns.size(); ++j) side_by_side = side_by_side && columns[j] == columns[j - 1] + 1;
  Block own = x;
  own.x.columns = static_cast<int>(columns.size());
  if (side_by_side) {
    own.x.data = x.x.column(columns.front());
    return own;
  }
  const auto rows = static_cast<std::size_t>(x.rows());
  gathered.resize(rows * columns.size());
  for (std::size_t j = 0; j < columns.size(); ++j) {
    std::copy_n(x.x.column(columns[j]), rows, gathered.data() + j * rows);
  }
  own.x.data = gathered.data();
  own.x.stride = x.rows();
  return own;
}

bool Product::can(Capability capability) const {
  if (capability == Capability::impute) {
    return std::all_of(parts_.begin(), parts_.end(), [](const Part& p) { return imputes(p.emissions); });
  }
  return std::all_of(parts_.begin(), parts_.end(), [&](const Part& p) { return p.emissions.can(capability); });
}
bool Product::tentative() const {
  return std::any_of(parts_.begin(), parts_.end(), [](const Part& p) { return p.emissions.tentative(); });
}
Layout Product::layout() const {
  Layout total;
  for (const Layout& own : layouts_) {
    total.sum += own.sum;
    total.about += own.about;
  }
  return total;
}
void Product::reference(std::span<double> about) const {
  for (std::size_t p = 0; p < parts_.size(); ++p) {
    parts_[p].emissions.reference(about.first(layouts_[p].about));
    about = about.subspan(layouts_[p].about);
  }
}
void Product::add_log_density(const Block& x, Panel panel, Scratch& scratch) const {
  scratch.gathered.resize(parts_.size());
  scratch.own.resize(parts_.size());
  for (std::size_t p = 0; p < parts_.size(); ++p) {
    parts_[p].emissions.add_log_density(block_of(x, p, scratch.gathered[p]), panel, scratch.own[p]);
  }
}
double Product::accumulate(const Block& x, ConstPanel r, Slice s, Scratch& scratch) const {
  scratch.gathered.resize(parts_.size());
  scratch.own.resize(parts_.size());
  double entropy = 0;
  each(s, [&](std::size_t p, Slice own) {
    entropy += parts_[p].emissions.accumulate(block_of(x, p, scratch.gathered[p]), r, own, scratch.own[p]);
  });
  return entropy;
}
void Product::maximize(ConstSlice s) {
  each(s, [&](std::size_t p, ConstSlice own) { parts_[p].emissions.maximize(own); });
}

double Product::expected_log_density(ConstSlice s) const {
  double total = 0;
  each(s, [&](std::size_t p, ConstSlice own) { total += parts_[p].emissions.expected_log_density(own); });
  return total;
}
double Product::log_prior() const {
  double total = 0;
  for (const Part& part : parts_) total += part.emissions.log_prior();
  return total;
}
std::vector<Degeneracy> Product::degeneracies() const {
  std::vector<Degeneracy> all;
  for (const Part& part : parts_) {
    for (Degeneracy& d : part.emissions.degeneracies()) {
      d.reason = part.name + ": " + d.reason;
      all.push_back(std::move(d));
    }
  }
  return all;
}
void Product::move(ConstSlice from, Slice to) const {
  std::size_t sum = 0;
  std::size_t about = 0;
  each(from, [&](std::size_t p, ConstSlice own) {
    const Layout size = layouts_[p];
    parts_[p].emissions.move(own, {to.sum.subspan(sum, size.sum), to.about.subspan(about, size.about)});
    sum += size.sum;
    about += size.about;
  });
}
void Product::sample(int k, Stream& stream, std::span<double> row) const {
  std::vector<double> own;
  for (const Part& part : parts_) {
    own.clear();
    for (int j : part.columns) own.push_back(row[static_cast<std::size_t>(j)]);
    part.emissions.sample(k, stream, own);
    for (std::size_t j = 0; j < own.size(); ++j) row[static_cast<std::size_t>(part.columns[j])] = own[j];
  }
}
std::optional<CellProblem> Product::problem(const Block& x) const {
  std::optional<CellProblem> first;
  std::vector<double> gathered;
  for (std::size_t p = 0; p < parts_.size(); ++p) {
    auto found = parts_[p].emissions.problem(block_of(x, p, gathered));
    if (!found || (first && first->row <= found->row)) continue;
    found->column = parts_[p].columns[static_cast<std::size_t>(found->column)];
    first = std::move(found);
  }
  return first;
}
bool Product::regularize(ConstSlice pooled, double rows) {
  bool any = false;
  each(pooled, [&](std::size_t p, ConstSlice own) { any = parts_[p].emissions.regularize(own, rows) || any; });
  return any;
}

int Product::free_parameters() const {
  int count = 0;
  for (const Part& part : parts_) count += part.emissions.free_parameters();
  return count;
}
std::vector<double> Product::unconstrained() const {
  std::vector<double> all;
  for (const Part& part : parts_) {
    const auto own = part.emissions.unconstrained();
    all.insert(all.end(), own.begin(), own.end());
  }
  return all;
}
void Product::set_unconstrained(std::span<const double> u) {
  std::vector<Part> next = parts_;
  for (Part& part : next) {
    const auto count = std::min(part.emissions.unconstrained().size(), u.size());
    part.emissions.set_unconstrained(u.first(count));
    u = u.subspan(count);
  }
  if (!u.empty()) throw ArgumentError("Product::set_unconstrained", "u", "holds too many numbers");
  parts_ = std::move(next);
}
std::vector<double> Product::parameters() const {
  std::vector<double> all;
  for (const Part& part : parts_) {
    const auto own = part.emissions.parameters();
    all.insert(all.end(), own.begin(), own.end());
  }
  return all;
}
void Product::set_parameters(std::span<const double> v) {
  std::vector<Part> next = parts_;
  for (Part& part : next) {
    const auto count = std::min(part.emissions.parameters().size(), v.size());
    part.emissions.set_parameters(v.first(count));
    v = v.subspan(count);
  }
  if (!v.empty()) throw ArgumentError("Product::set_parameters", "v", "holds too many numbers");
  parts_ = std::move(next);
}
std::vector<std::string> Product::parameter_names() const {
  std::vector<std::string> all;
  for (const Part& part : parts_) {
    for (const auto& own : part.emissions.parameter_names()) all.push_back(part.name + "." + own);
  }
  return all;
}

}  // namespace jensen
