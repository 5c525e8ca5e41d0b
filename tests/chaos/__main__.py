"""`python -m tests.chaos --trials 25`: seeded trials of every kind of fault, and what each has left.

After a fault the old release or the new one is whole. After the next run, which nobody has helped, every file of every
release is what its manifest says, the figures are those of a refresh that nothing happened to, and the ledger counts
every row. Anything else is a failure, as is a traceback or a run that hangs. Exit code 1 if there is one.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.chaos.faults import FAULTS, Trial
from tests.chaos.processes import answer_of, ended, start
from tests.chaos.world import AS_OF, arguments, copied, figures, lost, make_base, new_export, torn

OLD = AS_OF.replace("-", ".")
CAUGHT = {"SIGINT": {130}, "SIGTERM": {-15, 130}, "kill -9": {-9}}
WELL = {0, 1, 2}  # done, failed with a line, refused with a line


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--trials", type=int, default=25)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", nargs="*", default=[*FAULTS], choices=[*FAULTS])
    parser.add_argument("--out", type=Path, help="file for the results, a JSON document a line")
    chosen = parser.parse_args()
    os.environ["SALARY_BANDS_SETTLE_SECONDS"] = "0.2"
    import salary_bands.orchestration.refresh  # noqa: F401 - before anything forks

    with tempfile.TemporaryDirectory(prefix="salary-bands-chaos-") as scratch:
        results = all_trials(Path(scratch), chosen)
    if chosen.out:
        chosen.out.write_text("".join(json.dumps(r) + "\n" for r in results), encoding="utf-8")
    sys.exit(report(results))


def all_trials(scratch: Path, chosen: argparse.Namespace) -> list[dict[str, Any]]:
    base, sound = scratch / "base", scratch / "sound"
    base.mkdir()
    if problem := answer_of(lambda: make_base(base)):
        raise SystemExit(f"the refresh that all trials start from failed: {problem}")
    copied(base, sound)
    new_export(sound)
    begun = time.monotonic()
    code = ended(start(arguments(sound), scratch / "sound.txt"), 600)
    usual = time.monotonic() - begun
    if code:
        raise SystemExit(
            f"the refresh that nothing happened to ended with {code}\n{(scratch / 'sound.txt').read_text()}"
        )
    expected = str(answer_of(lambda: figures(sound)))
    print(f"a refresh takes {usual:.1f} s; seed {chosen.seed}", file=sys.stderr, flush=True)
    kinds = [chosen.only[n % len(chosen.only)] for n in range(chosen.trials)]
    workers = []
    for number in range(chosen.workers):
        if (child := os.fork()) == 0:
            try:
                with (scratch / f"results{number}.jsonl").open("w", encoding="utf-8") as stream:
                    for trial in range(number, len(kinds), chosen.workers):
                        found = one_trial(scratch, base, trial, kinds[trial], chosen.seed, usual, expected)
                        stream.write(json.dumps(found) + "\n")
                        stream.flush()
                        line = "; ".join(found["wrong"]) or "ok"
                        print(f"{trial + 1:>4} {found['kind']:<18} {line[:400]}", file=sys.stderr, flush=True)
            finally:
                os._exit(0)
        workers.append(child)
    for child in workers:
        os.waitpid(child, 0)
    lines = [line for path in scratch.glob("results*.jsonl") for line in path.read_text(encoding="utf-8").splitlines()]
    return sorted(map(json.loads, lines), key=lambda found: found["trial"])


def one_trial(
    scratch: Path, base: Path, number: int, kind: str, seed: int, usual: float, expected: str
) -> dict[str, Any]:
    """Let one fault happen; return what it has left wrong."""
    folder = copied(base, scratch / f"trial{number}")
    trial = Trial(folder, random.Random(f"{seed} {number} {kind}"), usual, new_export(folder))
    wrong: list[str] = []
    try:
        FAULTS[kind](trial)
        allowed = WELL | CAUGHT.get(kind, set()) | ({-9} if kind == "stale lock" else set())
        wrong += [f"ended with {code}" for code in trial.codes if code not in allowed]
        wrong += [f"torn: {line}" for line in answer_of(lambda: torn(folder, (OLD, f"{OLD}.1")))]
        code = ended(start(arguments(folder, "refresh", "--wait", "60"), trial.log), 600)
        log = trial.log.read_text(encoding="utf-8", errors="replace") if trial.log.exists() else ""
        if kind == "races" and "latest.json does not name" in log:  # it was rolled back, which a refresh respects
            ended(start(arguments(folder, "rollback", f"{OLD}.1"), trial.log), 600)
        if code != 0:
            wrong.append(f"the next run ended with {code}: {' '.join(log.splitlines()[-2:])}")
        else:
            wrong += [f"lost: {line}" for line in answer_of(lambda: lost(folder, expected))]
        if "Traceback" in log:
            wrong.append("a traceback: " + log[log.rindex("Traceback") :].strip().splitlines()[-1])
    except Exception as error:
        wrong.append(f"the trial itself failed: {type(error).__name__}: {error}")
    finally:
        if os.path.ismount(folder):
            subprocess.run(["umount", str(folder)], check=False)
        if not wrong or number > 200:
            shutil.rmtree(folder, ignore_errors=True)
    facts = {"notes": trial.notes[:5], "codes": trial.codes}
    return {"trial": number, "kind": kind, "wrong": wrong, **facts, **({"log": log[-1500:]} if wrong else {})}


def report(results: list[dict[str, Any]]) -> int:
    """Print the counts by kind; return the exit code."""
    tried, failed = (Counter(r["kind"] for r in results if r["wrong"] or not only) for only in (False, True))
    print(f"{'fault':<20}{'tried':>7}{'failed':>8}")
    for kind in tried:
        print(f"{kind:<20}{tried[kind]:>7}{failed[kind]:>8}")
    torn_, lost_ = (sum(any(w.startswith(p) for w in r["wrong"]) for r in results) for p in ("torn:", "lost:"))
    print(f"{sum(tried.values())} trials, {sum(failed.values())} failed: {torn_} torn releases, {lost_} with lost rows")
    return 1 if any(failed.values()) else 0


if __name__ == "__main__":
    main()
