"""Time and memory of an EM iteration as the number of rows grows, from NPY files mapped into memory.

    build/venv/bin/python benchmarks/scaling.py [--most 100000000] [--threads 2] [--folder DIR]

Four columns, five components; a file at a time, removed afterwards: 3.2 GB for 1e8 rows of float64. Prints Markdown.
"""
import argparse
import json
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np

TOOL = Path(__file__).resolve().parent.parent / "build/release/bin/jensen"
COLUMNS, COMPONENTS, STEP = 4, 5, 1_000_000


def write(path, rows, dtype):
    """Rows of overlapping clusters, written piece by piece: the file may be larger than memory."""
    random = np.random.default_rng(7)
    means = 3 * random.standard_normal((COMPONENTS, COLUMNS))
    header = {"descr": np.lib.format.dtype_to_descr(np.dtype(dtype)), "fortran_order": False, "shape": (rows, COLUMNS)}
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for begin in range(0, rows, STEP):
            count = min(STEP, rows - begin)
            x = means[random.integers(COMPONENTS, size=count)] + random.standard_normal((count, COLUMNS))
            x.astype(dtype).tofile(file)
    return {"weights": [1 / COMPONENTS] * COMPONENTS, "means": means.tolist(),
            "covariances": [np.eye(COLUMNS).tolist()] * COMPONENTS}


def fit(path, start, iterations, threads):
    """Seconds of the fit, peak memory of the process and the part of it that is no page of the file, in MiB."""
    command = [TOOL, "fit", "gaussian-mixture", path, "--start", start, "--covariance", "full", "--prior", "none",
               "--tolerance", "0", "--max-iterations", iterations, "--threads", threads, "--json"]
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen([str(word) for word in command], stdout=output, stderr=subprocess.PIPE)
        message = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        if os.waitstatus_to_exitcode(status) not in (0, 2):
            raise SystemExit(message.decode())
        output.seek(0)
        return json.load(output)["seconds"]["fit"], usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--most", type=int, default=100_000_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder", help="where the files may lie")
    arguments = parser.parse_args()
    print("| rows | type | file, MiB | seconds of an iteration | ns per row | peak memory less the file, MiB |")
    print("| --- | --- | --- | --- | --- | --- |")
    for dtype in ("float64", "float32"):
        rows = 10_000
        while rows <= arguments.most:
            with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
                data, start = Path(name) / "data.npy", Path(name) / "start.json"
                start.write_text(json.dumps(write(data, rows, dtype)))
                many = max(2, min(200, 20_000_000 // rows))
                short, _ = fit(data, start, 1, arguments.threads)
                long, memory = fit(data, start, 1 + many, arguments.threads)
                seconds = (long - short) / many
                size = data.stat().st_size / 2**20
                print(f"| {rows:.0e} | {dtype} | {size:.1f} | {seconds:.3g} | {1e9 * seconds / rows:.1f} | "
                      f"{memory - size:.1f} |".replace("e+0", "e"), flush=True)
            rows *= 10


if __name__ == "__main__":
    main()
