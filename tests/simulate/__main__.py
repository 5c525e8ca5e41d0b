"""`python -m tests.simulate --out docs/method.md`: run the simulation and write what it found."""

import argparse
import os
import sys
import time
from multiprocessing import get_context
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # before numpy: two workers, a core each
    os.environ.setdefault(name, "1")

from tests.simulate import run  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.simulate")
    parser.add_argument(
        "--out", type=Path, default=Path("docs/method.md"), help="page whose generated part is replaced"
    )
    parser.add_argument("--scale", type=float, default=1.0, help="how many worlds, relative to the usual number")
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args()
    started = time.monotonic()
    with get_context("spawn").Pool(chosen.workers) as pool:
        found = run.simulated(pool, chosen.scale, lambda line: print(line, file=sys.stderr))
    run.write(found, chosen.out, chosen.scale)
    print(f"{chosen.out}: written after {time.monotonic() - started:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
