"""The tool, from NPY file and given start. FOLDER STRUCTURE --threads N ITERATIONS..."""
import json
import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).resolve().parent.parent.parent / "build/release/bin/jensen"


def run(folder, structure, threads, iterations):
    command = [TOOL, "fit", "gaussian-mixture", folder / "data.npy", "--start", folder / "start.json",
               "--covariance", structure, "--prior", "none", "--tolerance", "0", "--max-iterations", iterations,
               "--threads", threads, "--json"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode not in (0, 2):  # 2: the limit of iterations was reached, which is what was asked for
        sys.exit(done.stderr)
    result = json.loads(done.stdout)
    return {"iterations": iterations, "seconds": result["seconds"]["fit"], "log_likelihood": result["log_likelihood"]}


folder, structure, _, threads, *counts = sys.argv[1:]
version = subprocess.run([TOOL, "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]
print(json.dumps({"version": version, "runs": [run(Path(folder), structure, threads, int(n)) for n in counts]}))
