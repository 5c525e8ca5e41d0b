"""Assets of a release: the tables of the candidate, the checks that it must pass, and its publication."""

from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pyarrow.parquet as pq

from salary_bands.aggregate.checks import CHECKS, checked, contract_faults
from salary_bands.aggregate.coverage import too_little_known
from salary_bands.aggregate.plan import plan_release
from salary_bands.aggregate.registry import RECIPES, make, restate_reports
from salary_bands.aggregate.workspace import Workspace
from salary_bands.distribute.mirror import mirror_published
from salary_bands.errors import RefreshError
from salary_bands.gates.accept import CONTRACT, Accepted, Checked
from salary_bands.gates.advice import first_rows, what_to_do
from salary_bands.gates.judge import judged
from salary_bands.gates.rules import ABOUT
from salary_bands.orchestration.resources import Pipeline
from salary_bands.publish.pointers import sign_pointers
from salary_bands.publish.publication import already_published, publish, repair
from salary_bands.refresh.status import HELD, Notes, held_line, noted
from salary_bands.schemas import EXPORT_TABLES, RELEASE_TABLES, TABLES
from salary_bands.storage.locks import refresh_lock
from salary_bands.storage.sql import read_sql

MIRRORED = "mirrored"  # metadata of the release: what was put into the object store


class Window(dg.Config):
    """The date of a release; today in UTC if it is empty."""

    as_of: str = ""


class Acceptance(dg.Config):
    """Gates that do not hold this run, and why; the manifest keeps the reason."""

    accept: list[str] = []  # noqa: RUF012 - a field of the config
    reason: str = ""


def _metadata(pipeline: Pipeline, table: str) -> dict[str, Any]:
    found = pipeline.candidate()
    plan = found.plan()
    return {
        "dagster/row_count": pq.read_metadata(found.path(table)).num_rows,
        "as_of": plan.as_of,
        "exports": len(plan.counted),
        "held": [f"{s.file}: {s.held_line}" for s in plan.files if s.held_line],
        "notes": plan.notes,
    }


def _dep(table: str) -> dg.AssetDep:
    """Depend on a table; of the export stages on every part, since the candidate reads them all."""
    mapping = dg.AllPartitionMapping() if table in EXPORT_TABLES else None
    return dg.AssetDep(table, partition_mapping=mapping)


@dg.asset(
    deps=[_dep(table) for table in RECIPES["window_reports"].inputs],
    group_name="candidate",
    kinds={"duckdb", "parquet"},
    description=TABLES["window_reports"].__doc__,
)
def window_reports(config: Window, pipeline: Pipeline) -> dg.MaterializeResult:
    settings = pipeline.settings()
    as_of = datetime.fromisoformat(config.as_of).date() if config.as_of else datetime.now(UTC).date()
    with refresh_lock([settings.marts, settings.work], settings.lock_wait_seconds):
        repair(pipeline.published())
        sign_pointers(pipeline.published(), settings.signing_key)
        stages, folder = pipeline.stages(), pipeline.scan()
        with noted(settings.work, stages, folder.refused) as notes:
            plan = plan_release(folder, stages, as_of, pipeline.published().releases())
            notes.exports(plan.files, plan.refused, stages)
            found = pipeline.candidate()
            found.start(plan)
            restate_reports(found)
            make(found, "window_reports")
    return dg.MaterializeResult(metadata=_metadata(pipeline, "window_reports"))


def _table(name: str) -> dg.AssetsDefinition:
    @dg.asset(
        name=name,
        deps=[_dep(table) for table in RECIPES[name].inputs],
        group_name="candidate",
        kinds={"duckdb", "parquet"},
        description=TABLES[name].__doc__,
    )
    def table(pipeline: Pipeline) -> dg.MaterializeResult:
        settings = pipeline.settings()
        with refresh_lock([settings.marts, settings.work], settings.lock_wait_seconds):
            make(pipeline.candidate(), name)
        return dg.MaterializeResult(metadata=_metadata(pipeline, name))

    return table


tables = [_table(name) for name in RECIPES if name != "window_reports"]


@dg.asset(
    deps=tables,
    group_name="candidate",
    kinds={"parquet"},
    description="All tables of a release that is not yet published. Its checks decide whether it will be.",
)
def candidate(pipeline: Pipeline) -> dg.MaterializeResult:
    found = pipeline.candidate()
    rows = {table: pq.read_metadata(found.path(table)).num_rows for table in RELEASE_TABLES}
    return dg.MaterializeResult(metadata={"as_of": found.plan().as_of, **rows})


def _check_spec(name: str, description: str) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(name, asset=candidate, blocking=True, description=description)


@dg.multi_asset_check(
    specs=[
        _check_spec(CONTRACT, "Every table was made for this candidate and matches its schema."),
        *(_check_spec(name, f"None of: {read_sql(f'checks/{name}').splitlines()[0][3:]}") for name in CHECKS),
        *(_check_spec(f"gate_{gate}", f"Not this, unless accepted: {about}") for gate, about in ABOUT.items()),
    ],
    description="Checks that a candidate must pass before it is published.",
)
def candidate_checks(config: Acceptance, pipeline: Pipeline) -> Any:
    accepted = Accepted.of(config.accept, config.reason or None)
    found = pipeline.candidate()
    plan = found.plan()
    faults = contract_faults(found)
    held = bool(faults)
    yield dg.AssetCheckResult(
        check_name=CONTRACT,
        asset_key="candidate",
        passed=not faults,
        description="; ".join(faults) or None,
    )
    for name, rows in checked(found).items():
        held = held or not rows.empty
        yield dg.AssetCheckResult(
            check_name=name,
            asset_key="candidate",
            passed=rows.empty,
            description=what_to_do(found, name, rows) if len(rows) else None,
            metadata={"offending_rows": len(rows), "first": first_rows(rows)},
        )
    verdicts = judged(found, pipeline.published())
    for verdict in verdicts:
        passed = not verdict.held or verdict.gate in accepted.gates
        held = held or not passed
        yield dg.AssetCheckResult(
            check_name=f"gate_{verdict.gate}",
            asset_key="candidate",
            passed=passed,
            description=accepted.note(verdict) if passed else verdict.line(),
        )
    needed = accepted.needed(verdicts)
    outcome = Checked(
        fingerprint=plan.fingerprint, content_fingerprint=plan.content_fingerprint, held=held, accepted=needed
    )
    outcome.write(found)
    if held:
        Notes(pipeline.settings().work).end(HELD, lines="a check holds it; see the checks of the asset candidate")


@dg.asset_check(
    asset=window_reports,
    name="no_export_is_held",
    description="Every export in the raw folder counts. Fails without blocking: the other exports are published.",
)
def no_export_is_held(pipeline: Pipeline) -> dg.AssetCheckResult:
    held = Notes(pipeline.settings().work).held()
    return dg.AssetCheckResult(
        passed=not held, description="\n".join(map(held_line, held)) or None, metadata={"held": len(held)}
    )


@dg.asset_check(
    asset=window_reports,
    name="enough_is_known",
    description="The leaf and the country of most reports in scope are known. Warns and never blocks.",
)
def enough_is_known(pipeline: Pipeline) -> dg.AssetCheckResult:
    lines = too_little_known(pipeline.settings())
    return dg.AssetCheckResult(
        passed=not lines, severity=dg.AssetCheckSeverity.WARN, description="\n".join(lines) or None
    )


def accepted_gates(candidate: Workspace) -> list[dict[str, str]]:
    """Return gate and reason of what was accepted; raise RefreshError if the candidate has not passed its checks."""
    checked = Checked.read(candidate)
    if checked is None or checked.held or checked.fingerprint != candidate.plan().fingerprint:
        raise RefreshError("this candidate has not passed its checks; materialise it and its checks again")
    return checked.accepted


@dg.asset(
    deps=[candidate],
    group_name="release",
    kinds={"parquet", "csv", "duckdb"},
    description="The published release: an immutable folder, the mart and the pointers.",
)
def release(pipeline: Pipeline) -> dg.MaterializeResult:
    settings = pipeline.settings()
    with refresh_lock([settings.marts, settings.work], settings.lock_wait_seconds):
        marts = pipeline.published()
        found = pipeline.candidate()
        plan = found.plan()
        accepted = accepted_gates(found)
        same = already_published(marts, plan)
        version = same or publish(found, marts, accepted)
        mirrored = mirror_published(settings, version)
        Notes(settings.work).end("unchanged" if same else "published", version)
    return dg.MaterializeResult(
        metadata={
            "version": version,
            "published": same is None,
            "accepted": [gate["gate"] for gate in accepted],
            "as_of": plan.as_of,
            "contains_synthetic": plan.contains_synthetic,
            "folder": dg.MetadataValue.path(str(marts.release(version))),
            **({MIRRORED: mirrored} if mirrored else {}),
        }
    )
