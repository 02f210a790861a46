#!/usr/bin/env bash
# Does check.sh notice? Each case writes one file into an otherwise sound tree and says what check.sh must make of it.
set -euo pipefail
check="$(dirname "${BASH_SOURCE[0]}")/check.sh"
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0

try() {  # sound|breach FILE LINE...
    local expected=$1 file=$tree/$2 found=sound
    rm -rf "${tree:?}"/*
    mkdir -p "$tree/include/jensen" "$tree/src" "$(dirname "$file")"
    printf '#include <vector>\n' >"$tree/include/jensen/sound.h"
    printf '%s\n' "${@:3}" >"$file"
    bash "$check" "$tree" >/dev/null || found=breach
    if [ "$found" != "$expected" ]; then
        echo "$2 with '${*:3}': $found, expected $expected"
        failures=$((failures + 1))
    fi
}

try sound include/jensen/em/fit.h '#include <memory>' '#include <jensen/data/data.h>' '#include <jensen/concepts.h>'
try breach include/jensen/em/fit.h '#include <jensen/models/mixture.h>'
try breach src/em/fit.cpp '#include <jensen/emissions/gaussian.h>'
try breach src/em/fit.cpp '  #  include "models/private.h"'
try breach src/models/mixture.cpp '#include <jensen/em/fit.h>'
try breach src/models/mixture.cpp '#include <jensen/execution/threads.h>'
try breach src/models/mixture.cpp '#include <thread>'
try breach src/models/mixture.cpp '#include <fstream>'
try sound src/models/mixture.cpp '#include <jensen/emissions/gaussian.h>' '#include <jensen/math/cholesky.h>'
try sound src/fit_gaussian_mixture.cpp '#include <jensen/em/fit.h>' '#include <jensen/models/gaussian_mixture.h>'
try breach src/fit_something.cpp '#include <jensen/em/fit.h>'
try breach include/jensen/emissions/gaussian.h '#include <jensen/models/mixture.h>'
try sound include/jensen/math/kernels.h '#include <jensen/data/panel.h>'
try breach include/jensen/math/kernels.h '#include <jensen/data/table.h>'
try breach include/jensen/data/table.h '#include <jensen/math/random.h>'
try breach src/execution/threads.cpp '#include <jensen/em/model.h>'
try sound src/execution/threads.cpp '#include <thread>'
try breach include/jensen/concepts.h '#include <jensen/em/model.h>'
try breach include/jensen/math/cholesky.h '#include <Eigen/Core>'
try breach include/jensen/math/cholesky.h '#include <fmt/format.h>'
try breach include/jensen/math/cholesky.h '#include "kernels.h"'
try sound src/math/cholesky.cpp '#include <Eigen/Core>' '#include "kernels.h"'
try breach src/unheard_of/file.cpp '#include <vector>'
try breach src/data/csv.cpp 'void f() { std::cerr << 1; }'
try breach src/data/csv.cpp 'void f() { printf("x"); }'
try breach src/data/csv.cpp 'void f() { std::abort(); }'
try breach include/jensen/data/csv.h 'inline void f() { exit(1); }'
try sound src/data/csv.cpp 'static_assert(true);  // never abort()' 'int snprintf(char*);' 'void on_exit(int);'

[ "$failures" -eq 0 ]
