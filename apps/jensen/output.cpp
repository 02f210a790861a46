#include "output.h"

#include <fcntl.h>
#include <jensen/error.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <system_error>

namespace {

// `errno` was 0 before the writing began; the stream itself does not keep why it failed.
void finish_standard_output() {
  std::cout.flush();
  if (std::cout) return;
  const std::string reason = errno != 0 ? ": " + std::generic_category().message(errno) : "";
  throw jensen::Error("standard output: cannot be written" + reason);
}

}  // namespace

void prepare_standard_streams() {
  std::signal(SIGPIPE, SIG_IGN);
  std::ios::sync_with_stdio(false);
  // A file opened next would get the number of a closed stream, and be written to in its stead.
  for (int number = 0; number <= 2; ++number) {
    if (::fcntl(number, F_GETFD) < 0 && errno == EBADF) ::open("/dev/null", number == 0 ? O_WRONLY : O_RDONLY);
  }
}

void print(const std::string& text) {
  errno = 0;
  std::cout << text;
  finish_standard_output();
}

void write_to(const std::optional<std::string>& path, const std::function<void(std::ostream&)>& write) {
  if (!path || *path == "-") {
    errno = 0;
    write(std::cout);
    finish_standard_output();
    return;
  }
  jensen::OutputFile file(*path);
  write(file.stream());
  file.commit();
}

void check_output(const std::optional<std::string>& path, const char* option, const std::vector<std::string>& inputs) {
  if (!path || *path == "-") return;
  for (const auto& input : inputs) {
    std::error_code absent;
    if (std::filesystem::equivalent(*path, input, absent) && !absent) {
      throw jensen::Error(std::string(option) + ": would overwrite " + input + ", which is read");
    }
  }
  jensen::OutputFile unused(*path);
}
