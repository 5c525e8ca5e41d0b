"""`python -m tests.backtest --out docs/method.md`: split the real exports in time and write what was found."""

import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from tests.backtest import report
from tests.backtest.judged import judged
from tests.backtest.options import options
from tests.backtest.splits import DATES, bands_as_of, settings_of, split


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def measured(data: Path, work: Path) -> str:
    """The generated part of the page."""
    started, found = time.process_time(), []
    for source, dates in DATES.items():
        settings = settings_of(source, data, work)
        for until in dates:
            found.append(split(settings, until).assign(source=source))
            say(f"{source}, {until}: {len(found[-1])} figures that both halves show")
    plain = settings_of("levels_fyi", data, work / "plain")
    shown = {day: bands_as_of(plain, day, stand_in=False) for day in report.SHOWN_ON}
    rows = pd.concat([judged(part) for _, part in pd.concat(found, ignore_index=True).groupby("source")])
    return report.text(rows, shown, time.process_time() - started)


def main() -> int:
    chosen = options("python -m tests.backtest", __doc__)
    missing = [name for name in DATES if not (chosen.data / name).is_dir()]
    if missing:
        say(f"nothing measured: {chosen.data} has no {' and no '.join(missing)}; the repository holds no real exports")
        return 0
    with tempfile.TemporaryDirectory(prefix="salary-bands-backtest-") as work:
        part = measured(chosen.data, Path(work))
    chosen.out.write_text(report.inserted(chosen.out.read_text(encoding="utf-8"), part), encoding="utf-8")
    say(f"{chosen.out}: written after {time.process_time():.0f} s of processor time")
    return 0


if __name__ == "__main__":
    sys.exit(main())
