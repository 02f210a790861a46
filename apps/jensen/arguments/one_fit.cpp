// Options of every command that fits one model: the file that outlives an interruption, what the parameters must
// satisfy, standard errors.
#include "arguments/options.h"

namespace {

void add_checkpoint(CLI::App& app, CheckpointArguments& checkpoint) {
  app.add_option("--checkpoint", checkpoint.path, "Keep the fit as it stands in this file")->type_name("FILE");
  app.add_option("--checkpoint-every", checkpoint.every, "Seconds between writing it [10]")->type_name("SECONDS");
  app.add_flag("--resume", checkpoint.resume,
               "Go on from the checkpoint, to the same bits as without the interruption; begin if there is none yet");
}

void add_constraints(CLI::App& app, ConstraintArguments& constraints) {
  const auto add = [&](const char* name, std::vector<std::string>& texts, const char* description, const char* type) {
    app.add_option(name, texts, description)->allow_extra_args(false)->type_name(type);
  };
  add("--fix", constraints.fix,
      "Hold a parameter at a value, or, with --start, at the one it starts with. Names are those of --standard-errors "
      "and "
      "of describe; * stands for anything, # for a number. This and the next three may be given several times",
      "NAME[=VALUE]");
  add("--tie", constraints.tie,
      "Parameters that are to be equal: 'weight[*]', 'mean[0,1],mean[2,1]'; what differs at # alone: 'covariance[#,*]'",
      "NAMES");
  add("--bound", constraints.bound, "Keep a parameter between two values, either of which may be left out",
      "NAME=LO..HI");
  add(constraints.order_option.c_str(), constraints.order,
      "Parameters none of which may exceed the next: 'mean[0,0] < mean[1,0]'", "NAMES");
}

}  // namespace

void add_one_fit(CLI::App& app, OneFitArguments& one) {
  add_checkpoint(app, one.checkpoint);
  add_constraints(app, one.constraints);
  add_uncertainty(app, one.uncertainty);
}
