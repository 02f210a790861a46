#include "support/source_folder.h"

std::string in_source(const std::string& name) { return std::string(JENSEN_SOURCE_DIR) + "/" + name; }
