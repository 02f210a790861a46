#include <jensen/data/mapped_file.h>
#include <jensen/data/npy.h>
#include <jensen/error.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <limits>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "data/npy_header.h"
#include "data/text.h"

namespace jensen {
namespace {

constexpr std::string_view magic{"\x93NUMPY", 6};
constexpr char native = std::endian::native == std::endian::little ? '<' : '>';

class Reader {
 public:
  explicit Reader(const std::string& path) : file_(std::make_shared<MappedFile>(path)), bytes_(file_->text()) {}

  Table read() {
    const NpyHeader header = read_header();
    const bool single = header.type == std::string{native, 'f', '4'};
    if (!single && header.type != std::string{native, 'f', '8'}) refuse_type(header.type);
    if (header.shape.empty() || header.shape.size() > 2) {
      refuse("an array of " + std::to_string(header.shape.size()) + " axes; one or two are needed");
    }
    const std::uint64_t rows = header.shape[0];
    const std::uint64_t columns = header.shape.size() == 2 ? header.shape[1] : 1;
    check_size(rows, columns, single ? 4 : 8);
    MatrixView view{.data = bytes_.data(),
                    .single = single,
                    .rows = static_cast<std::int64_t>(rows),
                    .columns = static_cast<int>(columns),
                    .row_stride = 1,
                    .column_stride = static_cast<std::int64_t>(rows),
                    .owner = file_};
    if (!header.fortran_order) std::tie(view.row_stride, view.column_stride) = std::pair(view.columns, 1);
    align(view);
    try {
      return Table(std::move(view));
    } catch (const DataError& error) {
      refuse(error.what());
    }
  }

 private:
  [[noreturn]] void refuse(const std::string& problem) const { throw DataError(file_->name() + ": " + problem); }

  [[noreturn]] void refuse_type(const std::string& type) const {
    const std::string needed = "; float32 or float64 in this machine's byte order is needed";
    if (type.ends_with("O")) refuse("holds Python objects, which are never unpickled" + needed);
    if (type == "[...]") refuse("holds records with named fields" + needed);
    refuse("holds values of type " + excerpt(type) + needed);
  }

  // Leaves bytes_ at the data.
  NpyHeader read_header() {
    if (!bytes_.starts_with(magic)) refuse("not an NPY file: it does not begin with \\x93NUMPY");
    if (bytes_.size() < 8) refuse("the file ends within the header");
    const auto byte = [&](std::size_t i) { return std::size_t{static_cast<unsigned char>(bytes_[i])}; };
    const std::size_t version = byte(6);
    if (version < 1 || version > 3 || byte(7) != 0) {
      refuse("NPY format " + std::to_string(version) + "." + std::to_string(byte(7)) + " is not known");
    }
    const std::size_t begin = version == 1 ? 10 : 12;
    if (bytes_.size() < begin) refuse("the file ends within the header");
    std::size_t length = 0;
    for (std::size_t i = begin; i-- > 8;) length = length << 8 | byte(i);
    if (length > bytes_.size() - begin) refuse("the file ends within the header");
    auto header = parse_npy_header(bytes_.substr(begin, length));
    if (!header) refuse("the header is malformed: " + excerpt(bytes_.substr(begin, length)));
    bytes_.remove_prefix(begin + length);
    return *std::move(header);
  }

  void check_size(std::uint64_t rows, std::uint64_t columns, std::uint64_t cell) const {
    const std::string shape = "shape (" + std::to_string(rows) + ", " + std::to_string(columns) + ")";
    if (columns == 0) refuse(shape + " has no columns");
    if (columns > static_cast<std::uint64_t>(std::numeric_limits<int>::max())) refuse(shape + " has too many columns");
    if (rows > std::numeric_limits<std::int64_t>::max() / cell / columns) refuse(shape + " is larger than any memory");
    const std::uint64_t expected = rows * columns * cell;
    if (expected == bytes_.size()) return;
    refuse(shape + " takes " + std::to_string(expected) + " bytes, but the file holds " +
           std::to_string(bytes_.size()) + (expected > bytes_.size() ? ": it is cut short" : ""));
  }

  // Other writers need not pad their headers as NumPy does.
  void align(MatrixView& view) const {
    if (reinterpret_cast<std::uintptr_t>(view.data) % alignof(double) == 0) return;
    auto copy = std::make_shared<std::vector<double>>((bytes_.size() + sizeof(double) - 1) / sizeof(double));
    if (!bytes_.empty()) std::memcpy(copy->data(), bytes_.data(), bytes_.size());
    view.data = copy->data();
    view.owner = copy;
  }

  std::shared_ptr<MappedFile> file_;
  std::string_view bytes_;
};

}  // namespace

Table read_npy(const std::string& path) { return Reader(path).read(); }

void write_npy(const std::string& path, ConstPanel values) {
  std::string header = "{'descr': '" + std::string{native, 'f', '8'} + "', 'fortran_order': True, 'shape': (" +
                       std::to_string(values.rows) + ", " + std::to_string(values.columns) + "), }";
  constexpr std::size_t before = 10, alignment = 64;
  header.resize((before + header.size() + 1 + alignment - 1) / alignment * alignment - before - 1, ' ');
  header += '\n';
  std::ofstream file(path, std::ios::binary);
  file << magic << '\x01' << '\0' << static_cast<char>(header.size() & 255) << static_cast<char>(header.size() >> 8)
       << header;
  for (int j = 0; j < values.columns; ++j) {
    file.write(reinterpret_cast<const char*>(values.column(j)),
               static_cast<std::streamsize>(values.rows * static_cast<std::int64_t>(sizeof(double))));
  }
  file.close();
  if (!file) throw Error("write_npy: " + path + ": the file cannot be written");
}

}  // namespace jensen
