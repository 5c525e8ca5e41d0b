"""Compare a candidate with an earlier release, and ask each gate for its verdict."""

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from salary_bands import schemas
from salary_bands.aggregate.former import previous_release
from salary_bands.aggregate.plan import ExportState, Plan
from salary_bands.aggregate.recognised import part_keys, recognised
from salary_bands.aggregate.registry import restate
from salary_bands.aggregate.workspace import Workspace
from salary_bands.gates import rules
from salary_bands.gates.rules import Verdict
from salary_bands.releases.manifest import Input, Manifest
from salary_bands.releases.marts import Marts
from salary_bands.releases.pointers import newest_first
from salary_bands.settings import Settings
from salary_bands.statistics.residuals import export_residuals
from salary_bands.storage.duck import add_parts, add_table, add_view, quoted, run_step
from salary_bands.storage.parts import Parts
from salary_bands.storage.sql import read_sql


@dataclass(frozen=True)
class Reference:
    """The release that a candidate is compared with.

    bands: its bands under the candidate's method. note: how they were made, empty if as published.
    """

    manifest: Manifest
    folder: Path
    bands: Path
    note: str = ""

    @property
    def version(self) -> str:
        return f"{self.manifest.version}{self.note}"


def reference_of(candidate: Workspace, marts: Marts) -> Reference | None:
    """Return the previous release, recomputed if the method changed, else the newest one of the same method."""
    former = previous_release(candidate)
    if former and former.method_changed and former.kept:
        restate(candidate)
        again = candidate.restated
        method = former.manifest.method.model_copy(update={"coverage": again.facts("coverage")})
        manifest = former.manifest.model_copy(update={"method": method})
        return Reference(manifest, former.folder, again.path("bands"), " as recomputed under this method")
    return reference_release(marts, candidate.plan())


def reference_release(marts: Marts, plan: Plan) -> Reference | None:
    """Return the newest available release under the plan's method whose as_of is not later.

    Releases of synthetic and of real data are not compared.
    """
    for entry in newest_first(r for r in marts.releases() if r.is_available and r.as_of <= plan.as_of):
        manifest, folder = marts.manifest(entry.version), marts.release(entry.version)
        same_method = manifest.method_version == plan.method_version
        if same_method and manifest.contains_synthetic == plan.contains_synthetic:
            return Reference(manifest, folder, folder / "bands.parquet")
    return None


def judged(candidate: Workspace, marts: Marts) -> list[Verdict]:
    """Return the verdict of every gate, in their order.

    If there is no release to compare with, only level_order and unknown_share are judged.
    """
    plan, settings = candidate.plan(), candidate.settings
    reference = reference_of(candidate, marts)
    shares = candidate.facts("coverage")
    with candidate.connection("window_reports", "bands", "full_ledger") as connection:
        levels = rules.level_order(_found(connection, "level_pairs"), settings)
        if reference is None:
            alone = {levels.gate: levels, "unknown_share": rules.unknown_share(shares, None, "", "", settings)}
            return [alone.get(gate, Verdict(gate)) for gate in rules.GATES]
        connection.execute(f"CREATE VIEW reference_bands AS SELECT * FROM read_parquet({quoted(str(reference.bands))})")
        add_table(connection, "reference_rows", _accepted_rows(reference))
        since, exports = reference.version, _exports_line(plan, reference)
        cells = rules.comparable(_found(connection, "compared_cells"), settings)
        _add_new_reports(connection, candidate, plan, reference)
        add_view(connection, "window_reports/counted_reports")
        add_view(connection, "window_reports/used_reports")
        verdicts = [
            rules.cells_moved(cells, since, exports, settings),
            rules.pay_drift(cells, since, exports, settings),
            rules.one_export(_left_out(connection, rules.once(cells), settings), rules.once(cells), settings),
            rules.volume(_found(connection, "source_rows"), since, _files_of_sources(plan), settings),
            rules.residuals(_residuals(connection), settings),
            rules.outliers(_found(connection, "outlier_shares"), settings),
            levels,
            rules.unknown_share(shares, reference.manifest.method.coverage, since, exports, settings),
        ]
    assert [v.gate for v in verdicts] == list(rules.GATES)
    return verdicts


def _found(connection: duckdb.DuckDBPyConnection, name: str) -> pd.DataFrame:
    """Run `sql/gates/<name>.sql`."""
    return connection.execute(read_sql(f"gates/{name}")).df()


def _accepted_rows(reference: Reference) -> pd.DataFrame:
    """source, rows: the accepted rows of the reference, which before schema 2.0.0 are in its ledger."""
    stated = reference.manifest.method.accepted_rows
    if stated is not None:
        return pd.DataFrame(list(stated.items()), columns=["source", "rows"]).astype({"source": "str", "rows": "int64"})
    ledger = pd.read_parquet(reference.folder / "ledger.parquet", columns=["source", "disposition", "reason", "rows"])
    others = ledger["disposition"].isin(("held", "rejected", "superseded")) | ledger["reason"].eq("same_bytes")
    return ledger.loc[~others, ["source", "rows"]]


def _make(connection: duckdb.DuckDBPyConnection, *names: str) -> None:
    for name in names:
        connection.execute(f"CREATE OR REPLACE TABLE {name} AS {read_sql(f'gates/{name}')}")


def _add_new_reports(
    connection: duckdb.DuckDBPyConnection, candidate: Workspace, plan: Plan, reference: Reference
) -> None:
    """Make the table new_reports: rows of exports that are new since the reference, and new in themselves."""
    states, gone = _new_and_gone(plan, reference.manifest)
    new = [(s.sha256, s.source) for s in states]
    add_table(connection, "new_exports", _texts(new, "export_sha256", "source"))
    parts = Parts(candidate.settings.work)
    replaced = [i for i in gone if i.source in {source for _, source in new}]
    keys = part_keys(parts, "pay_reports", plan, reference.manifest, candidate.secret()) if replaced else {}
    former = [(keys[i.export], i.source) for i in replaced if i.export in keys]
    add_table(connection, "former_exports", _texts(former, "export_key", "source"))
    if former:
        add_parts(connection, "former_reports", [parts.path("pay_reports", key) for key, _ in former])
    else:
        add_table(connection, "former_reports", schemas.empty("pay_reports").assign(export_key=""))
    connection.execute(f"CREATE OR REPLACE VIEW known_rows AS {read_sql('gates/known_rows')}")
    _make(connection, "new_reports")


def _texts(rows: list[tuple[str, str]], *columns: str) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns), dtype="str")


def _left_out(connection: duckdb.DuckDBPyConnection, cells: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Compute P50 of the cells with and without each new export, and each week of a source's new reports."""
    if _nothing(connection, "new_reports") or cells.empty:
        return pd.DataFrame(columns=["kind", "source", "unit_name", "metric", "evidence", "p50", "without"])
    keys = ["evidence", "metric", "group_id", "tier", "level", "market"]
    compared = cells[keys].reset_index(drop=True).assign(cell=range(1, len(cells) + 1))
    add_table(connection, "compared", compared)
    thresholds = {"left_out_move": settings.gate_left_out_move, "left_out_share": settings.gate_left_out_share}
    add_table(connection, "gate", pd.DataFrame([thresholds]))
    run_step(connection, "cell_figures/profiles")
    _make(
        connection,
        "units",
        "cell_profiles",
        "paid_reports",
        "unit_pays",
        "unit_cells",
        "compared_pays",
        "left_out_cells",
    )
    medians = _found(connection, "left_out_medians")
    whole = medians[medians["unit"].eq(0)].set_index("cell")["p50"]
    without = medians[medians["unit"].ne(0)].rename(columns={"p50": "without"})
    units = connection.execute("SELECT * FROM units").df()
    moves = without.merge(units, on="unit").merge(compared, on="cell")
    return moves.assign(p50=moves["cell"].map(whole))


def _residuals(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    if _nothing(connection, "new_reports"):
        return export_residuals(pd.DataFrame(columns=["metric"]))
    run_step(connection, "model_cells/model_reports")
    _make(connection, "former_model_reports")
    return export_residuals(_found(connection, "modelled_exports"))


def _nothing(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    return not connection.table(table).limit(1).fetchall()


def _exports_line(plan: Plan, reference: Reference) -> str:
    new, gone = _new_and_gone(plan, reference.manifest)
    return rules.exports_line([s.file for s in new], [i.name for i in gone])


def _new_and_gone(plan: Plan, manifest: Manifest) -> tuple[list[ExportState], list[Input]]:
    """Return the exports of the plan that a release lacks, and those of the release that the plan lacks."""
    known = recognised(plan, manifest)
    files = {state.file for state in known.values()}
    new = [state for state in plan.counted if state.file not in files]
    return new, [i for i in manifest.inputs if i.export not in known]


def _files_of_sources(plan: Plan) -> dict[str, str]:
    """Describe the exports of each source."""
    found: dict[str, list[ExportState]] = {}
    for state in plan.files:
        found.setdefault(state.source, []).append(state)
    return {source: rules.named([_state(s) for s in states]) for source, states in found.items()}


def _state(state: ExportState) -> str:
    return f"{state.file} held: {state.held_reason}" if state.held_reason else f"{state.file} {state.rows:,} rows"
