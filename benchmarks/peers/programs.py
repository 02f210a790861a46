"""The programs compared: how each is called, which threads it has, and where it differs by design."""
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


class Failed(Exception):
    """A program could not do a task; says why."""


@dataclass(frozen=True)
class Program:
    name: str
    command: Callable  # of (folder, shape, threads), without the counts of iterations
    threaded: bool = True
    differs: str = ""  # why its log-likelihood is not the others', where it is not
    cannot: Callable = lambda shape: ""  # why it cannot do a shape

    def run(self, folder, shape, threads, iterations):
        """Seconds and log-likelihood for each count of iterations."""
        if reason := self.cannot(shape):
            raise Failed(reason)
        done = subprocess.run(
            [str(word) for word in self.command(folder, shape, threads)] + [str(n) for n in iterations],
            env=environment(threads), capture_output=True, text=True)
        if done.returncode != 0:
            raise Failed(f"failed: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
        try:
            return json.loads(done.stdout.strip().splitlines()[-1])
        except (ValueError, IndexError) as error:  # C++ writes infinities and NaN in its own way
            raise Failed(f"gave no finite answer: {done.stdout.strip()[-80:]}") from error


def environment(threads):
    """Settings for all the libraries that might start threads. Each chooses its own code for the processor."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
    counts = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "DAAL_NUM_THREADS"]
    return own | {name: str(threads) for name in counts}


def python(script):
    return lambda folder, shape, threads: [sys.executable, HERE / script, folder, shape.structure]


def compiled(name):
    return lambda folder, shape, threads: [ROOT / "build/peers" / name, folder, shape.argument()]


def onedal(folder, shape, threads):
    # Its threads are TBB's, which count the processors that the process may use.
    return ["taskset", "-c", ",".join(map(str, range(threads)))] + python("onedal_peer.py")(folder, shape, threads)


def copies_too_large(shape):
    gigabytes = 8e-9 * shape.rows * shape.components * shape.columns
    return f"holds n K d numbers at a time, {gigabytes:.0f} GB" if gigabytes > 2.5 else ""


PROGRAMS = [
    Program("jensen", lambda folder, shape, threads:
            [sys.executable, HERE / "jensen_peer.py", folder, shape.structure, "--threads", threads]),
    Program("scikit-learn", python("scikit_learn_peer.py")),
    Program("oneDAL", onedal),
    Program("Armadillo", compiled("armadillo_peer")),
    Program("mlpack", python("mlpack_peer.py"),
            differs="its Python package cannot start from given parameters: after one pass of k-means of its own"),
    Program("VLFeat", compiled("vlfeat_peer"), differs="leaves out responsibilities below 0.01",
            cannot=lambda shape: "has no full covariances" if shape.structure == "full" else ""),
    Program("OpenCV", compiled("opencv_peer"), threaded=False),
    Program("mclust", lambda folder, shape, threads: ["Rscript", HERE / "mclust_peer.R", folder, shape.argument()],
            threaded=False),
    Program("hmmlearn", python("hmmlearn_peer.py"), threaded=False, cannot=copies_too_large,
            differs="takes covariances about the means of the iteration before"),
]


def hmmlearn_chain(implementation):
    return lambda folder, shape, threads: [
        sys.executable, HERE / "hmmlearn_chain_peer.py", folder, shape.argument(), implementation]


def takes_minutes(shape):
    return "takes minutes an iteration" if shape.sequences * shape.length * shape.states**2 > 1e9 else ""


# Of hidden Markov models.
CHAIN_PROGRAMS = [
    Program("jensen", lambda folder, shape, threads:
            [ROOT / "build/release/bin/jensen_chain_peer", folder, shape.argument(), threads]),
    Program("hmmlearn-scaling", hmmlearn_chain("scaling"), threaded=False),
    Program("hmmlearn-log", hmmlearn_chain("log"), threaded=False, cannot=takes_minutes),
]
