// A file that appears whole or not at all.
#pragma once

#include <fstream>
#include <string>

namespace jensen {

/// Writes beside `path` and moves the result there on commit(), so that a reader never sees half a file, a failure
/// leaves what was there before, and the file may be written from data that are being read from it. A path that exists
/// and is no regular file (a device, a pipe) is written to directly.
class OutputFile {
 public:
  /// Throws Error, naming the file and the system's reason, where it cannot be written.
  explicit OutputFile(const std::string& path);
  /// Without commit(): nothing has happened.
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  std::ostream& stream() { return stream_; }
  /// Where the bytes go until commit(), for writers that take a path; they must not use stream() too.
  const std::string& written_path() const { return temporary_.empty() ? target_ : temporary_; }
  /// Puts the file in its place. Throws Error where bytes could not be written; what was there before then stays.
  void commit();

 private:
  [[noreturn]] void fail(int error) const;

  std::string path_;
  std::string target_;     // path_ with symbolic links followed
  std::string temporary_;  // empty where target_ is written to directly
  int descriptor_ = -1;
  std::ofstream stream_;
};

}  // namespace jensen
