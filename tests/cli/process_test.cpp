// The tool as a process: help, streams, signals, terminals.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <thread>

#include <jensen/gaussian_mixture_file.h>

#include "cli/tool.h"

namespace jensen::cli {
namespace {

using Json = nlohmann::json;
using namespace std::chrono_literals;

class ToolProcess : public ToolTest {
 protected:
  // A fit that does not end by itself.
  Words endless(const Words& more) const {
    Words words{"fit", "gaussian-mixture", data("faithful.csv"), "-k", "2", "--tolerance",
                "0",   "--max-iterations", "2000000000"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
};

TEST_F(ToolProcess, HelpTeachesByExample) {
  for (const Words& command :
       {Words{}, Words{"fit"}, Words{"fit", "gaussian-mixture"}, Words{"select"}, Words{"select", "gaussian-mixture"},
        Words{"predict"}, Words{"score"}, Words{"sample"}, Words{"impute"}, Words{"describe"}}) {
    Words words = command;
    words.emplace_back("--help");
    const auto help = run(words);
    EXPECT_EQ(help.code, 0);
    EXPECT_EQ(help.err, "");
    std::string name = "jensen";
    for (const auto& word : command) name += " " + word;
    EXPECT_NE(help.out.find("Usage: " + name + " "), std::string::npos) << help.out;
    const auto examples = help.out.find("Example");
    ASSERT_NE(examples, std::string::npos) << help.out;
    EXPECT_NE(help.out.find("\n  " + name + " ", examples), std::string::npos) << help.out;
    EXPECT_GT(examples, help.out.find("Options:")) << "examples come last";
  }
}

TEST_F(ToolProcess, Version) {
  const auto version = run({"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_EQ(version.out, "jensen " JENSEN_TOOL_VERSION "\n");
}

TEST_F(ToolProcess, UnknownCommandsAreRefused) {
  EXPECT_REFUSED(run({}), "subcommand");
  EXPECT_REFUSED(run({"frobnicate"}), "frobnicate");
  EXPECT_REFUSED(run({"fit"}), "jensen fit --help");
  EXPECT_REFUSED(run({"fit", "hidden-markov", "x.csv"}), "hidden-markov");
  EXPECT_REFUSED(run({"predict", "m.json"}), "DATA");
  EXPECT_REFUSED(run({"predict", "none.json", "none.csv"}), "none.json: cannot be read");
}

// Processor time that a process has used: unlike the clock's, it says that the fit is under way on a busy machine too.
double processor_seconds(int pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(stat)), std::istreambuf_iterator<char>());
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(text.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

void interrupt_when_running(const Running& process, int signal) {
  for (int wait = 0; wait < 600 && processor_seconds(process.pid()) < 0.7; ++wait) std::this_thread::sleep_for(100ms);
  process.signal(signal);
}

TEST_F(ToolProcess, AnInterruptSavesTheBestSoFar) {
  for (const int signal : {SIGINT, SIGTERM}) {
    Running process = start(endless({"-o", "m.json", "--json"}));
    interrupt_when_running(process, signal);
    const Finished finished = process.wait();
    EXPECT_EQ(finished.code, 2) << finished.err;
    const Json fit = Json::parse(finished.out);
    EXPECT_EQ(fit["outcome"], "stopped_by_caller");
    EXPECT_EQ(fit["converged"], false);
    EXPECT_GT(fit["iterations"], 0);
    EXPECT_NEAR(fit["log_likelihood"].get<double>(), -1130.264, 1e-2);
    const auto file = load_gaussian_mixture(path("m.json"));
    EXPECT_EQ(file.fit->outcome, Outcome::stopped_by_caller);
    EXPECT_EQ(file.fit->log_likelihood, fit["log_likelihood"]);
    std::filesystem::remove(path("m.json"));
  }
}

TEST_F(ToolProcess, AnInterruptedSelectionKeepsWhatItHas) {
  Running process = start({"select", "gaussian-mixture", data("faithful.csv"), "-k", "1..6", "--tolerance", "0",
                           "--max-iterations", "2000000000", "-o", "m.json", "--json"});
  interrupt_when_running(process, SIGINT);
  const Finished finished = process.wait();
  EXPECT_EQ(finished.code, 2) << finished.err;
  const Json s = Json::parse(finished.out);
  EXPECT_EQ(s["candidates"].size(), 24u);
  EXPECT_EQ(s["candidates"][0]["fitted"], true);
  EXPECT_EQ(s["candidates"][23]["reason"], "not tried: stopped by the caller");
  EXPECT_NO_THROW(load_gaussian_mixture(path("m.json")));
}

TEST_F(ToolProcess, AnInterruptedSearchSaysSo) {
  Running process = start({"fit", "gaussian-mixture", data("iris.csv"), "--exclude", "Species", "-k", "4", "--init",
                           "random", "--tolerance", "1e-12", "--restarts", "20000", "--threads", "1", "--json"});
  interrupt_when_running(process, SIGINT);
  const Finished finished = process.wait();
  EXPECT_EQ(finished.code, 2) << finished.err;
  const Json fit = Json::parse(finished.out);
  EXPECT_EQ(fit["outcome"], "stopped_by_caller");
  EXPECT_EQ(fit["restarts"].size(), 20000U);
  EXPECT_EQ(fit["restarts"][19999]["outcome"], "stopped_by_caller");
}

TEST_F(ToolProcess, WriteErrorsAreReported) {
  const std::string model = faithful_model();
  if (std::filesystem::exists("/dev/full")) {
    const auto full = shell("\"$JENSEN\" sample model.json -n 100000 > /dev/full");
    EXPECT_REFUSED(full, "standard output: cannot be written: No space left on device");
    EXPECT_REFUSED(shell("\"$JENSEN\" describe model.json > /dev/full"), "standard output: cannot be written");
    EXPECT_REFUSED(shell("\"$JENSEN\" --help > /dev/full"), "standard output: cannot be written");
    EXPECT_REFUSED(run({"sample", model, "-n", "10", "-o", "/dev/full"}), "/dev/full: cannot be written");
    EXPECT_REFUSED(run({"fit", "gaussian-mixture", data("faithful.csv"), "-k", "1", "-o", "/dev/full"}), "/dev/full");
  }
  const auto closed = shell("\"$JENSEN\" describe model.json >&-");
  EXPECT_REFUSED(closed, "standard output: cannot be written");
  const auto fit = shell("\"$JENSEN\" fit gaussian-mixture " + data("faithful.csv") + " -k 2 -o kept.json >&-");
  EXPECT_REFUSED(fit, "standard output: cannot be written");
  EXPECT_NO_THROW(load_gaussian_mixture(path("kept.json"))) << "the model was saved before, and holds no foreign text";
}

TEST_F(ToolProcess, AClosedPipeIsReported) {
  faithful_model();
  const auto piped = shell("{ \"$JENSEN\" sample model.json -n 1000000; echo $? > code; } | head -n 1");
  EXPECT_EQ(piped.out, "eruptions,waiting\n");
  EXPECT_EQ(read("code"), "1\n");
  EXPECT_NE(piped.err.find("jensen: standard output: cannot be written: Broken pipe"), std::string::npos) << piped.err;
}

TEST_F(ToolProcess, FailuresLeaveNoFilesBehind) {
  write("bad.csv", "x\n1\nabc\n");
  EXPECT_EQ(run({"fit", "gaussian-mixture", "bad.csv", "-k", "1", "-o", "m.json", "--trace", "t.csv"}).code, 1);
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    const std::string name = entry.path().filename().string();
    files += name != ".in" && name != ".out" && name != ".err" ? 1 : 0;
  }
  EXPECT_EQ(files, 1) << "bad.csv alone";
}

TEST_F(ToolProcess, ProgressOnATerminalIsErased) {
  const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal < 0 || ::grantpt(terminal) != 0 || ::unlockpt(terminal) != 0) GTEST_SKIP() << "no pseudo-terminals here";
  const int child_side = ::open(::ptsname(terminal), O_RDWR | O_NOCTTY);
  ASSERT_GE(child_side, 0);
  Running process = start(endless({"--restarts", "3"}), "", child_side);
  ::close(child_side);
  std::string shown;
  char buffer[4096];
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  const auto read_some = [&] {
    pollfd waiting{terminal, POLLIN, 0};
    if (::poll(&waiting, 1, 100) <= 0) return false;
    const ssize_t count = ::read(terminal, buffer, sizeof buffer);
    if (count > 0) shown.append(buffer, static_cast<std::size_t>(count));
    return count > 0;
  };
  while (shown.find("log-likelihood -1130.") == std::string::npos && std::chrono::steady_clock::now() < deadline) {
    read_some();
  }
  process.signal(SIGINT);
  EXPECT_EQ(process.wait().code, 2);
  while (read_some()) {
  }
  ::close(terminal);
  EXPECT_NE(shown.find("/3  iteration "), std::string::npos) << shown;
  EXPECT_EQ(shown.substr(shown.size() - 4), "\r\x1b[K") << "the line is erased in the end";
}

}  // namespace
}  // namespace jensen::cli
