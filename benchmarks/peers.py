"""Time of one EM iteration, jensen beside scikit-learn: same data, same start, same number of iterations.

Both programs run 1 and 1 + ITERATIONS iterations; the difference, divided, is the time of one iteration, so that neither
reading the data nor setting up counts. Each run is repeated and the median taken, the two programs in turn. The
log-likelihoods after the last iteration must agree to 1e-9, or the comparison is void and the exit status is 1.

    build/venv/bin/python benchmarks/peers.py [--tool PATH] [--repeats N] [--iterations N] [--threads 1,2]
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

SHAPES = [(1_000_000, 2, 5), (1_000_000, 16, 16), (200_000, 64, 32)]


def make_data(folder, rows, columns, components):
    """K overlapping clusters and a start at K of the rows."""
    import numpy as np

    random = np.random.default_rng(7)
    means = 2 * random.standard_normal((components, columns))
    x = means[random.integers(components, size=rows)] + random.standard_normal((rows, columns))
    np.save(folder / "data.npy", x)
    variance = x.var(axis=0)
    start = {
        "weights": [1 / components] * components,
        "means": x[:components].tolist(),
        "covariances": [np.diag(variance).tolist()] * components,
    }
    (folder / "start.json").write_text(json.dumps(start))


def run_sklearn(folder, iterations):
    """In a process of its own, so that its thread count can be set: seconds of fit() and the log-likelihood after it."""
    import time
    import warnings

    import numpy as np
    from sklearn.mixture import GaussianMixture

    warnings.simplefilter("ignore")
    x = np.load(folder / "data.npy")
    start = json.loads((folder / "start.json").read_text())
    model = GaussianMixture(
        len(start["weights"]), tol=0, reg_covar=0, max_iter=iterations, weights_init=start["weights"],
        means_init=start["means"], precisions_init=np.linalg.inv(np.array(start["covariances"])), init_params="random",
        random_state=0)
    begun = time.perf_counter()
    model.fit(x)
    seconds = time.perf_counter() - begun
    print(json.dumps({"seconds": seconds, "log_likelihood": model.score(x) * len(x)}))


def sklearn(folder, iterations, threads):
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS=str(threads))
    command = [sys.executable, __file__, "--run-sklearn", str(folder), "--iterations", str(iterations)]
    return json.loads(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)


def jensen(tool, folder, iterations, threads):
    command = [tool, "fit", "gaussian-mixture", str(folder / "data.npy"), "--start", str(folder / "start.json"),
               "--covariance", "full", "--prior", "none", "--tolerance", "0", "--max-iterations", str(iterations),
               "--threads", str(threads), "--json", "-o", str(folder / "model.json")]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 2):  # 2: the limit of iterations was reached, which is what was asked for
        raise SystemExit(f"{' '.join(command)}: {done.stderr}")
    result = json.loads(done.stdout)
    return {"seconds": result["seconds"]["fit"], "log_likelihood": result["log_likelihood"]}


def seconds_per_iteration(programs, iterations, repeats):
    """Median over repeats for each program, run in turn, and the log-likelihood of each after the last iteration."""
    times = {name: [] for name in programs}
    log_likelihoods = {}
    for _ in range(repeats):
        for name, run in programs.items():
            short = run(1)["seconds"]
            long = run(1 + iterations)
            times[name].append((long["seconds"] - short) / iterations)
            log_likelihoods[name] = long["log_likelihood"]
    return {name: statistics.median(values) for name, values in times.items()}, log_likelihoods


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tool", default=Path(__file__).resolve().parent.parent / "build/release/bin/jensen")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--iterations", type=int, default=3)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--run-sklearn", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run_sklearn:
        return run_sklearn(Path(arguments.run_sklearn), arguments.iterations)

    import sklearn as package

    print(f"Seconds of one EM iteration, full covariance; scikit-learn {package.__version__}; medians of "
          f"{arguments.repeats}\n")
    print("| n, d, K | threads | jensen | scikit-learn | ratio | log-likelihoods differ by (relative) |")
    print("| --- | --- | --- | --- | --- | --- |")
    agree = True
    for rows, columns, components in SHAPES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            make_data(folder, rows, columns, components)
            for threads in [int(t) for t in arguments.threads.split(",")]:
                programs = {
                    "jensen": lambda n: jensen(arguments.tool, folder, n, threads),
                    "scikit-learn": lambda n: sklearn(folder, n, threads),
                }
                seconds, values = seconds_per_iteration(programs, arguments.iterations, arguments.repeats)
                difference = abs(values["jensen"] / values["scikit-learn"] - 1)
                agree = agree and difference <= 1e-9
                print(f"| {rows}, {columns}, {components} | {threads} | {seconds['jensen']:.4f} | "
                      f"{seconds['scikit-learn']:.4f} | {seconds['scikit-learn'] / seconds['jensen']:.1f} | "
                      f"{difference:.1e} |", flush=True)
    if not agree:
        raise SystemExit("the log-likelihoods differ: the comparison is void")


if __name__ == "__main__":
    main()
