#!/usr/bin/env bash
# check.sh ROOT: do the sources below ROOT keep to the layers of docs/architecture.md? Says every breach, fails on one.
set -euo pipefail
root=${1:?usage: check.sh ROOT}

# What the headers and sources of a folder may include of jensen: folders, or single headers. "." is include/jensen.
declare -A may_include=(
    [.]=". data"
    [math]="math error.h data/panel.h data/instruction_sets.h data/turn-inl.h"
    [data]="data error.h"
    [execution]="execution concepts.h error.h data"
    [emissions]="emissions math concepts.h error.h data"
    [models]="models emissions math concepts.h error.h data"
    [em]="em execution math concepts.h error.h data"
    [json]="json error.h data"
    [testing]="testing em execution math concepts.h error.h data"
)

# Front doors: files that join layers so that a caller finds everything behind one name, and what more they may include.
# A file and its source share a line, named without extension.
declare -A front_door=(
    [fit_gaussian_mixture]="em models execution"  # from data to a fitted mixture in one call
    [fit_table]="em models emissions"      # the same for columns that a schema describes
    [fit_hidden_markov]="em models emissions execution"  # the same for sequences
    [hidden_markov_file]="em models emissions json"
    [drawn_like]="models math"             # samples that look like the data, for a bootstrap
    [candidates]="em models"               # of any selection
    [schema_fields]="em json"              # what files of such models share
    [mixture_file]="em models emissions json"
    [select_mixture]="em models emissions execution math"
    [fit_mixture]="em models emissions execution"  # the same for a mixture of any emissions
    [fit_factor_analyzers]="em models math"  # the same for factor analysers
    [select_gaussian_mixture]="em models"  # many fits, compared
    [gaussian_mixture_file]="em models json"    # a file holds the model and the report of its fit
    [gaussian_mixture_text]="em models json"
    [fit_summary]="em"                     # what files keep of a report
    [fit_summary_json]="em json"
    [uncertainty_json]="em json"           # standard errors in files
    [model_file]="em json"                 # files of any model
    [model_residuals]="em models emissions"  # residuals of any model
    [model_format]="em json"
)

# A model is mathematics: it starts no thread and opens no file.
pure_folders="math emissions models"
impure_headers='thread|mutex|shared_mutex|atomic|condition_variable|future|semaphore|latch|barrier|fstream|filesystem|mpi\.h'

breaches=0
files=0
breach() {  # FILE LINE TEXT
    echo "${1#"$root"/}:$2: $3"
    breaches=$((breaches + 1))
}

contains() { [[ " $1 " == *" $2 "* ]]; }

check_include() {  # FILE LINE FOLDER UNIT INCLUDED: an include of jensen's, as a path below include/jensen or src
    local target=.
    [[ $5 == */* ]] && target=${5%%/*}
    local allowed="${may_include[$3]} ${front_door[$4]:-}"
    contains "$allowed" "$target" || contains "$allowed" "$5" || breach "$1" "$2" "$3/ may not include $5"
}

check_file() {  # FILE
    local file=$1 below public=false
    if [[ $file == "$root"/include/jensen/* ]]; then
        below=${file#"$root"/include/jensen/}
        public=true
    else
        below=${file#"$root"/src/}
    fi
    local folder=.
    [[ $below == */* ]] && folder=${below%%/*}
    if [ -z "${may_include[$folder]:-}" ]; then
        breach "$file" 1 "folder $folder/ has no line in check.sh: say what it may include"
        return
    fi
    local unit=${below%.*} line included text
    while IFS=: read -r line text; do
        [[ $text =~ ^[[:space:]]*#[[:space:]]*include[[:space:]]*([\<\"])([^\>\"]+)[\>\"] ]] || continue
        local bracket=${BASH_REMATCH[1]}
        included=${BASH_REMATCH[2]}
        if [[ $included == jensen/* ]]; then
            check_include "$file" "$line" "$folder" "$unit" "${included#jensen/}"
        elif $public && [[ $bracket == '"' || $included == *[./]* ]]; then
            breach "$file" "$line" "a public header includes $included, which is not the standard library's"
        elif [[ $bracket == '"' && $included == */* ]]; then
            check_include "$file" "$line" "$folder" "$unit" "$included"
        elif contains "$pure_folders" "$folder" && [[ $included =~ ^($impure_headers)$ && -z ${front_door[$unit]:-} ]]; then
            breach "$file" "$line" "$folder/ may not include <$included>: threads and files live elsewhere"
        fi
    done < <(grep -nE '^[[:space:]]*#[[:space:]]*include' "$file")

    # The library answers with values and exceptions.
    local word='(^|[^[:alnum:]_])'
    local prints="std::(cout|cerr|clog)|$word(fmt::print|printf|fprintf|vprintf|puts|fputs|putchar|perror)[[:space:]]*\\("
    local ends="$word(abort|exit|_exit|_Exit|quick_exit|terminate|assert)[[:space:]]*\\("
    while IFS=: read -r line text; do
        breach "$file" "$line" "the library neither prints nor ends the program: $text"
    done < <(sed 's://.*$::' "$file" | grep -nE "$prints|$ends")
}

while IFS= read -r file; do
    check_file "$file"
    files=$((files + 1))
done < <(find "$root/include/jensen" "$root/src" -name '*.h' -o -name '*.cpp' | sort)

echo "$files files, $breaches breaches"
[ "$files" -gt 0 ] && [ "$breaches" -eq 0 ]
