#!/usr/bin/env bash
# instructions.sh TOOL FOLDER: instructions that small fits execute, counted by valgrind, within budgets. Counts do not
# depend on how busy the machine is; valgrind knows no AVX-512, so that AVX2's code runs on every newer processor. What
# comes before main() is left out: there Highway's library watches the clock, as long as that takes.
set -euo pipefail
tool=${1:?usage: instructions.sh TOOL FOLDER}
folder=${2:?usage: instructions.sh TOOL FOLDER}
skip() { echo "skipped: $1"; exit 77; }
command -v valgrind >/dev/null || skip "valgrind is not installed"
grep -qs avx2 /proc/cpuinfo || skip "the processor has no AVX2, for which the budgets are"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

run() {  # ARGUMENT...: instructions of the tool with these arguments
    local status=0
    valgrind --tool=callgrind --collect-atstart=no --toggle-collect=main --callgrind-out-file="$scratch/out" "$tool" "$@" >"$scratch/log" 2>&1 || status=$?
    # 2: the limit of iterations was reached, which is what was asked for
    [ "$status" -eq 0 ] || [ "$status" -eq 2 ] || { cat "$scratch/log" >&2; exit 1; }
    sed -n 's/^totals: //p' "$scratch/out"
}

count() {  # ITERATIONS FILE OPTION...: of a fit with so many iterations
    run fit gaussian-mixture "$folder/$2" "${@:3}" \
        --covariance full --restarts 1 --seed 1 --tolerance 0 --max-iterations "$1" --threads 1 --quiet
}

within() {  # WHAT INSTRUCTIONS BUDGET
    echo "$1: $2 instructions, budget $3"
    [ "$2" -gt 0 ] && [ "$2" -le "$3" ] || over=yes
}

# The budgets are what was counted and a tenth or so: lower them when the code gets better.
over=no
nothing=$(run --version)
within "declaring the arguments" "$nothing" 7600000
before=$(count 1 faithful.csv -k 2)
after=$(count 21 faithful.csv -k 2)
within "reading 272 rows of text, summary, seeding, an iteration and report" $((before - nothing)) 1000000
within "an iteration of 272 rows, 2 columns, 2 components" $(((after - before) / 20)) 109000
before=$(count 1 wine.csv -k 3 --exclude target)
after=$(count 6 wine.csv -k 3 --exclude target)
within "an iteration of 178 rows, 13 columns, 3 components" $(((after - before) / 5)) 1085000
[ "$over" = no ]
