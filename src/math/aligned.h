// Memory for vectors.
#pragma once

#include <cstddef>
#include <cstdint>

#include <jensen/math/kernels.h>

namespace jensen::kernels {

// So many numbers from the workspace, which grows where it must, from the beginning of a cache line on.
inline double* aligned(Workspace& workspace, std::size_t size) {
  constexpr std::size_t line = 64;
  if (workspace.size() < size + line / sizeof(double)) workspace.resize(size + line / sizeof(double));
  const auto address = reinterpret_cast<std::uintptr_t>(workspace.data());
  return workspace.data() + (line - address % line) % line / sizeof(double);
}

}  // namespace jensen::kernels
