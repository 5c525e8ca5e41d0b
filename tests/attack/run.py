"""Which worlds are attacked, in which order, and where the results go."""

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any

import pandas as pd

from tests.attack import judge, report
from tests.attack.filling import filled
from tests.attack.modelled import moves
from tests.attack.months import monthly
from tests.attack.premiums import premium_tries
from tests.attack.siblings import differences
from tests.attack.worlds import SIZES, Try, chain

IN_A_CHAIN = 15  # persons who report one after the other
Job = tuple[str, str, int, int]  # attack, size, number, persons


@dataclass(frozen=True)
class Found:
    """Results of `judge.judged` by attack; bounds, moves: of single releases and of the model."""

    attacks: dict[str, pd.DataFrame]
    bounds: pd.DataFrame
    moves: pd.DataFrame


def jobs(people: int) -> list[Job]:
    """The jobs for that many people one report apart, a third of them in each size of world; the rest with them."""
    chains = max(1, round(people / IN_A_CHAIN / len(SIZES)))
    few = max(1, chains // 4)
    each = min(IN_A_CHAIN, max(2, people // len(SIZES)))
    found: list[Job] = []
    for place, size in enumerate(SIZES):
        found += [("chain", size, 100 * place + n, each) for n in range(chains)]
        found += [("filled", size, 100 * place + n, each) for n in range(few)]
        found += [("differences", size, 100 * place + n, 2 * each) for n in range(few)]
    found += [("premiums", "large", n, max(1, each // 3)) for n in range(3 * few)]  # few amounts move in each
    found += [("monthly", "thin", n, each) for n in range(few)]
    found += [("moves", "usual", n, each) for n in range(few)]
    return found


def attacked(pool: Pool, people: int, work: Path, say: Callable[[str], None]) -> Found:
    """Run all jobs; what an earlier run left in `work` is not done again."""
    work.mkdir(parents=True, exist_ok=True)
    done: dict[str, list[Any]] = {}
    todo = [(job, work) for job in jobs(people)]
    for count, (kind, result) in enumerate(pool.imap_unordered(_done, todo), 1):
        done.setdefault(kind, []).append(result)
        say(f"{count} of {len(todo)} jobs")
    return found(done)


def found(done: dict[str, list[Any]]) -> Found:
    """Judge what the jobs collected."""
    one, own, month = (_joined(done[kind]) for kind in ("chain", "filled", "monthly"))
    pairs, sums, bounds = zip(*done["differences"], strict=True)
    attacks = {
        "one": judge.judged(one, judge.ONE),
        "open": judge.judged(one, judge.ONE, opened=True),
        "filled": judge.judged(own, judge.FILLED, filled=True),
        "months": judge.judged(month, judge.MONTHS),
        "premiums": judge.judged_premiums([one for part in done["premiums"] for one in part]),
        "pairs": judge.judged(_joined(list(pairs)), judge.SINGLE),
        "sums": judge.judged(_joined(list(sums)), judge.SUMS),
    }
    return Found(attacks, pd.concat(bounds, ignore_index=True), pd.concat(done["moves"], ignore_index=True))


def _joined(parts: list[list[Try]]) -> list[Try]:
    return [one for part in parts for one in part]


def _done(task: tuple[Job, Path]) -> tuple[str, Any]:
    """The result of a job, out of its file if it was done before."""
    (kind, size, number, persons), work = task
    path = work / f"{kind}-{size}-{number}-{persons}-{report.settings_digest()}.pickle"
    if not path.is_file():
        result = {
            "chain": lambda: chain(size, number, persons),
            "filled": lambda: filled(size, number, persons),
            "differences": lambda: differences(size, number, persons),
            "monthly": lambda: monthly(size, number, persons, persons),
            "premiums": lambda: premium_tries(size, number, persons),
            "moves": lambda: moves(size, number, persons),
        }[kind]()
        aside = path.with_suffix(".aside")
        aside.write_bytes(pickle.dumps(result))
        aside.replace(path)
    return kind, pickle.loads(path.read_bytes())


def write(found_: Found, page: Path) -> None:
    """Put the results into the page."""
    text = page.read_text(encoding="utf-8")
    page.write_text(
        report.inserted(text, report.section(found_.attacks, found_.bounds, found_.moves)), encoding="utf-8"
    )
