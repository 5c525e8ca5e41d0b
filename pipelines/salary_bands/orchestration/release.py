"""The candidate, the checks that must hold, and the release."""

from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pyarrow.parquet as pq

from salary_bands.aggregate.candidate import CHECKS
from salary_bands.aggregate.plan import plan_release
from salary_bands.locks import refresh_lock
from salary_bands.orchestration.exports import pay_reports
from salary_bands.orchestration.resources import Pipeline
from salary_bands.publish.publication import already_published, publish, repair
from salary_bands.schemas import TABLES


class Window(dg.Config):
    """The date of a release; empty is today in UTC."""

    as_of: str = ""


def _metadata(pipeline: Pipeline, table: str) -> dict[str, Any]:
    candidate = pipeline.candidate()
    plan = candidate.plan()
    return {
        "dagster/row_count": pq.read_metadata(candidate.path(table)).num_rows,
        "as_of": plan.as_of,
        "exports": len(plan.counted),
        "held": [f"{s.file}: {s.held_line}" for s in plan.files if s.held_line],
    }


@dg.asset(
    deps=[dg.AssetDep(pay_reports, partition_mapping=dg.AllPartitionMapping())],
    group_name="candidate",
    kinds={"duckdb", "parquet"},
    description=TABLES["window_reports"].__doc__,
)
def window_reports(config: Window, pipeline: Pipeline) -> dg.MaterializeResult:
    settings = pipeline.settings()
    as_of = datetime.fromisoformat(config.as_of).date() if config.as_of else datetime.now(UTC).date()
    with refresh_lock([settings.marts, settings.work], settings.lock_wait_seconds):
        repair(pipeline.published())
        plan = plan_release(pipeline.scan(), pipeline.stages(), as_of, pipeline.published().releases())
        candidate = pipeline.candidate()
        candidate.start(plan)
        candidate.window_reports()
    return dg.MaterializeResult(metadata=_metadata(pipeline, "window_reports"))


def _table(name: str, description: str) -> dg.AssetsDefinition:
    @dg.asset(
        name=name,
        deps=[window_reports],
        group_name="candidate",
        kinds={"duckdb", "parquet"},
        description=description,
    )
    def table(pipeline: Pipeline) -> dg.MaterializeResult:
        settings = pipeline.settings()
        with refresh_lock([settings.marts, settings.work], settings.lock_wait_seconds):
            getattr(pipeline.candidate(), name)()
        return dg.MaterializeResult(metadata=_metadata(pipeline, name))

    return table


tables = [_table(name, TABLES[name].__doc__ or "") for name in ("bands", "ledger", "sources")]


@dg.multi_asset_check(
    specs=[
        dg.AssetCheckSpec("tables_keep_their_contract", asset="bands", blocking=True),
        *(
            dg.AssetCheckSpec(name, asset="ledger" if name.endswith("accounted_for") else "bands", blocking=True)
            for name in CHECKS
        ),
    ],
    description="What must hold of a candidate before it is published.",
)
def candidate_checks(pipeline: Pipeline) -> Any:
    candidate = pipeline.candidate()
    faults = candidate.schema_faults()
    yield dg.AssetCheckResult(
        check_name="tables_keep_their_contract",
        asset_key="bands",
        passed=not faults,
        description="; ".join(faults) or None,
    )
    for name in CHECKS:
        rows = candidate.check(name)
        lines = ", ".join("/".join(map(str, row)) for row in rows.head(3).itertuples(index=False, name=None))
        yield dg.AssetCheckResult(
            check_name=name,
            asset_key="ledger" if name.endswith("accounted_for") else "bands",
            passed=rows.empty,
            description=f"{len(rows):,} rows offend, first: {lines}" if len(rows) else None,
            metadata={"offending_rows": len(rows)},
        )


@dg.asset(
    deps=tables,
    group_name="release",
    kinds={"parquet", "csv", "duckdb"},
    description="The published release: an immutable folder, the mart and the pointers.",
)
def release(pipeline: Pipeline) -> dg.MaterializeResult:
    settings = pipeline.settings()
    with refresh_lock([settings.marts, settings.work], settings.lock_wait_seconds):
        marts = pipeline.published()
        plan = pipeline.candidate().plan()
        same = already_published(marts, plan)
        version = same or publish(pipeline.candidate(), marts)
    return dg.MaterializeResult(
        metadata={
            "version": version,
            "published": same is None,
            "as_of": plan.as_of,
            "contains_synthetic": plan.contains_synthetic,
            "folder": dg.MetadataValue.path(str(marts.release(version))),
        }
    )
