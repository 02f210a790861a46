"""Seconds of one EM iteration of a Gaussian mixture, or with --chains of a hidden Markov model: jensen beside other
programs and beside the machine's own limits.

Same data, same start, same number of iterations. Each program runs 1 and 2 iterations and, where these are quick, 1 and
1 + N, or more where these are very quick; the difference, divided by the number of iterations, is the time of one, so
that neither reading the data nor setting up counts. The limits and the programs take turns, several times, as a machine
that others share is not always equally fast: times are medians, and so are ratios, each of neighbours in time. The
log-likelihoods after two iterations must agree to 1e-9 relative, or the comparison is void and the exit status is 1;
programs that do something else by design are compared in time alone, and a note says what they do. Everything is printed
as Markdown.
"""
import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import chain_shapes
import shapes
from programs import CHAIN_PROGRAMS, PROGRAMS, ROOT, Failed

SLOW = 2.0  # seconds of an iteration from which one measurement, of one iteration, has to do
LONG, MOST = 0.1, 30  # seconds at the limit that the iterations of one measurement take, if no more than so many do


class Measured:
    """Seconds of an iteration of one program on one shape, turn by turn, and its log-likelihood after two."""

    def __init__(self, program, folder, shape, threads):
        self.failure, self.turns = "", []
        self.program, self.folder, self.shape, self.threads = program, folder, shape, threads
        try:
            self.first, self.log_likelihood, self.version = self.run(1)
        except Failed as failure:
            self.failure = str(failure)

    def run(self, iterations):
        answer = self.program.run(self.folder, self.shape, self.threads, [1, 1 + iterations])
        short, long = answer["runs"]
        return (long["seconds"] - short["seconds"]) / iterations, long["log_likelihood"], answer["version"]

    def take_turn(self, iterations):
        """Of slow programs the first measurement stands for every turn."""
        if self.failure:
            return
        try:
            self.turns.append(self.first if self.first >= SLOW else self.run(iterations)[0])
        except Failed as failure:
            self.failure = str(failure)

    def seconds(self):
        seconds = statistics.median(self.turns)
        return seconds if seconds > 0 else float("nan")  # too little work to tell from noise

    def ratio_to(self, others):
        if not min(self.turns + others) > 0:
            return float("nan")
        return statistics.median(mine / other for mine, other in zip(self.turns, others))


def measure_machine(shape, threads, chains):
    command = [ROOT / "build/release/bin/jensen_limits", str(threads)] + ([] if chains else [shape.argument()])
    machine = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    machine["limit"] = shape.seconds(machine) if chains else machine["seconds"][0]
    return machine


def figure(seconds):
    if seconds != seconds:
        return "?"
    return f"{seconds:.2g}" if seconds < 0.995 else f"{seconds:.1f}" if seconds < 100 else f"{seconds:.0f}"


class Comparison:
    def __init__(self, programs, arguments):
        self.programs, self.arguments = programs, arguments
        self.notes, self.versions, self.machines, self.agree = {}, {}, [], True

    def row(self, folder, shape, threads, alone):
        """A line of the table. `alone` remembers what programs without threads did on this shape."""
        results = {}
        for program in self.programs:
            results[program.name] = alone.get(program.name) or Measured(program, folder, shape, threads)
            if not program.threaded:
                alone[program.name] = results[program.name]
        ours = results["jensen"]
        limits = []
        for turn in range(self.arguments.repeats):
            self.machines.append(measure_machine(shape, threads, self.arguments.chains))
            limits.append(self.machines[-1]["limit"])
            iterations = max(self.arguments.iterations, min(MOST, round(LONG / limits[0])))
            for result in results.values():
                if len(result.turns) == turn:
                    result.take_turn(iterations)
        if ours.failure:
            sys.exit(f"jensen: {ours.failure}")
        cells = [str(shape), str(threads), figure(statistics.median(limits)), figure(ours.seconds()),
                 f"{ours.ratio_to(limits):.2f}"]
        for program in self.programs[1:]:
            cells.append(self.cell(program, results[program.name], ours, shape))
        print("| " + " | ".join(cells) + " |", flush=True)
        self.versions["jensen"] = ours.version

    def cell(self, program, result, ours, shape):
        if result.failure:
            self.note(program, f"{result.failure} ({shape})")
            return "–"
        self.versions[program.name] = result.version
        if program.differs:
            self.note(program, program.differs)
        else:
            difference = abs(result.log_likelihood / ours.log_likelihood - 1)
            if not difference <= 1e-9:
                self.agree = False
                self.note(program, f"VOID: its log-likelihood differs by {difference:.1e} relative ({shape})")
        return f"{figure(result.seconds())} (×{figure(result.ratio_to(ours.turns))})"

    def note(self, program, text):
        self.notes.setdefault(program.name, {})[text] = None

    def print_notes(self):
        single = ", ".join(p.name for p in self.programs if not p.threaded)
        print("\nIn brackets how many times the program takes as long as jensen. Versions: " +
              ", ".join(f"{name} {version}" for name, version in self.versions.items()) + ".")
        if single:
            print(f"Without threads, so that their time is the same in both rows: {single}.")
        checked = [p.name for p in self.programs[1:] if not p.differs and p.name in self.versions]
        if checked and self.agree:
            print(f"Log-likelihoods equal to 1e-9 relative in every row: jensen, {', '.join(checked)}.")
        for name, texts in self.notes.items():
            print(f"- {name}: {'; '.join(texts)}")


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.processor()


def print_machine(machines):
    print(f"\nProcessor: {processor()}, {machines[0]['instruction_set']}. Measured in turns with the programs, median (and "
          "range):\n")
    print("| threads | products of blocks in cache, GFLOP/s | one exp, ns |")
    print("| --- | --- | --- |")
    for threads in sorted({machine["threads"] for machine in machines}):
        cells = [str(threads)]
        for what, digits in (("product_gflops", 1), ("exp_ns", 2)):
            values = [machine[what] for machine in machines if machine["threads"] == threads]
            low, middle, high = (f"{f(values):.{digits}f}" for f in (min, statistics.median, max))
            cells.append(f"{middle} ({low}–{high})")
        print("| " + " | ".join(cells) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small sizes: shows that everything works, not how fast")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--iterations", type=int, default=3)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--chains", action="store_true", help="hidden Markov models instead of mixtures")
    parser.add_argument("--only", help="names of programs, separated by commas")
    parser.add_argument("--shapes", help="numbers of rows of the table, from 1, separated by commas")
    arguments = parser.parse_args()
    only = arguments.only.lower().split(",") if arguments.only else None
    rows, everyone = (chain_shapes, CHAIN_PROGRAMS) if arguments.chains else (shapes, PROGRAMS)
    every_shape = rows.CHAIN_SHAPES if arguments.chains else rows.SHAPES
    programs = [p for p in everyone if p.name == "jensen" or only is None or p.name.lower() in only]
    chosen = every_shape
    if arguments.shapes:
        chosen = [every_shape[int(number) - 1] for number in arguments.shapes.split(",")]
    if arguments.quick:
        chosen, arguments.repeats = [rows.quick(shape) for shape in chosen], 1
    threads = [int(t) for t in arguments.threads.split(",")]

    print("Seconds of one EM iteration, float64:\n")
    what = "data and states" if arguments.chains else "n, d, K, covariance"
    heads = [what, "threads", "limit", "jensen", "jensen / limit"] + [p.name for p in programs[1:]]
    print("| " + " | ".join(heads) + " |")
    print("|" + " --- |" * len(heads))
    comparison = Comparison(programs, arguments)
    for shape in chosen:
        with tempfile.TemporaryDirectory() as name:
            rows.make(Path(name), shape)
            alone = {}
            for t in threads:
                comparison.row(Path(name), shape, t, alone)
    print_machine(comparison.machines)
    comparison.print_notes()
    if not comparison.agree:
        sys.exit("log-likelihoods differ: the comparison is void")


if __name__ == "__main__":
    main()
