// --regress and --group: a regression in each component as a part of a schema, and rows that share their component.
#pragma once

#include <jensen/data/schema.h>

#include "arguments.h"

/// The regression as a schema of one part; empty where there is none. A group that the formula names goes to `data`.
jensen::Schema regression(const RegressionArguments& a, DataArguments& data);
