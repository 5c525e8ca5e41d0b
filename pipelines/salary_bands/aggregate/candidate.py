"""The candidate: the tables of a release before it is one, at WORK/candidate/."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from salary_bands import schemas
from salary_bands.aggregate.changes import add_changes
from salary_bands.aggregate.claims import asked_claims
from salary_bands.aggregate.correlation import binomial_ranks, employer_correlations
from salary_bands.aggregate.duplicates import matched
from salary_bands.aggregate.engine import (
    add_parts,
    add_table,
    add_view,
    in_memory,
    offending_rows,
    quoted,
    run_step,
    selected,
)
from salary_bands.aggregate.influence import influences
from salary_bands.aggregate.inputs import METRICS_OF, add_formats, add_inputs, add_markets, core_groups
from salary_bands.aggregate.model import Fit
from salary_bands.aggregate.multipliers import estimated_multipliers
from salary_bands.aggregate.plan import ExportState, Plan
from salary_bands.aggregate.pooling import KINDS, Pooling, pooled_cells, pooling_facts, poolings
from salary_bands.aggregate.premiums import MODEL_METRICS, estimated_premiums
from salary_bands.aggregate.restatement import Former
from salary_bands.aggregate.tooling import leaf_tools
from salary_bands.errors import RefreshError
from salary_bands.exports import format_named
from salary_bands.files import write_json
from salary_bands.parts import Parts, made_from, read_table, write_table
from salary_bands.publish.releases import Marts
from salary_bands.records import records
from salary_bands.reference import read_sql
from salary_bands.settings import Settings

CHECKS = (
    "assert_every_row_is_accounted_for",
    "assert_some_report_is_used",
    "assert_keys_are_unique",
    "assert_percentiles_ascend",
    "assert_evidence_is_not_mixed",
    "assert_suppressed_cells_show_nothing",
    "assert_shown_cells_may_be_disclosed",
    "assert_modelled_figures_are_whole",
    "assert_every_claim_is_judged",
    "assert_changes_add_up",
)


@dataclass(frozen=True)
class Candidate:
    """The candidate in a work folder. Every table carries the fingerprint of the plan that it was made from.

    name: its folder; `restated` is the release before as it reads today.
    """

    settings: Settings
    name: str = "candidate"

    @property
    def folder(self) -> Path:
        return self.settings.work / self.name

    def path(self, table: str) -> Path:
        return self.folder / f"{table}.parquet"

    def plan(self) -> Plan:
        """The plan that the candidate is made from; raises RefreshError where there is none."""
        try:
            return Plan.from_json(json.loads((self.folder / "plan.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            raise RefreshError("nothing was aggregated in this work folder yet; run `salary-bands refresh`") from None

    def start(self, plan: Plan) -> None:
        write_json(self.folder / "plan.json", plan.to_json())

    def window_reports(self) -> int:
        """Every accepted row with its disposition; the number of rows."""
        plan = self.plan()
        parts = Parts(self.settings.work)
        with self._connection(plan) as connection:
            add_table(connection, "exports", _exports(plan))
            add_parts(connection, "pay_reports", [parts.path("pay_reports", s.key) for s in plan.counted])
            add_view(connection, "reports")
            for step in ("ranges", "identified_reports", "dated_reports", "single_reports", "duplicate_pairs"):
                run_step(connection, step)
            add_table(connection, "matches", _matches(connection))
            for step in ("matched_duplicates", "scoped_reports", "log_pays", "fences", "fenced_reports"):
                run_step(connection, step)
            return self._write(connection, "window_reports", plan)

    def ledger(self) -> int:
        """Every row of every export by disposition and reason."""
        plan = self.plan()
        parts = Parts(self.settings.work)
        with self._connection(plan, "window_reports") as connection:
            add_table(connection, "export_files", _export_files(plan))
            add_parts(connection, "rejected_reports", [parts.path("rejected_reports", s.key) for s in plan.counted])
            return self._write(connection, "ledger", plan)

    def sources(self) -> int:
        """Where the reports come from."""
        plan = self.plan()
        with self._connection(plan, "window_reports") as connection:
            add_table(connection, "export_files", _export_files(plan))
            add_formats(connection)
            write_json(self.folder / "coverage.json", self._unknown_shares(connection, plan))
            return self._write(connection, "sources", plan)

    def bands(self) -> int:
        """Percentile bands, aggregated and suppressed in one step."""
        plan = self.plan()
        with self._connection(plan, "window_reports", "model_cells") as connection:
            add_view(connection, "used_reports")
            for step in ("profiles", "metric_reports", "cell_keys", "cells"):
                run_step(connection, step)
            add_markets(connection)
            for step in ("cell_evidence", "disclosed_cells", "cell_pay", "percentiles", "employer_shares"):
                run_step(connection, step)
            correlations = self._correlations(connection)
            add_table(connection, "correlations", correlations)
            for step in ("employer_pairs", "effective_sizes"):
                run_step(connection, step)
            add_table(connection, "ranks", binomial_ranks(_sizes(connection)))
            run_step(connection, "intervals")
            facts = self._pool(connection, _by_metric(correlations))
            write_json(self.folder / "employer_correlation.json", _by_metric(correlations))
            write_json(self.folder / "pooling.json", facts)
            add_table(connection, "influences", influences(connection))
            rows = self._write(connection, "bands", plan)
        with self._connection(plan, "bands") as connection:
            [direct] = records(connection.execute(read_sql("steps/fragile_cells")))
            write_json(self.folder / "influence.json", direct)
        return rows

    def model_cells(self) -> int:
        """What the model needs of the reports: sums by all that it knows of them."""
        plan = self.plan()
        with self._connection(plan, "window_reports") as connection:
            add_view(connection, "used_reports")
            run_step(connection, "model_reports")
            return self._write(connection, "model_cells", plan)

    def premiums(self) -> int:
        """What groups pay over baselines, all else equal."""
        plan = self.plan()
        cells = self._frame("model_cells")
        with self._connection(plan) as connection:
            estimated = estimated_premiums(cells, core_groups(), self.settings)
            add_table(connection, "estimated_premiums", estimated)
            return self._write(connection, "premiums", plan)

    def multipliers(self) -> int:
        """What each value of the model multiplies pay by, and how well multipliers stack."""
        plan = self.plan()
        as_of = date.fromisoformat(plan.as_of)
        cells = self._frame("model_cells")
        fits = _fits(cells)
        with self._connection(plan) as connection:
            add_table(connection, "estimated_multipliers", estimated_multipliers(fits, as_of, self.settings))
            rows = self._write(connection, "multipliers", plan)
        with self._connection(plan, "window_reports", "bands", "multipliers") as connection:
            write_json(self.folder / "model.json", _model_facts(connection, fits))
        return rows

    def cards(self) -> int:
        """What a specialisation card says of each group."""
        plan = self.plan()
        with self._connection(plan, "window_reports", "bands", "premiums") as connection:
            add_table(connection, "leaf_tools", leaf_tools())
            for step in ("demand_counts", "demand_shares", "demand_changes"):
                run_step(connection, step)
            return self._write(connection, "cards", plan)

    def claims(self) -> int:
        """What public pages claim, judged on this candidate."""
        plan = self.plan()
        with self._connection(plan, "window_reports", "bands", "premiums") as connection:
            add_table(connection, "asked_claims", asked_claims())
            for step in ("claim_ranges", "claim_cells", "claim_ranks"):
                run_step(connection, step)
            return self._write(connection, "claims", plan)

    def changes(self) -> int:
        """What moved since the release before, and why."""
        plan = self.plan()
        former = self.former()
        if former is None:
            return write_table(self.path("changes"), "changes", [schemas.empty("changes")], plan.fingerprint)
        restated = self.restated(former)
        with self._connection(plan, "window_reports", "bands") as connection:
            add_changes(connection, former, self.folder, restated.folder if restated else None)
            return self._write(connection, "changes", plan)

    def former(self) -> Former | None:
        """The release before, where it can be compared with."""
        return Former.of(self.plan(), Marts(self.settings.marts), self.settings)

    def restated(self, former: Former) -> "Candidate | None":
        """The release before as it reads today, None where no export of it is left.

        Its reports, and where it would read otherwise than it was published what the gates compare with, too.
        """
        if not former.kept:
            return None
        restated = Candidate(self.settings, "restated")
        plan = former.restated()
        tables = ("window_reports", *(("model_cells", "bands", "sources") if former.differs else ()))
        if any(made_from(restated.path(table)) != plan.fingerprint for table in tables):
            restated.start(plan)
            for table in tables:
                getattr(restated, table)()
        return restated

    def method_facts(self) -> dict[str, Any]:
        """What the manifest says of the method beside its settings: figures that the tables rest on."""
        names = ("employer_correlation", "influence", "model", "pooling", "coverage")
        return {name: json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8")) for name in names}

    def coverage(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """(shares of what is known per source, unmatched texts with what they cost)."""
        plan = self.plan()
        parts = Parts(self.settings.work)
        with self._connection(plan, "window_reports") as connection:
            add_table(connection, "exports", _exports(plan))
            add_parts(connection, "accepted_reports", [parts.path("accepted_reports", s.key) for s in plan.counted])
            shares, unmatched = (connection.execute(read_sql(f"coverage/{n}")).df() for n in ("shares", "unmatched"))
        return shares, unmatched

    def coverage_shares(self) -> dict[str, float]:
        """Of the reports in scope and window, those whose title, employer, level, place is stated and not known."""
        return dict(json.loads((self.folder / "coverage.json").read_text(encoding="utf-8")))

    def noted(self) -> list[dict[str, Any]]:
        """file, what, count: cells read as unknown because the format says so, and conversions that differ."""
        parts = Parts(self.settings.work)
        records = [(s.file, parts.record("accepted_reports", s.key) or {}) for s in self.plan().counted]
        return [
            {"file": file, "what": what, "count": count}
            for file, record in records
            for what, count in sorted(record.get("noted", {}).items())
        ]

    def check(self, name: str) -> pd.DataFrame:
        """The rows that offend a check of `sql/checks/`; none where it holds."""
        plan = self.plan()
        with self._connection(plan, *schemas.RELEASE_TABLES) as connection:
            add_table(connection, "export_files", _export_files(plan))
            add_table(connection, "asked_claims", asked_claims())
            return offending_rows(connection, name)

    def connection(self, *tables: str) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """A connection with the inputs of the plan and tables of the candidate."""
        return self._connection(self.plan(), *tables)

    def schema_faults(self) -> list[str]:
        """What is wrong with the tables as files: missing, of another plan, or breaking their contract."""
        plan = self.plan()
        faults = []
        for table in (*schemas.CANDIDATE_TABLES, *schemas.RELEASE_TABLES):
            if made_from(self.path(table)) != plan.fingerprint:
                faults.append(f"{table} is missing or was made from other inputs; refresh again")
                continue
            try:
                for chunk in read_table(self.path(table), table):
                    schemas.validated(chunk, table)
            except (schemas.SchemaBroken, ValueError) as broken:
                faults.append(str(broken))
        return faults

    def _pool(self, connection: duckdb.DuckDBPyConnection, correlations: dict[str, dict[str, float]]) -> dict[str, Any]:
        """Make the table `pooled_cells`; what the manifest says of it."""
        for step in ("thin_cells", "thin_mixes", "shape_cells"):
            run_step(connection, step)
        thin, mixes, shapes = (
            connection.execute(f"SELECT * FROM {name} ORDER BY ALL").df()
            for name in ("thin_cells", "thin_mixes", "shape_cells")
        )
        fits = _fits(self._frame("model_cells"))
        found: dict[tuple[str, str], Pooling] = {}
        for metric, fit in fits.items():
            alike = shapes[shapes["metric"].eq(metric)]
            pools = poolings(fit, alike, correlations[metric]["p50"], self.settings)
            found |= {(metric, kind): pool for kind, pool in pools.items()}
        add_table(connection, "pooled_cells", pooled_cells(thin, mixes, fits, found))
        return {m: {k: pooling_facts(found.get((m, k))) for k in KINDS} for m in MODEL_METRICS}

    def _frame(self, table: str) -> pd.DataFrame:
        return pd.concat([schemas.empty(table), *read_table(self.path(table), table)], ignore_index=True)

    def _unknown_shares(self, connection: duckdb.DuckDBPyConnection, plan: Plan) -> dict[str, float]:
        add_table(connection, "exports", _exports(plan))
        parts = Parts(self.settings.work)
        add_parts(connection, "accepted_reports", [parts.path("accepted_reports", s.key) for s in plan.counted])
        [counts] = connection.execute(read_sql("coverage/unknown_shares")).df().to_dict("records")
        reports = counts.pop("reports")
        return {str(what): round(int(count) / reports, 4) if reports else 0.0 for what, count in counts.items()}

    def _correlations(self, connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
        shares = connection.execute("SELECT * FROM employer_shares").df()
        metrics = sorted({m for names in METRICS_OF.values() for m in names})
        return employer_correlations(shares, metrics, self.settings)

    def _write(self, connection: duckdb.DuckDBPyConnection, table: str, plan: Plan) -> int:
        return write_table(self.path(table), table, selected(connection, table), plan.fingerprint)

    @contextmanager
    def _connection(self, plan: Plan, *tables: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection with the inputs of the plan and candidate tables, which must be of this plan."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with in_memory(self.folder / "spill") as connection:
            add_inputs(connection, self.settings, date.fromisoformat(plan.as_of), plan.version, plan.method_version)
            for table in tables:
                if made_from(self.path(table)) != plan.fingerprint:
                    raise RefreshError(f"{table} is of another refresh; materialise it again")
                path = quoted(str(self.path(table)))
                connection.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet({path})")
            yield connection


def _exports(plan: Plan) -> pd.DataFrame:
    newest = plan.newest_snapshots
    rows = []
    for s in plan.counted:
        fmt = format_named(s.format)
        rows.append((s.key, s.source, s.file, s.sha256, s.format, fmt.delivery, fmt.repeats, s.key in newest))
    columns = ["export_key", "source", "file", "export_sha256", "format", "delivery", "repeats", "is_newest"]
    frame = pd.DataFrame(rows, columns=columns)
    exported = [date.fromisoformat(s.exported_on or plan.as_of) for s in plan.counted]
    return frame.assign(exported_on=exported, export_number=range(len(frame)))


def _export_files(plan: Plan) -> pd.DataFrame:
    def row(s: ExportState) -> tuple[object, ...]:
        return s.key, s.source, s.file, s.sha256, s.format, s.counted, s.held_reason, s.rows

    columns = [
        "export_key",
        "source",
        "file",
        "export_sha256",
        "format",
        "counted",
        "held_reason",
        "export_rows",
    ]
    frame = pd.DataFrame([row(s) for s in plan.files], columns=columns)
    return frame.astype({"held_reason": "str"})


def _matches(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """person, export_number, row of the reports that several sources have."""
    groups = matched(connection.execute("SELECT * FROM duplicate_pairs").df())
    members = [(person, export, row) for person, group in enumerate(groups) for export, row in sorted(group)]
    return pd.DataFrame(members, columns=["person", "export_number", "row"]).astype("int64")


def _sizes(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """The distinct whole effective sizes that intervals are wanted for."""
    return connection.execute("SELECT DISTINCT whole AS reports, percentile FROM effective_sizes ORDER BY ALL").df()


def _fits(cells: pd.DataFrame) -> dict[str, Fit]:
    """The full fit of each metric that has reports in the model."""
    return {str(metric): Fit(part) for metric, part in cells.groupby("metric")}


def _model_facts(connection: duckdb.DuckDBPyConnection, fits: dict[str, Fit]) -> dict[str, Any]:
    """Of each metric: reports in the model and their share, columns that left, the residuals, how well it stacks."""
    add_view(connection, "used_reports")
    stacking = {row.pop("metric"): row for row in records(connection.execute(read_sql("steps/stacking")))}
    possible = dict(connection.execute(read_sql("steps/model_candidates")).fetchall())
    facts: dict[str, Any] = {}
    for metric in MODEL_METRICS:
        fit = fits.get(metric)
        n = int(fit.n.sum()) if fit else 0
        facts[metric] = {
            "n_model": n,
            "share_of_reports": round(n / possible[metric], 4) if possible[metric] else None,
            "left_out": fit.left_out if fit else [],
            "residual_sd": fit.residual_sd() if fit else None,
            "stacking": stacking.get(metric),
        }
    return facts


def _by_metric(correlations: pd.DataFrame) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for metric, percentile, value in correlations.itertuples(index=False, name=None):
        found.setdefault(metric, {})[f"p{percentile}"] = value / 1_000_000
    return found
