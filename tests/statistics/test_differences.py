"""What can be told from noise between two releases: against a slow function, and in worlds where the truth is known.

The worlds are of arrays, a cell of some reports over thirteen months each: two releases see the first twelve months and
the last twelve. Medians, intervals and effective sizes are computed here the plain way, and the pipeline's own variance
and SQL judge them.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, norm, t

from salary_bands.statistics.cells import NOBODY
from salary_bands.statistics.differences import PairedReports, share_differences
from salary_bands.storage.duck import add_table, in_memory, run_step
from tests.oracle.differences import FACTOR, slow

KEY = ("view", "group_id", "evidence", "tier", "level", "market", "metric")


def paired(rows: pd.DataFrame) -> PairedReports:
    rows = rows.sort_values("employer", kind="stable")
    pay, now, then = (rows[name].to_numpy(np.int64) for name in ("pay", "now", "then"))
    profile, employer = (rows[name].to_numpy(np.int32) for name in ("cell", "employer"))
    return PairedReports(profile, pay, now, then, employer, rows["cluster"].to_numpy(bool))


def test_the_variance_is_that_of_the_slow_function() -> None:
    rng = np.random.default_rng(1)
    count, cells = 600, 12
    rows = pd.DataFrame({
        "cell": rng.integers(-1, cells, count), "pay": 1000 * rng.integers(100, 130, count),
        "now": rng.integers(0, 1_000_000, count) * (rng.random(count) < 0.9),
        "then": rng.integers(0, 1_000_000, count) * (rng.random(count) < 0.9),
        "employer": rng.integers(-1, 9, count),
    })  # fmt: skip
    rows["cluster"] = rows["employer"] % 2 == 1
    rows.loc[rows["cell"] == 3, "employer"] = NOBODY
    of_profile = np.arange(-1, cells, dtype=np.int32)  # profile 0 is in no cell
    medians = 1000 * rng.integers(110, 120, (cells, 2))
    found = share_differences(paired(rows.assign(cell=rows["cell"] + 1)), of_profile, medians, 0.1, FACTOR)
    for cell in range(cells):
        own = rows[rows["cell"] == cell]
        listed = [
            (int(p), int(w), int(v), None if e == NOBODY else int(e), bool(k))
            for p, w, v, e, k in own[["pay", "now", "then", "employer", "cluster"]].itertuples(index=False)
        ]
        assert [of[cell] for of in found[:2]] == pytest.approx(
            slow(listed, (int(medians[cell, 0]), int(medians[cell, 1])), 0.1), rel=1e-9, abs=1e-12
        )


def test_what_is_common_to_both_releases_cancels() -> None:
    rows = pd.DataFrame({"cell": 0, "pay": range(100), "now": 500, "then": 700, "employer": 1, "cluster": True})
    cells, medians = np.zeros(1, np.int32), np.array([[50, 50]])
    found = share_differences(paired(rows), cells, medians, 0.2, FACTOR)
    assert np.ravel(found) == pytest.approx([0, 0, 0], abs=1e-12)
    apart = pd.concat([rows.assign(then=0, employer=2), rows.assign(now=0)])
    [one] = share_differences(paired(apart), cells, medians, 0.2, FACTOR)[1]
    assert one == pytest.approx((1 / 4) * (2 / 100 + 0.2 * 2 * (1 - 1 / 100)), rel=1e-9)


# worlds in which the truth is known ----------------------------------------------------------------------------------

MONTHS, ICC, SPREAD, CORRELATION = 13, 0.2, 0.3, 0.12
WEIGHTS = (2.0 ** (-np.arange(MONTHS)[::-1] / 6) * 1_000_000).astype(np.int64)


def world(rng: np.random.Generator, cells: int, sizes: tuple[float, float], moved: dict[int, float]) -> pd.DataFrame:
    """Reports of cells; moved: by what factor the pay of the last month differs in some of them."""
    parts = []
    for cell in range(cells):
        count = int(np.exp(rng.uniform(*np.log(sizes))))
        employers = rng.choice(count // 8 + 3, count, p=rng.dirichlet(np.full(count // 8 + 3, 0.7)))
        effects = rng.normal(0, SPREAD * ICC**0.5, count // 8 + 3)
        log_pay = effects[employers] + rng.normal(0, SPREAD * (1 - ICC) ** 0.5, count)
        month = rng.integers(0, MONTHS, count)
        pay = 150_000 * np.exp(log_pay) * np.where(month == MONTHS - 1, moved.get(cell, 1.0), 1.0)
        parts.append(pd.DataFrame({"cell": cell, "pay": np.round(pay, -3).astype(int), "month": month,
                                   "employer": employers}))  # fmt: skip
    found = pd.concat(parts, ignore_index=True)
    found["now"] = np.where(found["month"] > 0, WEIGHTS[found["month"]], 0)
    found["then"] = np.append(WEIGHTS[1:], 0)[found["month"]]
    return found.assign(cluster=True)


def figures(pay: np.ndarray, weight: np.ndarray, employer: np.ndarray) -> tuple[float, ...] | None:
    """A median with its interval and effective size, the plain way; None if there is no interval."""
    used = weight > 0
    pay, weight, employer = (of[used] for of in (pay, weight.astype(float), employer))
    order = np.argsort(pay, kind="stable")
    pay, weight, employer = pay[order], weight[order], employer[order]
    total, squared, to = weight.sum(), (weight**2).sum(), weight.cumsum()
    share = (to - weight / 2) / total
    middle = np.interp(0.5, share, pay)
    products = (np.bincount(employer, weight) ** 2).sum() - squared
    scores = weight * np.sign(middle - pay)
    seen = (np.bincount(employer, scores) ** 2).sum() - (scores**2).sum()
    effective = total**2 / (squared + max(CORRELATION * products, seen, 0))
    whole = int(effective)
    if whole < 9:
        return None
    rank = int(binom.ppf(0.025, whole, 0.5))
    low, high = (
        pay[min(np.searchsorted(to, (r - 0.5) / whole * total), len(pay) - 1)] for r in (rank, whole + 1 - rank)
    )
    rounded = [500 * np.floor(x / 500 + 0.5) for x in (middle, low, high)]
    return (*rounded, effective) if rounded[1] < rounded[2] else None


def judged(reports: pd.DataFrame, variance_scale: float = 1.0) -> pd.DataFrame:
    """Judge the cells of a world by the pipeline's variance and SQL; variance_scale: what a mutant does to it."""
    cells = int(reports["cell"].max()) + 1
    rows = []
    for cell, own in reports.groupby("cell"):
        pay, employer = own["pay"].to_numpy(), own["employer"].to_numpy()
        now, then = (figures(pay, own[name].to_numpy(), employer) for name in ("now", "then"))
        if now and then:
            rows.append((cell, *now, *then))
    names = ["cell", *(f"{kind}_{n}" for kind in ("new", "then") for n in ("p50", "low", "high", "effective"))]
    found = pd.DataFrame(rows, columns=names).set_index("cell")
    medians = found[["new_p50", "then_p50"]].reindex(range(cells)).fillna(0).to_numpy(np.int64)
    of_profile = np.arange(cells, dtype=np.int32)
    shares, spread, moved = share_differences(paired(reports), of_profile, medians, CORRELATION, FACTOR)
    bands = pd.DataFrame({"group_id": found.index.astype(str), "p50": found["new_p50"].to_numpy(), "basis": "direct"})
    bands = bands.assign(view="leaf", evidence="advertised", tier="all", level="all", market="US", metric="base")
    former = bands.assign(p50=found["then_p50"].to_numpy())
    changed = bands.assign(
        cell=found.index, change="changed", new=found["new_p50"].to_numpy(), restated=found["then_p50"].to_numpy(),
        new_width=(found["new_high"] - found["new_low"]).to_numpy(), new_effective=found["new_effective"].to_numpy(),
        restated_width=(found["then_high"] - found["then_low"]).to_numpy(),
        restated_effective=found["then_effective"].to_numpy(), is_direct_in_both=True,
    )  # fmt: skip
    changed = changed[changed["new"].ne(changed["restated"])]
    with in_memory() as connection:
        add_table(connection, "bands", bands)
        add_table(connection, "former_bands", former)
        add_table(connection, "changed_numbers", changed)
        frame = pd.DataFrame({"cell": found.index, "share_difference": shares[found.index]})
        frame["moved_variance"] = moved[found.index]
        add_table(connection, "share_differences", frame.assign(variance=spread[found.index] * variance_scale))
        run_step(connection, "changes/measured_changes")
        run_step(connection, "changes/distinguished_cells")
        verdicts = connection.execute("SELECT * FROM distinguished_cells").df()
    return verdicts.assign(cell=verdicts["group_id"].astype(int)).set_index("cell").assign(tested=len(found))


def test_in_releases_of_noise_alone_a_move_is_seldom_told() -> None:
    """Of 20 releases of 50 cells each, 1 would name a move if the rate of 5 % held to the letter."""
    rng = np.random.default_rng(11)
    found = [judged(world(rng, 50, (25, 300), {})) for _ in range(20)]
    named = sum(bool(verdicts["distinguishable"].any()) for verdicts in found)
    assert named <= 2
    covered = [(v["difference_low"].le(0) & v["difference_high"].ge(0)).mean() for v in found if len(v)]
    assert 0.93 <= np.mean(covered) <= 0.995
    assert sum(len(v) for v in found) > 350
    # a mutant that takes the releases to agree more than they do names noise as news
    rng = np.random.default_rng(11)
    mutants = [judged(world(rng, 50, (25, 300), {}), 0.1) for _ in range(5)]
    assert sum(bool(v["distinguishable"].any()) for v in mutants) >= 3


def test_true_moves_are_found_and_few_of_those_named_are_noise() -> None:
    """In a fifth of the cells the reports of the last month are of another pay, so that their medians move."""
    rng = np.random.default_rng(5)
    moved = dict.fromkeys(range(0, 100, 5), 2.0)
    true, false = 0, 0
    for _ in range(3):
        verdicts = judged(world(rng, 100, (200, 1200), moved))
        named = verdicts.index[verdicts["distinguishable"]]
        true += sum(cell in moved for cell in named)
        false += sum(cell not in moved for cell in named)
    assert true >= 30 and false <= 0.1 * (true + false)


def test_a_true_move_of_20_percent_of_all_pay_is_found() -> None:
    """Two releases of different people, the later paid 20 % more: found in most cells of 300 reports."""
    rng = np.random.default_rng(6)
    reports = world(rng, 40, (300, 301), {})
    later = reports["month"] % 2 == 1
    weight = WEIGHTS[-1]
    reports = reports.assign(now=np.where(later, weight, 0), then=np.where(later, 0, weight))
    same = judged(reports)
    assert same["distinguishable"].mean() <= 0.05
    more = judged(reports.assign(pay=np.where(later, np.round(reports["pay"] * 1.2, -3), reports["pay"]).astype(int)))
    assert more["distinguishable"].mean() >= 0.8
    assert (more["difference_low"].gt(0) & more["distinguishable"]).sum() == more["distinguishable"].sum()


@pytest.mark.parametrize("df", [4, 6, 15, 60, 400])
def test_student_s_t_in_sql(df: int) -> None:
    with in_memory() as connection:
        [(quantile, *tails)] = connection.execute(
            "SELECT t_quantile(1.959963984540054, $df), two_sided_p(normal_of_t(1.0, $df)), "
            "two_sided_p(normal_of_t(-3.0, $df)), two_sided_p(normal_of_t(6.0, $df))",
            {"df": df},
        ).fetchall()
    assert quantile == pytest.approx(t.ppf(norm.cdf(1.959963984540054), df), rel=0.006)
    for value, tail in zip((1, 3, 6), tails, strict=True):
        assert 0.995 <= tail / (2 * t.sf(value, df)) <= 1.1


def test_the_false_discovery_rate_is_over_all_cells_that_both_releases_show() -> None:
    """Benjamini and Hochberg's own example, and the same with as many cells again that did not move."""
    p = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278,
        0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0,
    ]  # fmt: skip
    for unmoved, expected in ((0, 4), (30, 3)):
        cells = pd.DataFrame(dict.fromkeys(KEY, "x"), index=range(len(p) + unmoved))
        cells = cells.assign(group_id=[str(n) for n in range(len(cells))], basis="direct")
        measured = cells.head(len(p)).assign(
            difference=norm.isf(np.array(p) / 2) * 1000, error=1000.0, share_deviate=np.nan, df=1e6
        )  # so many degrees of freedom that t is normal
        with in_memory() as connection:
            for name in ("bands", "former_bands"):
                add_table(connection, name, cells)
            add_table(connection, "measured_changes", measured)
            connection.execute("UPDATE measured_changes SET share_deviate = NULL")
            run_step(connection, "changes/distinguished_cells")
            assert connection.execute("SELECT count(*) FROM distinguished_cells WHERE distinguishable").fetchall() == [
                (expected,)
            ]


def test_no_interval_no_verdict() -> None:
    cells = pd.DataFrame({name: ["x"] for name in KEY}).assign(basis="direct")
    with in_memory() as connection:
        for name in ("bands", "former_bands"):
            add_table(connection, name, cells)
        add_table(
            connection,
            "measured_changes",
            cells.assign(difference=5000.0, error=np.nan, share_deviate=np.nan, df=np.nan),
        )
        connection.execute("UPDATE measured_changes SET error = NULL, df = NULL")
        run_step(connection, "changes/distinguished_cells")
        assert connection.execute("SELECT count(*) FROM distinguished_cells").fetchall() == [(0,)]
