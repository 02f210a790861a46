// The command line as users see it: all commands together, their help, and what is wrong with a line.
#include <jensen/error.h>

#include <algorithm>
#include <utility>

#include "arguments/options.h"

namespace {

// CLI11 does not break lines itself.
void wrap_descriptions(CLI::App& app) {
  constexpr std::size_t widest = 66;
  for (CLI::Option* option : app.get_options()) {
    std::string text = option->get_description();
    for (std::size_t begin = 0; text.size() - begin > widest;) {
      const auto space = text.rfind(' ', begin + widest);
      if (space == std::string::npos || space <= begin) break;
      text[space] = '\n';
      begin = space + 1;
    }
    option->description(text);
  }
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) wrap_descriptions(*command);
}

// The innermost command that the user named, and how it is called.
std::pair<const CLI::App*, std::string> named_command(const CLI::App& app) {
  const CLI::App* command = &app;
  std::string words = app.get_name();
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
    words += " " + command->get_name();
  }
  return {command, words};
}

}  // namespace

Command parse_command_line(int count, const char* const* words) {
  Command chosen;
  CLI::App app("Fits latent-variable models by expectation-maximization.", "jensen");
  app.set_version_flag("--version", std::string("jensen ") + JENSEN_VERSION);
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  add_fit(app, chosen);
  add_select(app, chosen);
  add_predict(app, chosen);
  add_score(app, chosen);
  add_forecast(app, chosen);
  add_sample(app, chosen);
  add_impute(app, chosen);
  add_describe(app, chosen);
  add_diagnose(app, chosen);
  app.footer(
      "Examples:\n"
      "  jensen fit gaussian-mixture data/faithful.csv -k 2 --restarts 20 --seed 1 -o model.json\n"
      "  jensen select gaussian-mixture data/faithful.csv -k 1..6 --covariance all --criterion bic\n"
      "  jensen predict model.json data/faithful.csv --probabilities -o out.csv\n"
      "  jensen describe model.json\n\n"
      "Each command has its own help with examples: jensen predict --help");
  wrap_descriptions(app);
  try {
    app.parse(count, words);
  } catch (const CLI::CallForHelp&) {
    const auto [command, name] = named_command(app);
    return Answer{command->help(name.substr(0, name.size() - std::min(name.size(), command->get_name().size() + 1)))};
  } catch (const CLI::CallForVersion& version) {
    return Answer{std::string(version.what()) + "\n"};
  } catch (const CLI::ParseError& error) {
    const auto [command, name] = named_command(app);
    const auto strangers = command->remaining();
    const bool has_commands = !command->get_subcommands([](const CLI::App*) { return true; }).empty();
    const std::string problem =
        has_commands && !strangers.empty() ? "unknown command '" + strangers.front() + "'" : error.what();
    throw jensen::Error(problem + "\nTry: " + name + " --help");
  }
  return chosen;
}
