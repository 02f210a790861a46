#include "arrays.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <jensen/error.h>
#include <jensen/execution/workers.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

namespace jensen::python {

namespace {

constexpr std::int64_t rows_at_once = 512;
constexpr int blocks_worth_a_thread = 8;

// The array takes the values along; shape and strides count elements.
template <class T>
nb::object owned(std::vector<T> values, std::size_t axes, const std::size_t* shape, const std::int64_t* strides) {
  auto kept = std::make_unique<std::vector<T>>(std::move(values));
  T* data = kept->data();
  const nb::capsule owner(kept.release(), [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
  return nb::cast(nb::ndarray<nb::numpy, T>(data, axes, shape, owner, strides));
}

std::vector<std::int64_t> cuts_of(const Table& table) {
  std::vector<std::int64_t> cuts{0};
  const auto sequences = table.sequences();
  if (sequences.empty()) {
    while (cuts.back() < table.rows()) cuts.push_back(std::min(cuts.back() + rows_at_once, table.rows()));
    return cuts;
  }
  for (const std::int64_t end : sequences.subspan(1)) {
    if (end - cuts.back() >= rows_at_once || end == table.rows()) cuts.push_back(end);
  }
  return cuts;
}

Table with_parts(Table table, const std::optional<Numbers>& weights, const std::string& weight_kind,
                 const std::optional<Integers>& labels, int states, const std::optional<Rows>& begins) {
  if (begins) table = table.with_sequences({begins->data(), begins->data() + begins->size()});
  if (weights) {
    if (weight_kind != "frequency" && weight_kind != "sampling") {
      throw ArgumentError("fit", "weight_kind", "must be 'frequency' or 'sampling', got '" + weight_kind + "'");
    }
    table = table.with_weights({weights->data(), weights->data() + weights->size()},
                               weight_kind == "sampling" ? WeightKind::sampling : WeightKind::frequency);
  }
  if (labels) table = table.with_labels({labels->data(), labels->size()}, states);
  return table;
}

}  // namespace

Table table_of(const Matrix& matrix, std::vector<std::string> names) {
  const bool single = matrix.dtype() == nb::dtype<float>();
  if (!single && matrix.dtype() != nb::dtype<double>()) {
    throw ArgumentError("Table", "matrix", "must hold float64 or float32");
  }
  const auto owner = std::make_shared<Matrix>(matrix);
  return Table({.data = matrix.data(),
                .single = single,
                .rows = static_cast<std::int64_t>(matrix.shape(0)),
                .columns = static_cast<int>(matrix.shape(1)),
                .row_stride = matrix.stride(0),
                .column_stride = matrix.stride(1),
                .owner = owner},
               std::move(names));
}

nb::object array(std::vector<double> values, std::initializer_list<std::size_t> shape) {
  return owned(std::move(values), shape.size(), shape.begin(), nullptr);
}

nb::object array(std::vector<std::int32_t> values) {
  const std::size_t size = values.size();
  return owned(std::move(values), 1, &size, nullptr);
}

nb::object matrix_by_columns(std::vector<double> values, std::size_t rows, std::size_t columns) {
  const std::size_t shape[] = {rows, columns};
  const std::int64_t strides[] = {1, static_cast<std::int64_t>(std::max<std::size_t>(rows, 1))};
  return owned(std::move(values), 2, shape, strides);
}

void visit_in_parallel(const Table& table, int threads, const std::function<void(const Block&)>& visit) {
  const auto cuts = cuts_of(table);
  const int blocks = static_cast<int>(cuts.size()) - 1;
  Workers workers(blocks < 2 * blocks_worth_a_thread ? 1 : threads);
  std::vector<BlockBuffer> buffers(static_cast<std::size_t>(workers.count()));
  workers.run(blocks, [&](int task, int worker) {
    const std::int64_t first = cuts[static_cast<std::size_t>(task)];
    const std::int64_t count = cuts[static_cast<std::size_t>(task) + 1] - first;
    visit(table.block(first, count, buffers[static_cast<std::size_t>(worker)]));
  });
}

nb::object copy_of(ConstPanel x) {
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(x.rows) * static_cast<std::size_t>(x.columns));
  for (int j = 0; j < x.columns; ++j) values.insert(values.end(), x.column(j), x.column(j) + x.rows);
  return matrix_by_columns(std::move(values), static_cast<std::size_t>(x.rows), static_cast<std::size_t>(x.columns));
}

void bind_tables(nb::module_& module) {
  nb::class_<Table>(module, "Table")
      .def(
          "__init__",
          [](Table* self, const Matrix& matrix, std::vector<std::string> names, const std::optional<Numbers>& weights,
             const std::string& weight_kind, const std::optional<Integers>& labels, int states,
             const std::optional<Rows>& begins) {
            Table table = with_parts(table_of(matrix, std::move(names)), weights, weight_kind, labels, states, begins);
            new (self) Table(std::move(table));
          },
          nb::arg("matrix"), nb::arg("names") = std::vector<std::string>{}, nb::arg("weights") = nb::none(),
          nb::arg("weight_kind") = "frequency", nb::arg("labels") = nb::none(), nb::arg("states") = 0,
          nb::arg("begins") = nb::none())
      .def("cells",
           [](const Table& table) {
             BlockBuffer buffer;
             return copy_of(table.block(0, table.rows(), buffer).x);
           })
      .def_prop_ro("rows", &Table::rows)
      .def_prop_ro("columns", &Table::columns);
}

}  // namespace jensen::python
