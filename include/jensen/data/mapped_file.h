// The bytes of a file, mapped into memory where the system allows it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace jensen {

/// Reads a whole file. A regular file is mapped, not copied: its pages are read when they are touched, and it must not
/// be cut short while the object lives. Pipes, devices and standard input (the path "-") are read into memory.
class MappedFile {
 public:
  /// Throws DataError, naming the file and the system's reason, when it cannot be read.
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  /// All bytes. The view stays valid as long as the object.
  std::string_view text() const { return text_; }
  /// The path, or "standard input".
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  std::string copy_;
  void* mapping_ = nullptr;
  std::string_view text_;
};

}  // namespace jensen
