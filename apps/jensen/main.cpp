#include <jensen/error.h>

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <new>

#include "commands.h"
#include "fitting.h"
#include "output.h"

int run(const Answer& answer) {
  print(answer.text);
  return exit_done;
}

int main(int count, char** words) {
  const auto refuse = [](const char* problem) {
    std::fputs(fmt::format("jensen: {}\n", problem).c_str(), stderr);
    return static_cast<int>(exit_user_error);
  };
  prepare_standard_streams();
  try {
    return std::visit([](const auto& command) { return run(command); }, parse_command_line(count, words));
  } catch (const std::bad_alloc&) {
    return refuse("not enough memory");
  } catch (const std::exception& error) {
    return refuse(error.what());
  }
}
