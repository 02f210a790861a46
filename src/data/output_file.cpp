#include <fcntl.h>
#include <jensen/data/output_file.h>
#include <jensen/error.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace jensen {

OutputFile::OutputFile(const std::string& path) : path_(path), target_(path) {
  std::error_code ignored;
  const auto resolved = std::filesystem::canonical(path, ignored);
  if (!ignored) target_ = resolved.string();
  struct stat status {};
  const bool exists = ::stat(target_.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) fail(EISDIR);
  const bool dangling = !exists && std::filesystem::is_symlink(std::filesystem::symlink_status(path, ignored));
  if ((exists && !S_ISREG(status.st_mode)) || dangling) {
    errno = 0;
    stream_.open(target_, std::ios::binary);
    if (!stream_) fail(errno);
    return;
  }
  if (exists && ::access(target_.c_str(), W_OK) != 0) fail(errno);
  for (int attempt = 0; descriptor_ < 0; ++attempt) {
    temporary_ = target_ + "." + std::to_string(::getpid()) + "-" + std::to_string(attempt) + ".part";
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0 && (errno != EEXIST || attempt == 100)) {
      const int error = errno;
      temporary_.clear();
      fail(error);
    }
  }
  if (exists) ::fchmod(descriptor_, status.st_mode & 07777);
  stream_.open(temporary_, std::ios::binary);
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void OutputFile::commit() {
  errno = 0;
  if (stream_.is_open()) stream_.close();
  if (!stream_) fail(errno);
  if (temporary_.empty()) return;
  if (::fsync(descriptor_) != 0 && errno != EINVAL) fail(errno);
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail(errno);
  temporary_.clear();
}

void OutputFile::fail(int error) const {
  // The standard library's streams do not always say why.
  throw Error(path_ + ": cannot be written" + (error != 0 ? ": " + std::generic_category().message(error) : ""));
}

}  // namespace jensen
