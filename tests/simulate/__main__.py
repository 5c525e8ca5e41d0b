"""`python -m tests.simulate --out docs/method.md`: run the simulation and write what it found."""

import argparse
import os
import sys
from multiprocessing import get_context
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # before numpy: two workers, a core each
    os.environ.setdefault(name, "1")

from tests.simulate import report, rounded, run  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.simulate")
    parser.add_argument(
        "--out", type=Path, default=Path("docs/method.md"), help="page whose generated part is replaced"
    )
    parser.add_argument("--small", action="store_true", help="only try that it runs: a few small worlds")
    parser.add_argument("--rounded", action="store_true", help="only the worlds in which people round their pay")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--work", type=Path, default=Path("data/work/simulate"), help="results of pieces: a stopped run goes on there"
    )
    chosen = parser.parse_args()
    size = run.SMALLEST if chosen.small else run.USUAL
    folder = chosen.work / f"{report.code_digest()}-{size.name()}"
    seconds = 0.0
    with get_context("spawn").Pool(chosen.workers) as pool:
        if not chosen.rounded:
            found = run.simulated(size, folder, pool, say)
            run.write(found, chosen.out, size)
            seconds += found.seconds
        heaped = rounded.simulated(size, folder, pool, say)
        rounded.write(heaped, chosen.out)
    seconds += heaped.seconds
    print(f"{chosen.out}: written after {seconds:.0f} s of processor time", file=sys.stderr)


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
