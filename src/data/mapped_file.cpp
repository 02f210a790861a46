#include <fcntl.h>
#include <jensen/data/mapped_file.h>
#include <jensen/error.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <limits>
#include <system_error>

namespace jensen {
namespace {

[[noreturn]] void fail(const std::string& name, int error) {
  throw DataError(name + ": cannot be read: " + std::generic_category().message(error));
}

struct Descriptor {
  int number = -1;
  bool owned = false;
  ~Descriptor() {
    if (owned && number >= 0) ::close(number);
  }
};

std::string read_to_end(int descriptor, const std::string& name) {
  constexpr std::size_t step = std::size_t{1} << 20;
  std::string bytes;
  std::size_t size = 0;
  for (;;) {
    if (bytes.size() - size < step) bytes.resize(2 * bytes.size() + step);
    const ssize_t count = ::read(descriptor, bytes.data() + size, bytes.size() - size);
    if (count == 0) break;
    if (count > 0) size += static_cast<std::size_t>(count);
    if (count < 0 && errno != EINTR) fail(name, errno);
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace

MappedFile::MappedFile(const std::string& path) : name_(path == "-" ? "standard input" : path) {
  const bool standard_input = path == "-";
  const Descriptor file{standard_input ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC), !standard_input};
  if (file.number < 0) fail(name_, errno);
  struct stat status {};
  if (::fstat(file.number, &status) != 0) fail(name_, errno);
  if (S_ISDIR(status.st_mode)) fail(name_, EISDIR);
  // Standard input may have been read in part, and files such as those of /proc say that their size is zero.
  if (!standard_input && S_ISREG(status.st_mode) && status.st_size > 0 &&
      static_cast<std::uintmax_t>(status.st_size) <= std::numeric_limits<std::size_t>::max()) {
    const auto size = static_cast<std::size_t>(status.st_size);
    void* mapping = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number, 0);
    if (mapping != MAP_FAILED) {
      mapping_ = mapping;
      text_ = {static_cast<const char*>(mapping), size};
      return;
    }
  }
  copy_ = read_to_end(file.number, name_);
  text_ = copy_;
}

MappedFile::~MappedFile() {
  if (mapping_ != nullptr) ::munmap(mapping_, text_.size());
}

}  // namespace jensen
