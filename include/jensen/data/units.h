// Rows that share something unseen, gathered into one row each.
#pragma once

#include <jensen/data/table.h>

namespace jensen {

/// One row for each group of rows with the same value in `group_column`, in order of first appearance: the group's
/// first row without that column, then its second, and so on. Shorter groups end in missing cells. Columns are named
/// "name.0" for the first row's, "name.1" for the second's. A group's weight is that of its rows.
/// Throws ArgumentError for a column that does not exist, and DataError (naming rows) for a missing group, weights that
/// differ within one, and data with labels.
Table units(const Data& data, int group_column);

}  // namespace jensen
