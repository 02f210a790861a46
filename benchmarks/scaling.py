"""Processor time and memory of an EM iteration as the number of rows grows, from NPY files mapped into memory.

    build/venv/bin/python benchmarks/scaling.py [--most 100000000] [--types float64,float32] [--threads 2] [--folder DIR]
    build/venv/bin/python benchmarks/scaling.py --memory      # 1e6 rows, 16 columns, 16 components against the budget

Four columns, five components; a file at a time, removed afterwards: 3.2 GB for 1e8 rows of float64. Needs numpy, which
./dev bench peers installs, and the tool. Prints Markdown; with --memory it fails where a fit takes more than the data
and 20 MiB.
"""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

TOOL = Path(__file__).resolve().parent.parent / "build/release/bin/jensen"
STEP = 1_000_000
BUDGET = 20  # MiB beyond the data

# The peak memory of a process is at least that of the one which started it, so that a small one must do that.
LAUNCHER = """
import json, resource, subprocess, sys
process = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"status": process.returncode, "seconds": usage.ru_utime + usage.ru_stime,
                  "memory": usage.ru_maxrss / 1024}))
"""


def write(path, rows, columns, components, dtype):
    """Rows of overlapping clusters, written piece by piece: the file may be larger than memory."""
    random = np.random.default_rng(7)
    means = 3 * random.standard_normal((components, columns))
    header = {"descr": np.lib.format.dtype_to_descr(np.dtype(dtype)), "fortran_order": False, "shape": (rows, columns)}
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for begin in range(0, rows, STEP):
            count = min(STEP, rows - begin)
            x = means[random.integers(components, size=count)] + random.standard_normal((count, columns))
            x.astype(dtype).tofile(file)
    return {"weights": [1 / components] * components, "means": means.tolist(),
            "covariances": [np.eye(columns).tolist()] * components}


def run(path, iterations, threads, *more):
    """Processor time of the process, which others that run do not lengthen, and its peak memory in MiB."""
    command = [TOOL, "fit", "gaussian-mixture", path, "--covariance", "full", "--prior", "none", "--tolerance", "0",
               "--max-iterations", iterations, "--threads", threads, "--quiet", *more]
    launcher = [sys.executable, "-S", "-E", "-c", LAUNCHER] + [str(word) for word in command]
    result = json.loads(subprocess.run(launcher, stdout=subprocess.PIPE, check=True).stdout)
    if result["status"] not in (0, 2):  # 2: the limit of iterations was reached, which is what was asked for
        raise SystemExit(1)
    return result["seconds"], result["memory"]


def check_memory(folder):
    over = False
    print("| threads | restarts | file, MiB | peak memory less the file, MiB |")
    print("| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory(dir=folder) as name:
        data = Path(name) / "data.npy"
        write(data, 1_000_000, 16, 16, "float64")
        size = data.stat().st_size / 2**20
        for threads, restarts in ((1, 1), (2, 1), (2, 4)):
            _, memory = run(data, 2, threads, "-k", 16, "--restarts", restarts, "--seed", 1)
            print(f"| {threads} | {restarts} | {size:.1f} | {memory - size:.1f} |", flush=True)
            over |= memory - size > BUDGET
    if over:
        raise SystemExit(f"more than the data and {BUDGET} MiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--most", type=int, default=100_000_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--types", default="float64,float32")
    parser.add_argument("--folder", help="where the files may lie")
    parser.add_argument("--memory", action="store_true", help="the memory of a fit of 1e6 rows against its budget")
    arguments = parser.parse_args()
    if arguments.memory:
        return check_memory(arguments.folder)
    print("| rows | type | file, MiB | processor time of an iteration, s | ns per row | peak memory less the file, MiB |")
    print("| --- | --- | --- | --- | --- | --- |")
    for dtype in arguments.types.split(","):
        rows = 10_000
        while rows <= arguments.most:
            with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
                data, start = Path(name) / "data.npy", Path(name) / "start.json"
                start.write_text(json.dumps(write(data, rows, 4, 5, dtype)))
                many = max(4, min(1000, 20_000_000 // rows))
                short, _ = run(data, 1, arguments.threads, "--start", start)
                long, memory = run(data, 1 + many, arguments.threads, "--start", start)
                seconds = (long - short) / many
                size = data.stat().st_size / 2**20
                print(f"| {rows:.0e} | {dtype} | {size:.1f} | {seconds:.3g} | {1e9 * seconds / rows:.1f} | "
                      f"{memory - size:.1f} |".replace("e+0", "e"), flush=True)
            rows *= 10


if __name__ == "__main__":
    main()
