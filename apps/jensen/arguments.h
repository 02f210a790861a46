// What a user may say on the command line, as plain values. std::nullopt is "not said".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// A data file and how to read it.
struct DataArguments {
  std::string path;
  std::optional<std::string> columns;
  std::optional<std::string> exclude;
  std::optional<std::string> weights;
  std::optional<std::string> weight_kind;
  std::optional<std::string> labels;
  std::optional<std::string> missing;
  std::optional<std::string> delimiter;
  std::optional<std::string> header;
  std::optional<std::string> sequence;  ///< column that says which rows form a sequence; "": all rows are one
  std::optional<std::string> order;     ///< column that says in which order they come; "": that of the data
  bool timed = false;                   ///< the order is a time that the model reads itself
  std::optional<std::string> group;     ///< column that says which rows share their component; "": all rows do
};

/// A fit on disk, to go on from after an interruption.
struct CheckpointArguments {
  std::optional<std::string> path;
  std::optional<double> every;
  bool resume = false;
};

/// How a fit is to go.
struct EngineArguments {
  std::optional<int> restarts;
  std::optional<std::uint64_t> seed;
  std::optional<std::string> init;
  std::string prior = "default";
  std::string precision = "float64";  ///< fit and select gaussian-mixture alone know another
  std::optional<double> tolerance;
  std::optional<int> max_iterations;
  int threads = 0;
  std::optional<std::string> algorithm;
  std::optional<std::string> accelerate;
};

/// What the parameters must satisfy, as Constraints reads it.
struct ConstraintArguments {
  std::vector<std::string> fix;
  std::vector<std::string> tie;
  std::vector<std::string> bound;
  std::vector<std::string> order;
  std::string order_option = "--order";  ///< what the option is called where --order puts rows in order
};

/// Standard errors that are to go with a fit.
struct UncertaintyArguments {
  std::string method = "none";
  std::optional<std::string> intervals;
  std::optional<double> level;
  std::optional<int> replicates;
};

/// What a command that fits one model takes beside the engine.
struct OneFitArguments {
  CheckpointArguments checkpoint;
  ConstraintArguments constraints;
  UncertaintyArguments uncertainty;
};

struct FitArguments {
  DataArguments data;
  EngineArguments engine;
  OneFitArguments one;
  std::optional<int> components;
  std::optional<std::string> covariance;
  std::optional<std::string> start;
  std::optional<std::string> output;
  std::optional<std::string> trace;
  bool json = false;
  bool quiet = false;
};

/// A regression in each component.
struct RegressionArguments {
  std::optional<std::string> formula;  ///< y ~ a + b | group
  std::optional<std::string> family;   ///< of the response
};

/// fit mixture and fit latent-class: columns of different kinds.
struct FitTableArguments {
  DataArguments data;  ///< its columns are a schema
  EngineArguments engine;
  OneFitArguments one;
  std::string default_kind;  ///< of columns that the schema lists without kinds, or that are all there are; empty: none
  RegressionArguments regression;
  std::optional<std::string> gate;  ///< columns on which the weights depend: a + b
  std::optional<int> components;
  std::optional<std::string> output;
  std::optional<std::string> trace;
  bool json = false;
  bool quiet = false;
};

/// What a chain of hidden states may do.
struct ChainArguments {
  std::string transitions = "full";
  std::string initial = "free";
  double pseudo_count = 0;
  std::optional<std::string> inputs;          ///< columns on which the transitions depend: a + b
  std::optional<std::string> initial_inputs;  ///< columns on which the first states depend
  bool continuous_time = false;               ///< of the column that orders the rows
  std::optional<std::string> durations;       ///< family of the stays
  std::optional<int> max_duration;            ///< rows
  int clusters = 1;                           ///< of sequences
  std::optional<std::string> covariance;      ///< columns of kind gaussian are modelled jointly, with this structure
  std::string memory = "all";                 ///< what an E-step keeps of a sequence
};

/// fit hidden-markov
struct FitSequencesArguments : FitTableArguments {
  ChainArguments chain;
};

struct SelectArguments {
  DataArguments data;
  EngineArguments engine;
  std::string components = "1..6";
  std::string covariance = "all";
  std::string criterion = "bic";
  std::optional<std::string> output;
  bool json = false;
  bool quiet = false;
};

/// select mixture and select latent-class.
struct SelectTableArguments {
  DataArguments data;  ///< its columns are a schema with alternatives
  EngineArguments engine;
  std::string default_kind;
  RegressionArguments regression;
  std::string components = "1..6";
  std::string criterion = "bic";
  int folds = 0;
  int bootstrap = 0;
  std::optional<std::string> output;
  bool json = false;
  bool quiet = false;
};

/// select hidden-markov
struct SelectSequencesArguments : SelectTableArguments {
  ChainArguments chain;
};

/// predict, score and impute: a model applied to data.
struct ApplyArguments {
  std::string model;
  DataArguments data;
  std::optional<std::string> output;
};
struct PredictArguments : ApplyArguments {
  bool probabilities = false;
  bool filtered = false;              ///< of sequences: given the rows up to each
  bool viterbi = false;               ///< of sequences: the most probable path
  std::optional<std::string> memory;  ///< of sequences: what the path is found from, if not as the model says
};
struct ScoreArguments : ApplyArguments {
  bool rows = false;                  ///< of sequences: by row instead of by sequence
  bool residuals = false;             ///< of sequences: pseudo-residuals, by row
  std::optional<std::string> memory;  ///< of sequences: what is kept of one, if not as the model says
  bool json = false;
  bool quiet = false;
};
struct ImputeArguments : ApplyArguments {};

/// forecast: rows to come.
struct ForecastArguments : ApplyArguments {
  std::optional<int> steps;
  std::optional<std::string> inputs;  ///< file: what the model is told of the rows to come
  std::optional<std::string> times;   ///< of them, in continuous time: a list
  double level = 0.9;
  std::optional<int> draws;  ///< of paths, where distributions have no other form
  std::optional<std::uint64_t> seed;
  bool json = false;
};

struct SampleArguments {
  std::string model;
  DataArguments inputs;  ///< file: what the model is told of its rows; no path: nothing
  std::optional<std::int64_t> rows;
  std::optional<std::int64_t> length;  ///< of each sequence
  std::optional<int> sequences;
  std::uint64_t seed = 0;
  std::optional<std::string> output;
  bool with_component = false;
};

struct DescribeArguments {
  std::string model;
  bool standard_errors = false;  ///< by column and component, in place of a list
  bool json = false;
};

struct DiagnoseArguments {
  std::string model;
  DataArguments data;
  int threads = 0;
  bool json = false;
};

/// Help, or the version: text for standard output and nothing else to do.
struct Answer {
  std::string text;
};

using Command = std::variant<Answer, FitArguments, FitTableArguments, FitSequencesArguments, SelectArguments,
                             SelectTableArguments, SelectSequencesArguments, PredictArguments, ScoreArguments,
                             ImputeArguments, ForecastArguments, SampleArguments, DescribeArguments, DiagnoseArguments>;

/// Throws jensen::Error, with a message for the user, for a command line that cannot be understood.
Command parse_command_line(int count, const char* const* words);

// Values that are lists -----------------------------------------------------------------------------------------------

/// "a,b": names as in a line of CSV, so that a name with a comma goes in double quotes. `option` is for the message.
std::vector<std::string> split_list(const std::string& text, const char* option);
/// "1..3,6" is 1 2 3 6.
std::vector<int> split_numbers(const std::string& text, const char* option);
