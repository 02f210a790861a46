// Samples of models that depend on columns which they do not explain.
#pragma once

#include <jensen/model_file.h>

#include "arguments.h"

/// Whether the rows of a sample follow from --inputs. Throws Error where these are needed and not there, there and not
/// needed, or beside options that say how many rows there are.
bool needs_inputs(const jensen::ModelFile& file, const SampleArguments& a);

/// Draws a row for each of the inputs' and writes them, with their inputs, in the order of the file.
int sample_at_inputs(const SampleArguments& a, const jensen::ModelFile& file);
