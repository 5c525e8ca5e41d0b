"""`python -m tests.liars --out docs/method.md`: lie in simulated releases and write what came of it."""

import argparse
import os
import pickle
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # before numpy
    os.environ.setdefault(name, "1")

import pandas as pd  # noqa: E402

from salary_bands.fingerprint import OURS, digest  # noqa: E402
from tests.builders import REAL_DATA  # noqa: E402
from tests.liars import honest, report  # noqa: E402
from tests.liars.honest import GROWTH, moved, ordinary, surveyed  # noqa: E402
from tests.liars.lies import lied  # noqa: E402

REAL = "levels_fyi"


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def measured(worlds: int, data: Path, work: Path) -> str:
    """The generated part of the page; pieces that a run before left in `work` are not made again."""
    numbers = range(2, 2 + worlds)  # thresholds were chosen in worlds 0 and 1
    few = numbers[: max(1, worlds // 2)]
    found = {
        "lies": [_kept(work, f"lies-{n}", lambda n=n: lied(n)) for n in numbers],
        "ordinary refreshes": [_kept(work, f"ordinary-{n}", lambda n=n: ordinary(n)) for n in numbers],
        "growth of 3 % a month": [_kept(work, f"growth-{n}", lambda n=n: ordinary(n, GROWTH)) for n in few],
        "a survey": [_kept(work, f"survey-{n}", lambda n=n: surveyed(n)) for n in numbers],
        "moved": [_kept(work, f"moved-{n}", lambda n=n: moved(n)) for n in few],
    }
    frames = {name: pd.concat(parts, ignore_index=True) for name, parts in found.items()}
    real = pd.DataFrame()
    if (data / REAL).is_dir():
        with tempfile.TemporaryDirectory(prefix="salary-bands-liars-") as folder:
            real = _kept(work, "real", lambda: honest.real(data, Path(folder), say))
    cases = {name: frames[name] for name in honest.CASES}
    return report.section(frames["lies"], cases, frames["moved"], real)


def _kept(work: Path, name: str, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """Return a piece, out of its file if this code made it before."""
    work.mkdir(parents=True, exist_ok=True)
    code = digest([OURS.figures_code().digest, report.mark()])[:12]
    path = work / f"{name}-{code}.pickle"
    if not path.is_file():
        started = time.process_time()
        path.write_bytes(pickle.dumps(make()))
        say(f"{name}: {time.process_time() - started:.0f} s of processor time")
    return pd.DataFrame(pickle.loads(path.read_bytes()))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.liars", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/method.md"), help="page whose part is replaced")
    parser.add_argument("--worlds", type=int, default=4)
    parser.add_argument("--data", type=Path, default=REAL_DATA, help="folder of the real exports")
    parser.add_argument("--work", type=Path, default=Path("data/work/liars"), help="results so far, to resume from")
    chosen = parser.parse_args()
    part = measured(chosen.worlds, chosen.data, chosen.work)
    chosen.out.write_text(report.inserted(chosen.out.read_text(encoding="utf-8"), part), encoding="utf-8")
    say(f"{chosen.out}: written after {time.process_time():.0f} s of processor time")


if __name__ == "__main__":
    main()
