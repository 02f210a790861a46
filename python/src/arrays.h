// NumPy's arrays and the library's tables.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <jensen/data/table.h>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

namespace jensen::python {

namespace nb = nanobind;

/// float64 or float32, any strides, read in place.
using Matrix = nb::ndarray<nb::ro, nb::ndim<2>, nb::device::cpu>;
using Numbers = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Stack = nb::ndarray<const double, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using Integers = nb::ndarray<const std::int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Rows = nb::ndarray<const std::int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

/// A table over the array's memory, which lives as long as the table.
Table table_of(const Matrix& matrix, std::vector<std::string> names);

/// A NumPy array that owns the values, in C order.
nb::object array(std::vector<double> values, std::initializer_list<std::size_t> shape);
nb::object array(std::vector<std::int32_t> values);
/// The same for a column-major matrix.
nb::object matrix_by_columns(std::vector<double> values, std::size_t rows, std::size_t columns);

/// A copy of its cells.
nb::object copy_of(ConstPanel x);

/// Calls visit(block) for the whole table, on several threads where that pays: rows in blocks, sequences whole.
void visit_in_parallel(const Table& table, int threads, const std::function<void(const Block&)>& visit);

void bind_tables(nb::module_& module);

}  // namespace jensen::python
