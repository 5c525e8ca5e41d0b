"""`python -m tests.attack --people 540 --out docs/method.md`: attack simulated releases and write what came of it."""

import argparse
import os
import sys
import time
from multiprocessing import get_context
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # before numpy: two workers, a core each
    os.environ.setdefault(name, "1")

from tests.attack import run  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.attack")
    parser.add_argument("--out", type=Path, default=Path("docs/method.md"), help="page whose part is replaced")
    parser.add_argument("--people", type=int, default=540, help="who report one after the other; two amounts each")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--work", type=Path, default=Path("data/work/attack"), help="results so far, to resume from")
    chosen = parser.parse_args()
    started = time.monotonic()
    with get_context("spawn").Pool(chosen.workers) as pool:
        found = run.attacked(pool, chosen.people, chosen.work, lambda line: print(line, file=sys.stderr))
    run.write(found, chosen.out)
    print(f"{chosen.out}: written after {time.monotonic() - started:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
