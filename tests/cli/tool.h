// Runs the command-line tool as a user does: a process with files, standard streams and signals.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace jensen::cli {

struct Finished {
  int code = -1;  ///< exit code; 128 + signal where one ended the process
  std::string out;
  std::string err;
};

using Words = std::vector<std::string>;

/// A process under way.
class Running {
 public:
  Running(int pid, std::string folder) : pid_(pid), folder_(std::move(folder)) {}
  void signal(int number) const;
  Finished wait();
  int pid() const { return pid_; }

 private:
  int pid_;
  std::string folder_;
};

/// A folder of its own for each test; commands run in it.
class ToolTest : public testing::Test {
 protected:
  ToolTest();
  ~ToolTest() override;

  /// Runs `jensen words...`. `input` is what it reads from standard input.
  Finished run(const Words& words, const std::string& input = "") const;
  /// The same without waiting. Standard error goes to descriptor `err` where that is ≥ 0.
  Running start(const Words& words, const std::string& input = "", int err = -1) const;
  /// Through the shell, with $JENSEN for the tool, where the shell is what is tested.
  Finished shell(const std::string& command) const;

  /// Runs a command that must succeed with one JSON object on standard output.
  nlohmann::json json(const Words& words, int code = 0, const std::string& input = "") const;

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string write(const std::string& name, const std::string& content) const;
  std::string read(const std::string& name) const;
  bool exists(const std::string& name) const { return std::filesystem::exists(folder_ / name); }
  /// A saved model of data/faithful.csv.
  std::string faithful_model(const std::string& name = "model.json") const;

  std::filesystem::path folder_;
};

/// A file in the project's data folder.
std::string data(const std::string& name);
std::vector<std::string> lines(const std::string& text);

/// EXPECT that a command is refused: exit code 1, nothing on standard output, and `message` on standard error, which
/// begins with "jensen: ".
#define EXPECT_REFUSED(finished, message)                                   \
  do {                                                                      \
    const auto& refused = (finished);                                       \
    EXPECT_EQ(refused.code, 1) << refused.err;                              \
    EXPECT_EQ(refused.out, "");                                             \
    EXPECT_EQ(refused.err.find("jensen: "), 0u) << refused.err;             \
    EXPECT_NE(refused.err.find(message), std::string::npos) << refused.err; \
  } while (false)

}  // namespace jensen::cli
