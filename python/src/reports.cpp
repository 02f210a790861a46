#include "reports.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "arrays.h"

namespace jensen::python {

namespace {

// One array by column of a table whose rows are `items`.
template <class Item>
class Columns {
 public:
  explicit Columns(const std::vector<Item>& items) : items_(items) {}

  template <class Read>
  Columns& number(const char* name, Read read) {
    std::vector<double> values;
    for (const Item& item : items_) values.push_back(static_cast<double>(read(item)));
    table_[name] = array(std::move(values), {items_.size()});
    return *this;
  }
  template <class Read>
  Columns& integer(const char* name, Read read) {
    std::vector<std::int32_t> values;
    for (const Item& item : items_) values.push_back(read(item));
    table_[name] = array(std::move(values));
    return *this;
  }
  template <class Read>
  Columns& object(const char* name, Read read) {
    nb::list values;
    for (const Item& item : items_) values.append(nb::cast(read(item)));
    table_[name] = values;
    return *this;
  }
  nb::dict table() const { return table_; }

 private:
  const std::vector<Item>& items_;
  nb::dict table_;
};

nb::dict trace_of(const std::vector<Step>& trace) {
  return Columns<Step>(trace)
      .integer("iteration", [](const Step& s) { return s.iteration; })
      .integer("evaluations", [](const Step& s) { return s.evaluations; })
      .number("log_likelihood", [](const Step& s) { return s.reading.log_likelihood; })
      .number("log_prior", [](const Step& s) { return s.reading.log_prior; })
      .number("objective", [](const Step& s) { return s.reading.objective(); })
      .number("bound", [](const Step& s) { return s.bound; })
      .number("gain", [](const Step& s) { return s.gain; })
      .number("remaining", [](const Step& s) { return s.remaining; })
      .number("seconds", [](const Step& s) { return s.seconds; })
      .table();
}

nb::dict starts_of(const std::vector<RestartReport>& starts) {
  return Columns<RestartReport>(starts)
      .object("seed", [](const RestartReport& r) { return r.seed; })
      .object("outcome", [](const RestartReport& r) { return to_string(r.outcome); })
      .object("message", [](const RestartReport& r) { return r.message; })
      .number("log_likelihood", [](const RestartReport& r) { return r.log_likelihood; })
      .number("log_prior", [](const RestartReport& r) { return r.log_prior; })
      .integer("iterations", [](const RestartReport& r) { return r.iterations; })
      .integer("evaluations", [](const RestartReport& r) { return r.evaluations; })
      .object("degenerate", [](const RestartReport& r) { return r.degenerate; })
      .table();
}

double or_nan(const Available& number) { return number.value.value_or(std::numeric_limits<double>::quiet_NaN()); }

nb::list degeneracies_of(const std::vector<Degeneracy>& degeneracies,
                         const std::vector<std::vector<std::int64_t>>& rows) {
  nb::list list;
  for (std::size_t i = 0; i < degeneracies.size(); ++i) {
    nb::dict one;
    one["component"] = degeneracies[i].component;
    one["fatal"] = degeneracies[i].fatal;
    one["reason"] = degeneracies[i].reason;
    one["rows"] = i < rows.size() ? rows[i] : std::vector<std::int64_t>{};
    list.append(one);
  }
  return list;
}

}  // namespace

void put_criteria(nb::dict& target, const Criteria& criteria) {
  target["log_likelihood"] = criteria.log_likelihood;
  target["log_prior"] = criteria.log_prior;
  target["observations"] = criteria.observations;
  target["free_parameters"] = criteria.free_parameters;
  target["aic"] = criteria.aic;
  target["bic"] = criteria.bic;
  target["icl"] = criteria.icl;
  target["normalized_entropy"] = criteria.normalized_entropy;
}

nb::dict to_python(const Report& report, int states) {
  nb::dict all;
  all["outcome"] = to_string(report.outcome);
  all["message"] = report.message;
  put_criteria(all, criteria(report, states));
  all["iterations"] = report.iterations;
  all["evaluations"] = report.evaluations;
  all["total_weight"] = report.total_weight;
  all["rows"] = report.rows;
  all["bound"] = report.bound.value();
  all["bound_gap"] = report.bound.gap();
  all["entropy"] = report.bound.entropy;
  all["state_entropy"] = report.state_entropy;
  all["monotone"] = report.monotone;
  all["gradient"] = report.gradient;
  all["degeneracies"] = degeneracies_of(report.degeneracies, report.degenerate_rows);
  all["trace"] = trace_of(report.trace);
  all["starts"] = starts_of(report.restarts);
  all["best_start"] = report.best_restart;
  all["optima"] = Columns<Optimum>(report.optima)
                      .number("objective", [](const Optimum& o) { return o.objective; })
                      .integer("starts", [](const Optimum& o) { return o.starts; })
                      .table();
  all["start_seconds"] = report.start_seconds;
  all["fit_seconds"] = report.fit_seconds;
  return all;
}

nb::dict to_python(const FitSummary& fit) {
  nb::dict all;
  all["outcome"] = to_string(fit.outcome);
  all["message"] = fit.message;
  put_criteria(all, fit);
  all["iterations"] = fit.iterations;
  all["prior"] = to_string(fit.prior);
  all["seed"] = fit.seed;
  all["degeneracies"] = degeneracies_of(fit.degeneracies, {});
  return all;
}

nb::dict to_python(const UncertaintySummary& summary) {
  using Parameter = UncertaintySummary::Parameter;
  nb::dict all;
  all["method"] = to_string(summary.method);
  all["intervals"] = to_string(summary.intervals);
  all["level"] = summary.level;
  all["gain_left"] = summary.gain_left;
  all["replicates"] = summary.replicates;
  all["failed"] = summary.failed;
  all["table"] = Columns<Parameter>(summary.parameters)
                     .object("parameter", [](const Parameter& p) { return p.name; })
                     .number("estimate", [](const Parameter& p) { return p.estimate; })
                     .number("standard_error", [](const Parameter& p) { return or_nan(p.standard_error); })
                     .number("lower", [&](const Parameter& p) { return or_nan(p.interval.lower); })
                     .number("upper", [&](const Parameter& p) { return or_nan(p.interval.upper); })
                     .object("not_available", [](const Parameter& p) { return p.standard_error.why_not; })
                     .table();
  return all;
}

namespace {

nb::dict to_python(const Direction& direction) {
  return Columns<Direction::Mover>(direction.movers)
      .object("parameter", [](const Direction::Mover& m) { return m.name; })
      .number("by", [](const Direction::Mover& m) { return m.by; })
      .table();
}

}  // namespace

nb::dict to_python(const Diagnosis& diagnosis) {
  using Parameter = ParameterDiagnosis;
  nb::dict all;
  all["findings"] = diagnosis.findings;
  all["observations"] = diagnosis.observations;
  all["free_parameters"] = diagnosis.coordinates;
  all["evaluations"] = diagnosis.evaluations;
  all["bound_gap"] = diagnosis.bound_gap;
  all["gain_left"] = diagnosis.gain_left;
  all["rate"] = or_nan(diagnosis.rate);
  all["missing_fraction"] = or_nan(diagnosis.missing_fraction);
  all["condition"] = or_nan(diagnosis.condition);
  all["slowest"] = to_python(diagnosis.slowest);
  all["weakest"] = to_python(diagnosis.weakest);
  all["parameters"] = Columns<Parameter>(diagnosis.parameters)
                          .object("parameter", [](const Parameter& p) { return p.name; })
                          .number("estimate", [](const Parameter& p) { return p.estimate; })
                          .number("standard_error", [](const Parameter& p) { return or_nan(p.standard_error); })
                          .number("missing_fraction", [](const Parameter& p) { return or_nan(p.missing_fraction); })
                          .table();
  all["looser"] = Columns<LooserStop>(diagnosis.looser)
                      .number("tolerance", [](const LooserStop& l) { return l.tolerance; })
                      .number("left", [](const LooserStop& l) { return l.left; })
                      .number("standard_errors", [](const LooserStop& l) { return l.standard_errors; })
                      .integer("iterations_saved", [](const LooserStop& l) { return l.iterations_saved; })
                      .table();
  return all;
}

}  // namespace jensen::python
