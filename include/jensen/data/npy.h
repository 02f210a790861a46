// Arrays in NumPy's file format.
#pragma once

#include <jensen/data/panel.h>
#include <jensen/data/table.h>

#include <string>

namespace jensen {

/// Reads an NPY file (format 1, 2 or 3) in place: memory-mapped, float32 or float64 in this machine's byte order, in C
/// or Fortran order; one axis (one column) or two. The file must not be cut short while the table lives. Rows may be 0.
///
/// Throws DataError that names the file: for anything else (other types are named; objects are never unpickled), a
/// header that is malformed, a size that does not agree with the shape, an infinite cell.
Table read_npy(const std::string& path);

/// Writes a panel as float64 in Fortran order, format 1. Throws Error when the file cannot be written.
void write_npy(const std::string& path, ConstPanel values);

}  // namespace jensen
