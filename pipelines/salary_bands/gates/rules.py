"""The rules of the gates: METHOD, gates. Pure: what a gate looks at in, a verdict out."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from salary_bands.settings import Settings

GATES = (
    "cells_moved",
    "pay_drift",
    "one_export",
    "volume",
    "residuals",
    "outliers",
    "level_order",
    "unknown_share",
)
ABOUT = {
    "cells_moved": "Many cells of one specialisation moved beyond their intervals since the last release.",
    "pay_drift": "Pay moved in the mean over all cells since the last release.",
    "one_export": "Several cells rest on one new export, or on what one source newly reports of one week.",
    "volume": "A source has ten times more or fewer rows than in the last release, or none any more.",
    "residuals": "A new export pays otherwise than its source's others, all else equal.",
    "outliers": "Much of a new export lies far outside what such people are paid.",
    "level_order": "A level is paid more than the one above it, in several cells.",
    "unknown_share": "Far more titles, employers, levels or places than in the last release are not known.",
}
UNKNOWNS = {"title": "titles", "employer": "employers", "level": "levels", "place": "places"}
_NAMED = 3  # cells, exports and sources that a message names


@dataclass(frozen=True)
class Verdict:
    """held: why the gate holds, one line; None where it does not. warning: what is worth a line all the same."""

    gate: str
    held: str | None = None
    warning: str | None = None

    def line(self) -> str:
        """The message of a gate that holds."""
        return f'{self.held}; accept with: salary-bands refresh ... --accept {self.gate} --reason "..."'


def comparable(cells: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Cells of `compared_cells` with enough effective reports in both releases."""
    enough = cells[["old_n_effective", "n_effective"]].min(axis=1) >= settings.gate_effective_n
    return cells[enough].reset_index(drop=True)


def once(cells: pd.DataFrame, *within: str) -> pd.DataFrame:
    """Cells with identical reports once: equal evidence, metric, sizes and figures."""
    return cells.drop_duplicates([*within, "evidence", "metric", "sizes", "pays"])


def cells_moved(cells: pd.DataFrame, since: str, exports: str, settings: Settings) -> Verdict:
    """cells: comparable ones; since: the release compared with; exports: what came and went, in words."""
    single = once(cells, "group_id")
    change = single["p50"] / single["old_p50"] - 1
    apart = (single["p50_low"] > single["old_p50_high"]) | (single["p50_high"] < single["old_p50_low"])
    moved = change.abs().gt(settings.gate_cell_move) & apart
    found = []
    for (group, metric, evidence), rows in single.groupby(["group_id", "metric", "evidence"]):
        count, whole = int(moved[rows.index].sum()), len(rows)
        if count >= settings.gate_cells and count > settings.gate_cells_share * whole:
            far = rows[moved[rows.index]]
            far = far.loc[change[far.index].abs().sort_values(ascending=False, kind="stable").index]
            line = (
                f"{group} {metric} ({evidence}): {count} of {whole} cells moved by over {settings.gate_cell_move:.0%}"
            )
            found.append((count, f"{line}: {named(_moves(far))}"))
    if not found:
        return Verdict("cells_moved")
    lines = [line for _, line in sorted(found, key=lambda f: -f[0])]
    return Verdict("cells_moved", f"since {since}, {named(lines, 'groups')}; {exports}")


def pay_drift(cells: pd.DataFrame, since: str, exports: str, settings: Settings) -> Verdict:
    """cells: comparable ones. The mean is weighted by effective reports."""
    single = once(cells)
    single = single.assign(moved=[abs(math.log(n / o)) for n, o in zip(single["p50"], single["old_p50"], strict=True)])
    found = []
    for (metric, evidence), rows in single.groupby(["metric", "evidence"]):
        drift = float(np.average(rows["moved"], weights=rows["n_effective"]))
        if drift > settings.gate_drift:
            far = rows.sort_values("moved", ascending=False, kind="stable")
            found.append(
                f"{metric} ({evidence}) moved by {drift:.1%} in the mean of {len(rows)} cells: {named(_moves(far))}"
            )
    return Verdict("pay_drift", f"since {since}, {'; '.join(found)}; {exports}" if found else None)


def one_export(moves: pd.DataFrame, cells: pd.DataFrame, settings: Settings) -> Verdict:
    """moves: kind, source, unit_name, reports, the cell's key, p50, without: P50 with and without a unit, unrounded.

    cells: those compared, once where their reports are identical. Some small cells move by chance: what counts is the
    share, of one group's cells as in `cells_moved`, or of all.
    """
    shift = (moves["without"] / moves["p50"] - 1).abs()
    far = moves[shift.gt(settings.gate_left_out_move)]
    found = []
    for (kind, source, name, metric, evidence), rows in far.groupby(
        ["kind", "source", "unit_name", "metric", "evidence"]
    ):
        compared = cells[cells["metric"].eq(str(metric)) & cells["evidence"].eq(str(evidence))]
        groups = rows.groupby("group_id").size()
        shares = groups / compared.groupby("group_id").size()[groups.index]
        much = len(rows) > settings.gate_left_out_cells_share * len(compared)
        concentrated = (groups.ge(settings.gate_cells) & shares.gt(settings.gate_cells_share)).any()
        if len(rows) >= settings.gate_cells and (much or concentrated):
            unit = name if kind == "export" else f"what {source} newly reports of {name}"
            rows = rows.loc[shift[rows.index].sort_values(ascending=False, kind="stable").index]
            named_cells = named([f"{_cell(r)} {r.without:,.0f} without, {r.p50:,.0f} with" for r in rows.itertuples()])
            whole = f"{len(rows)} of {len(compared)} cells of {metric} ({evidence})"
            line = f"without {unit}, {whole} move by over {settings.gate_left_out_move:.0%}: {named_cells}"
            found.append((len(rows), line))
    lines = [line for _, line in sorted(found, key=lambda f: -f[0])]
    return Verdict("one_export", named(lines, "exports or weeks") if lines else None)


def volume(sources: pd.DataFrame, since: str, files: dict[str, str], settings: Settings) -> Verdict:
    """sources: source, old_rows, new_rows; files: of each source, what lies there now, in words."""
    found = []
    for source, old, new in sources[["source", "old_rows", "new_rows"]].itertuples(index=False, name=None):
        small, large = sorted((old, new))
        changed = old > 0 and large >= settings.gate_volume_rows and large >= settings.gate_volume_factor * small
        if changed:
            now = f"{new:,}" if new else "none"
            found.append(f"source {source}: {old:,} rows in {since}, {now} now ({files.get(source, 'no export')})")
    return Verdict("volume", named(found, "sources") if found else None)


def residuals(exports: pd.DataFrame, settings: Settings) -> Verdict:
    """exports: file, source, metric, reports, others, difference in log pay, error: from `export_residuals`."""
    enough = exports["reports"].ge(settings.gate_export_reports) & exports["others"].ge(settings.min_reports)
    ratio = np.exp(exports["difference"].abs())
    judged = exports.assign(ratio=np.exp(exports["difference"]), errors=exports["difference"].abs() / exports["error"])
    off = ratio.gt(1 + settings.gate_residual) & judged["errors"].gt(settings.gate_residual_errors)
    found = [
        f"{e.file}: pays {e.ratio:.2f} times what {e.source}'s other reports do, all else equal "
        f"({e.metric}, {e.reports:,} reports, {e.errors:.1f} standard errors)"
        for e in judged[enough & off].itertuples()
    ]
    return Verdict("residuals", named(found, "exports") if found else None)


def outliers(exports: pd.DataFrame, settings: Settings) -> Verdict:
    """exports: file, reports, outliers of each new export."""
    share = exports["outliers"] / exports["reports"]
    much = exports["reports"].ge(settings.gate_export_reports) & share.gt(settings.gate_outlier_share)
    found = [
        f"{e.file}: {e.outliers:,} of {e.reports:,} reports are outliers, as where the unit of pay is wrong"
        for e in exports[much].itertuples()
    ]
    return Verdict("outliers", named(found, "exports") if found else None)


def level_order(pairs: pd.DataFrame, settings: Settings) -> Verdict:
    """pairs: of `level_pairs`; needs no release to compare with."""
    found = []
    for (metric, evidence), rows in once(pairs).groupby(["metric", "evidence"]):
        wrong = rows[rows["is_inverted"]]
        if len(wrong) >= settings.gate_cells and len(wrong) > settings.gate_order_share * len(rows):
            cells = [f"{_cell(r)} {r.p50:,} above {r.next_level} {r.next_p50:,}" for r in wrong.itertuples()]
            found.append(f"{metric} ({evidence}): {len(wrong)} of {len(rows)} pairs of levels: {named(cells)}")
    return Verdict("level_order", f"a level is paid more than the next: {'; '.join(found)}" if found else None)


def unknown_share(
    shares: dict[str, float], old: dict[str, float] | None, since: str, exports: str, settings: Settings
) -> Verdict:
    """shares: of reports in scope and window, stated and not known, by what; old: the same of the release."""
    much = {what: share for what, share in shares.items() if share > settings.gate_unknown_share}
    rose = {w: s for w, s in much.items() if old and s - old.get(w, s) >= settings.gate_unknown_rise}
    if rose and old:
        lines = [f"{UNKNOWNS[w]} of {s:.1%} of reports are not known, {old[w]:.1%} before" for w, s in rose.items()]
        return Verdict("unknown_share", f"since {since}, {'; '.join(lines)}; {exports}; see `salary-bands coverage`")
    lines = [f"{UNKNOWNS[w]} of {s:.1%}" for w, s in much.items()]
    warning = f"not known of the reports: {', '.join(lines)}; see `salary-bands coverage`"
    return Verdict("unknown_share", warning=warning if much else None)


def _moves(cells: pd.DataFrame) -> list[str]:
    return [f"{_cell(c)} {c.old_p50:,} to {c.p50:,}" for c in cells.itertuples()]


def _cell(row: object) -> str:
    """A cell of the view `leaf` as group/tier/level/market."""
    return "/".join(str(getattr(row, name)) for name in ("group_id", "tier", "level", "market"))


def named(lines: Sequence[str], what: str = "") -> str:
    """The first few, and how many more."""
    rest = len(lines) - _NAMED
    more = [f"{rest} more {what}".rstrip()] if rest > 0 else []
    return ("; " if what else ", ").join([*lines[:_NAMED], *more])


def exports_line(new: Iterable[str], gone: Iterable[str]) -> str:
    """What came and went between two releases, in words."""
    parts = [f"{what} {named(sorted(files))}" for what, files in (("new:", new), ("gone:", gone)) if files]
    return "; ".join(parts) or "the same exports"
