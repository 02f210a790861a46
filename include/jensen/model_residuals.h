// Residuals of the model of any file.
#pragma once

#include <span>

#include <jensen/model_file.h>

namespace jensen {

/// pseudo_residuals (models/residuals.h) of one of the file's columns. Throws UnsupportedError for a model of another
/// kind.
void pseudo_residuals(const ModelFile& file, const Block& x, int column, std::span<double> out);

}  // namespace jensen
