// From data to a fitted mixture of any emissions, in one call.
#pragma once

#include <jensen/em/fit.h>
#include <jensen/emissions/schema_emissions.h>
#include <jensen/fit_gaussian_mixture.h>
#include <jensen/models/any_grouped_mixture.h>
#include <jensen/models/any_mixture.h>
#include <jensen/models/gated_mixture.h>

namespace jensen {

/// A mixture over `emissions` made ready for the data: every cell is looked at, and with Prior::data_scaled the
/// emissions whose likelihood some data make unbounded take their prior (docs/families.md), as if 0.02/n further
/// observations, distributed as the whole data, had been seen by each component; n observations weigh Σ w. Gaussian and
/// Student-t parts learn what the data's numbers can resolve, as in fit_gaussian_mixture. The components of nested
/// mixtures are each made ready so, and Gaussian ones spread over the data, as equal ones would stay equal. Throws
/// DataError naming the first cell that no parameters can explain, ArgumentError for another number of columns.
AnyMixture mixture_for(const Data& data, AnyEmissions emissions, Prior prior = Prior::data_scaled, int threads = 0);

/// Fits mixture_for(data, emissions, prior). options.start must not be `given`: the emissions' parameters are no start.
Fitted<AnyMixture> fit_mixture(const Data& data, AnyEmissions emissions, const Options& options,
                               Prior prior = Prior::data_scaled);

/// emissions_for(schema, states, further_columns), with what only the data can say: where factor analysers begin
/// (fit_factor_analyzers.h), whose loadings no start could lead away from 0. The data's columns are the emissions'.
AnyEmissions emissions_for(const Data& data, const Schema& schema, int states, int further_columns = 0);

/// Smallest and largest observed value of a column of the data; NaN where none is observed.
struct ColumnRange {
  double smallest, largest;
};
ColumnRange range_of(const Data& data, int column, int threads = 0);

/// What is fitted to a table whose columns are described by a schema.
struct FittedTable {
  AnyMixture model;
  Report report;
  Schema schema;  ///< with what was left to the data: levels, ends, largest counts
};

/// The schema with what it leaves to the data filled in. The data's columns are columns_of(schema), in that order.
/// Throws DataError for a column without an observed cell and for a category of a single level.
Schema resolved(Schema schema, const Data& data, int threads = 0);

/// Fits K components to columns of different kinds. In the result components are in canonical order, so that the same
/// solution has the same labels in every fit: ascending by the expected value of the first column, ties by the next
/// ones (component_order.h); labelled data keep the order of their labels, and constraints, which name components, the
/// one that they speak of. Throws as the parts above and check_schema
/// do, and ArgumentError for more components than distinct rows.
FittedTable fit_mixture(const Data& data, const Schema& schema, int components, const Options& options = from_data(),
                        Prior prior = Prior::data_scaled);

/// A mixture whose weights depend on the columns `gate`, its emissions made ready for the data as mixture_for() does.
/// `schema` leaves nothing to the data. The data's columns are columns_of(schema, gate).
GatedMixture gated_mixture_for(const Data& data, const Schema& schema, const std::vector<std::string>& gate,
                               int components, Prior prior = Prior::data_scaled, int threads = 0);

struct FittedGatedTable {
  GatedMixture model;
  Report report;
  Schema schema;
};
/// The same with weights that depend on the columns `gate` (models/gated_mixture.h). The data's columns are
/// columns_of(schema, gate). Components are in canonical order; the first is the reference of the gate.
FittedGatedTable fit_mixture(const Data& data, const Schema& schema, const std::vector<std::string>& gate,
                             int components, const Options& options = from_data(), Prior prior = Prior::data_scaled);

struct FittedGroupedTable {
  AnyGroupedMixture model;
  Report report;
  Schema schema;
};
/// The same for rows that come in groups, the sequences of the data, and share their component: repeated measurements
/// (models/grouped_mixture.h). Throws ArgumentError also for data that are not cut into groups and for more components
/// than groups.
FittedGroupedTable fit_grouped_mixture(const Data& data, const Schema& schema, int components,
                                       const Options& options = from_data(), Prior prior = Prior::data_scaled);

/// Puts the components of a fitted mixture in canonical order, the report with them. False where its emissions are of a
/// type that cannot be reordered; nothing has changed then.
bool sort_components(AnyMixture& model, Report& report);
bool sort_components(AnyGroupedMixture& model, Report& report);
/// The same; the gate's coefficients become those against the component that is now the first.
bool sort_components(GatedMixture& model, Report& report);

}  // namespace jensen
