// Standard errors that go with a fit, and the diagnosis of one.
#pragma once

#include <jensen/data/table.h>
#include <jensen/em/constraints.h>
#include <jensen/em/inference/diagnosis.h>
#include <jensen/em/inference/uncertainty_summary.h>

#include <optional>
#include <string>

#include "arguments.h"

/// Refuses, before any work is done, options that do not go together or with the data. `latent_cells`: the model has
/// missing cells for latents, beside its states.
void check_uncertainty(const UncertaintyArguments& a, bool latent_cells);

/// What the user asked for, of a model fitted under these constraints; nothing for "none". A refusal names the option.
std::optional<jensen::UncertaintySummary> uncertainty_of(const jensen::Model& model, const jensen::Table& data,
                                                         const OneFitArguments& one, const EngineArguments& engine,
                                                         const jensen::Constraints& constraints);

// Text for people
/// Why standard errors or ends of intervals are not there, a line for each reason.
std::string reasons(const jensen::UncertaintySummary& summary);
std::string describe_uncertainty(const jensen::UncertaintySummary& summary);
std::string describe_diagnosis(const jensen::Diagnosis& diagnosis);

// One JSON object
std::string diagnosis_json(const jensen::Diagnosis& diagnosis);
