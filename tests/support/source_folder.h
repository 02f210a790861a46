// Where the project lies. One file knows it, so that the other objects are the same in every checkout and ccache can
// share them.
#pragma once

#include <string>

/// `name` inside the project's folder: in_source("data/faithful.csv").
std::string in_source(const std::string& name);
