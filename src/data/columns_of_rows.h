// Rows that lie side by side in memory, as the columns that a block consists of.
#pragma once

#include <cstdint>

#include <jensen/data/panel.h>

namespace jensen {

/// out(i, j) = rows[i row_stride + j].
void columns_of_rows(const double* rows, std::int64_t row_stride, Panel out);
void columns_of_rows(const float* rows, std::int64_t row_stride, Panel out);

}  // namespace jensen
