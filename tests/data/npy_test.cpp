#include <jensen/data/npy.h>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <limits>
#include <random>
#include <thread>

#include <jensen/data/mapped_file.h>
#include <jensen/error.h>

namespace jensen {
namespace {

// The types below are little-endian by name; on other machines the reader refuses them.
static_assert(std::endian::native == std::endian::little);

class Npy : public testing::Test {
 protected:
  void TearDown() override { std::remove(path.c_str()); }

  void write(const std::string& bytes) const {
    // File systems hurry a file that replaces its content to the disk; a new one may wait.
    std::remove(path.c_str());
    std::ofstream file(path, std::ios::binary);
    file << bytes;
    ASSERT_TRUE(file.flush());
  }

  std::string error(const std::string& bytes) const {
    write(bytes);
    try {
      read_npy(path);
    } catch (const DataError& error) {
      const std::string text = error.what();
      EXPECT_EQ(text.find(path + ": "), 0u) << text;
      return text.substr(path.size() + 2);
    }
    return "no error";
  }

  std::string path = testing::TempDir() + "jensen_" + std::to_string(::getpid()) + "_" +
                     testing::UnitTest::GetInstance()->current_test_info()->name() + ".npy";
};

std::string file(int version, const std::string& header, const std::string& data) {
  std::string bytes = "\x93NUMPY";
  bytes += {static_cast<char>(version), '\0'};
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) bytes += static_cast<char>(header.size() >> 8 * i);
  return bytes + header + data;
}

std::string dictionary(const std::string& type, bool fortran, const std::string& shape) {
  return "{'descr': '" + type + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': " + shape + ", }";
}

template <class T>
std::string bytes(std::initializer_list<T> values) {
  return {reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(T)};
}

void expect_cells(const Table& table, const std::vector<std::vector<double>>& rows) {
  ASSERT_EQ(table.rows(), static_cast<std::int64_t>(rows.size()));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ASSERT_EQ(table.columns(), static_cast<int>(rows[i].size()));
    for (std::size_t j = 0; j < rows[i].size(); ++j) {
      EXPECT_EQ(table.cell(static_cast<std::int64_t>(i), static_cast<int>(j)), rows[i][j]);
    }
  }
}

TEST_F(Npy, ReadsBothOrdersTypesAndAllVersions) {
  for (const int version : {1, 2, 3}) {
    for (const int padding : {0, 1, 5, 54}) {
      const std::string tail = std::string(static_cast<std::size_t>(padding), ' ') + "\n";
      write(file(version, dictionary("<f8", false, "(2, 3)") + tail, bytes<double>({1, 2, 3, 4, 5, 6})));
      expect_cells(read_npy(path), {{1, 2, 3}, {4, 5, 6}});
      write(file(version, dictionary("<f8", true, "(2, 3)") + tail, bytes<double>({1, 2, 3, 4, 5, 6})));
      expect_cells(read_npy(path), {{1, 3, 5}, {2, 4, 6}});
      write(file(version, dictionary("<f4", false, "(3, 1)") + tail, bytes<float>({1.5, 2, 0.1f})));
      expect_cells(read_npy(path), {{1.5}, {2}, {static_cast<double>(0.1f)}});
      write(file(version, dictionary("<f4", true, "(3,)") + tail, bytes<float>({1.5, 2, 3})));
      expect_cells(read_npy(path), {{1.5}, {2}, {3}});
    }
  }
}

TEST_F(Npy, ReadsWhatPythonMayWriteDifferently) {
  write(file(1, R"({"shape":(1,2),'fortran_order' : False,'descr':"<f8"})", bytes<double>({1, 2})));
  expect_cells(read_npy(path), {{1, 2}});
  write(file(1, dictionary("<f8", false, "(0, 4)"), ""));
  EXPECT_EQ(read_npy(path).rows(), 0);
  EXPECT_EQ(read_npy(path).columns(), 4);
}

TEST_F(Npy, ReadsInPlaceAndOutlivesTheFile) {
  std::vector<double> values(3000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sqrt(static_cast<double>(i));
  write_npy(path, {values.data(), 1000, 3, 1000});
  ASSERT_EQ(::chmod(path.c_str(), 0400), 0);
  const Table table = read_npy(path);
  std::remove(path.c_str());
  BlockBuffer buffer;
  const Block block = table.block(100, 900, buffer);
  EXPECT_TRUE(buffer.x.empty());
  EXPECT_EQ(block.x(899, 2), std::sqrt(2999.0));
}

TEST_F(Npy, WritesExactlyWithAnyStride) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> values = {1.0 / 3, 5e-324, -7, 1e300, nan, -7};
  write_npy(path, {values.data(), 2, 2, 3});
  const Table table = read_npy(path);
  EXPECT_EQ(table.cell(0, 0), 1.0 / 3);
  EXPECT_EQ(table.cell(1, 0), 5e-324);
  EXPECT_EQ(table.cell(0, 1), 1e300);
  EXPECT_TRUE(std::isnan(table.cell(1, 1)));
  EXPECT_TRUE(table.has_missing());
  const MappedFile written(path);
  EXPECT_EQ(written.text().size(), 128 + 4 * 8);
  EXPECT_EQ(written.text()[127], '\n');
  EXPECT_THROW(write_npy("/no/such/folder/x.npy", {values.data(), 2, 2, 3}), Error);
  if (::access("/dev/full", W_OK) == 0) {
    EXPECT_THROW(write_npy("/dev/full", {values.data(), 2, 2, 3}), Error);
  }
}

TEST_F(Npy, RefusesOtherTypesByName) {
  const auto type = [&](const std::string& name) {
    return error(file(1, dictionary(name, false, "(1,)"), "12345678"));
  };
  for (const char* name : {">f8", ">f4", "<i8", "<i4", "|b1", "<f2", "<c16", "|S8", "<M8[ns]", "|V8", "f8", ""}) {
    EXPECT_NE(type(name).find("values of type '" + std::string(name) + "'"), std::string::npos) << name;
  }
  EXPECT_NE(type("|O").find("Python objects, which are never unpickled"), std::string::npos);
  const std::string records = "{'descr': [('a', '<f8'), ('b', '<f8')], 'fortran_order': False, 'shape': (1,), }";
  EXPECT_NE(error(file(1, records, "1234567812345678")).find("records with named fields"), std::string::npos);
}

TEST_F(Npy, RefusesMalformedHeaders) {
  const std::string data = bytes<double>({1, 2});
  for (const char* header : {"",
                             "{",
                             "}",
                             "{}",
                             "[]",
                             "{'descr': '<f8', 'fortran_order': False}",
                             "{'descr': '<f8', 'shape': (2,)}",
                             "{'descr': '<f8', 'fortran_order': False, 'shape': (2)}",
                             "{'descr': '<f8', 'fortran_order': False, 'shape': (-2,)}",
                             "{'descr': '<f8', 'fortran_order': False, 'shape': (2.0,)}",
                             "{'descr': '<f8', 'fortran_order': False, 'shape': (,)}",
                             "{'descr': '<f8', 'fortran_order': False, 'shape': (2 1)}",
                             "{'descr': '<f8', 'fortran_order': False, 'shape': (2,",
                             "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,)}",
                             "{'descr': '<f8', 'fortran_order': 0, 'shape': (2,)}",
                             "{'descr': <f8, 'fortran_order': False, 'shape': (2,)}",
                             "{'descr': '<f8' 'fortran_order': False, 'shape': (2,)}",
                             "{'descr': '<f8', 'descr': '<f8', 'shape': (2,)}",
                             "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), 'more': 1}",
                             "{'descr': '<f8', 'fortran_order': False, 'shape': (2,)} x",
                             "{'descr': '<f8"}) {
    EXPECT_NE(error(file(1, header, data)).find("header is malformed"), std::string::npos) << header;
  }
  EXPECT_NE(error(file(1, dictionary("<f8", false, "(2,)") + std::string(1, '\0'), data)).find("malformed"),
            std::string::npos);
}

TEST_F(Npy, RefusesFilesOfAnotherKindAndLength) {
  const std::string good = file(1, dictionary("<f8", false, "(2, 2)"), bytes<double>({1, 2, 3, 4}));
  for (std::size_t length = 0; length < good.size(); ++length) {
    EXPECT_NE(error(good.substr(0, length)), "no error") << length;
  }
  EXPECT_EQ(error(good), "no error");
  EXPECT_NE(error(good + "x").find("takes 32 bytes, but the file holds 33"), std::string::npos);
  EXPECT_NE(error(good.substr(0, good.size() - 1)).find("it is cut short"), std::string::npos);
  EXPECT_NE(error("a,b\n1,2\n").find("not an NPY file"), std::string::npos);
  EXPECT_NE(error(file(4, dictionary("<f8", false, "(2,)"), "")).find("format 4.0"), std::string::npos);
  EXPECT_NE(error(file(2, "", "").substr(0, 8) + "\xff\xff\xff\xff").find("ends within the header"), std::string::npos);
  EXPECT_THROW(read_npy("/no/such/file.npy"), DataError);
}

TEST_F(Npy, RefusesShapesThatOverflow) {
  const auto shape = [&](const std::string& text) { return error(file(1, dictionary("<f8", true, text), "")); };
  EXPECT_NE(shape("(4611686018427387904, 4)").find("larger than any memory"), std::string::npos);
  EXPECT_NE(shape("(2305843009213693952, 8)").find("larger than any memory"), std::string::npos);
  EXPECT_NE(shape("(576460752303423488, 32)").find("larger than any memory"), std::string::npos);
  EXPECT_NE(shape("(18446744073709551615,)").find("larger than any memory"), std::string::npos);
  EXPECT_NE(shape("(4, 4611686018427387904)").find("too many columns"), std::string::npos);
  EXPECT_NE(shape("(0, 4294967297)").find("too many columns"), std::string::npos);
  EXPECT_NE(shape("(1000000000, 1000)").find("cut short"), std::string::npos);
  EXPECT_NE(shape("(3, 0)").find("no columns"), std::string::npos);
  EXPECT_NE(shape("()").find("0 axes"), std::string::npos);
  EXPECT_NE(shape("(1, 1, 1)").find("3 axes"), std::string::npos);
}

TEST_F(Npy, NamesInfiniteCells) {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::string bytes_of_rows = bytes<double>({1, 2, 3, -infinity});
  EXPECT_EQ(error(file(1, dictionary("<f8", false, "(2, 2)"), bytes_of_rows)),
            "row 2, column 'x2': the value is infinite");
}

TEST_F(Npy, SurvivesMutations) {
  const std::string valid = file(1, dictionary("<f4", false, "(2, 3)") + "\n", bytes<float>({1, 2, 3, 4, 5, 6}));
  std::mt19937_64 random(11);
  const std::string alphabet = "'\"(){}[],:0123456789TF <f\\";
  int read = 0;
  for (int trial = 0; trial < 3000; ++trial) {
    std::string damaged = valid;
    for (std::uint64_t change = 0; change <= random() % 3; ++change) {
      const std::size_t at = random() % damaged.size();
      const char byte = random() % 2 == 0 ? alphabet[random() % alphabet.size()] : static_cast<char>(random());
      const std::uint64_t kind = random() % 8;
      if (kind <= 5) damaged[at] = byte;
      if (kind == 6) damaged.insert(at, 1, byte);
      if (kind == 7) damaged.resize(at + 1);
    }
    write(damaged);
    try {
      const Table table = read_npy(path);
      BlockBuffer buffer;
      for (std::int64_t i = 0; i < table.rows(); ++i) table.block(i, 1, buffer);
      ++read;
    } catch (const DataError&) {
    }
  }
  EXPECT_GT(read, 100);
  EXPECT_LT(read, 2900);
}

TEST_F(Npy, MappedFileReadsPipesAndFilesWithoutASize) {
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const std::string sent(3000000, 'x');
  std::thread writer([&] { std::ofstream(path) << sent; });
  const MappedFile pipe(path);
  writer.join();
  EXPECT_EQ(pipe.text(), sent);
  EXPECT_EQ(pipe.name(), path);
  EXPECT_FALSE(MappedFile("/proc/self/status").text().empty());
}

}  // namespace
}  // namespace jensen
