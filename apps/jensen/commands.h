// The commands. Each returns an exit code and throws jensen::Error for what the user can correct.
#pragma once

#include "arguments.h"
#include "data_source.h"

int run(const FitArguments& a);
int run(const FitTableArguments& a);
int run(const FitSequencesArguments& a);
int run(const SelectArguments& a);
int run(const SelectTableArguments& a);
int run(const SelectSequencesArguments& a);
int run(const PredictArguments& a);
int run(const ScoreArguments& a);
int run(const ImputeArguments& a);
int run(const ForecastArguments& a);
int run(const SampleArguments& a);
int run(const DescribeArguments& a);
int run(const DiagnoseArguments& a);
int run(const Answer& answer);
