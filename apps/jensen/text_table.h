// Aligned text and numbers that are pleasant to read.
#pragma once

#include <string>
#include <vector>

/// Columns two spaces apart: the first flush left, the others flush right, all behind `margin`.
std::string aligned(const std::vector<std::vector<std::string>>& rows, const std::string& margin = "  ");

/// Characters that a text takes on a terminal (UTF-8, no wide ones).
std::size_t width(const std::string& text);

/// "4.290 ± 0.411": both to the third significant digit of the deviation.
std::string with_deviation(double mean, double deviation);
/// Six significant digits at most.
std::string brief(double value);
/// A log-likelihood or criterion: four decimals while they say something.
std::string precise(double value);
/// "1 row", "2 rows".
std::string counted(double count, const std::string& noun);
