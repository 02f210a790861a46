#include "cli/tool.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "support/source_folder.h"

namespace jensen::cli {

namespace {

namespace fs = std::filesystem;

std::string slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void redirect(const fs::path& path, int flags, int number) {
  const int opened = ::open(path.c_str(), flags, 0600);
  if (opened < 0 || ::dup2(opened, number) < 0) ::_exit(126);
  ::close(opened);
}

// Standard streams are files of the folder, so that no pipe can fill up.
int spawn(const Words& words, const fs::path& folder, const std::string& input, int err) {
  { std::ofstream(folder / ".in", std::ios::binary) << input; }
  const int pid = ::fork();
  if (pid != 0) return pid;
  if (::chdir(folder.c_str()) != 0) ::_exit(126);
  redirect(folder / ".in", O_RDONLY, 0);
  redirect(folder / ".out", O_WRONLY | O_CREAT | O_TRUNC, 1);
  if (err >= 0) {
    ::dup2(err, 2);
  } else {
    redirect(folder / ".err", O_WRONLY | O_CREAT | O_TRUNC, 2);
  }
  std::vector<char*> pointers;
  for (const auto& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  ::execv(pointers[0], pointers.data());
  ::_exit(127);
}

}  // namespace

void Running::signal(int number) const { ::kill(pid_, number); }

Finished Running::wait() {
  int status = 0;
  ::waitpid(pid_, &status, 0);
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return {code, slurp(fs::path(folder_) / ".out"), slurp(fs::path(folder_) / ".err")};
}

ToolTest::ToolTest() {
  std::string name = (fs::temp_directory_path() / "jensen_cli_XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  folder_ = name;
}

ToolTest::~ToolTest() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

Running ToolTest::start(const Words& words, const std::string& input, int err) const {
  Words all{JENSEN_TOOL};
  all.insert(all.end(), words.begin(), words.end());
  return {spawn(all, folder_, input, err), folder_.string()};
}

Finished ToolTest::run(const Words& words, const std::string& input) const { return start(words, input).wait(); }

Finished ToolTest::shell(const std::string& command) const {
  return Running(spawn({"/bin/sh", "-c", "JENSEN='" JENSEN_TOOL "'; " + command}, folder_, "", -1), folder_.string())
      .wait();
}

nlohmann::json ToolTest::json(const Words& words, int code, const std::string& input) const {
  const Finished finished = run(words, input);
  EXPECT_EQ(finished.code, code) << finished.err;
  EXPECT_EQ(lines(finished.out).size(), 1u) << "one object on one line, nothing else";
  const auto parsed = nlohmann::json::parse(finished.out, nullptr, false);
  EXPECT_TRUE(parsed.is_object()) << finished.out;
  return parsed;
}

std::string ToolTest::write(const std::string& name, const std::string& content) const {
  std::ofstream(folder_ / name, std::ios::binary) << content;
  return path(name);
}

std::string ToolTest::read(const std::string& name) const { return slurp(folder_ / name); }

std::string ToolTest::faithful_model(const std::string& name) const {
  const Finished fitted =
      run({"fit", "gaussian-mixture", data("faithful.csv"), "-k", "2", "--seed", "1", "-o", name, "--quiet"});
  EXPECT_EQ(fitted.code, 0) << fitted.err;
  EXPECT_EQ(fitted.out + fitted.err, "");
  return path(name);
}

std::string data(const std::string& name) { return in_source("data/" + name); }

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> result;
  std::size_t begin = 0;
  for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    result.push_back(text.substr(begin, end - begin));
  }
  if (begin < text.size()) result.push_back(text.substr(begin));
  return result;
}

}  // namespace jensen::cli
