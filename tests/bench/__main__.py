"""`python -m tests.bench --out docs/performance.md`: measure, and write the table and the plot of the page."""

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from tests.bench import report
from tests.bench.population import POPULATIONS
from tests.bench.works import Bench, Row, grown, measured


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/performance.md"), help="page whose table is replaced")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=3, help="runs of which the median counts")
    parser.add_argument("--populations", nargs="*", default=[*POPULATIONS], choices=[*POPULATIONS])
    parser.add_argument("--no-growth", action="store_true")
    chosen = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="salary-bands-bench-") as scratch:
        folder = Path(scratch)
        for name in chosen.populations:
            bench = Bench(POPULATIONS[name], chosen.rows, folder / name, chosen.times, say)
            rows += measured(bench)
        if not chosen.no_growth:
            rows += grown(folder, say, chosen.rows)
    results = chosen.out.parent / "performance" / "results.json"
    results.parent.mkdir(parents=True, exist_ok=True)
    found = [{**asdict(row), "cost": {k: round(v, 3) for k, v in asdict(row.cost).items()}} for row in rows]
    results.write_text(json.dumps({"machine": report.machine(), "rows": found}, indent=1) + "\n", encoding="utf-8")
    report.write(results, chosen.out)


if __name__ == "__main__":
    main()
