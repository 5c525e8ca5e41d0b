"""Assets of one export: a dynamic partition each, named by content."""

from typing import Any

import dagster as dg
import pyarrow.parquet as pq

from salary_bands.exports.stages import ExportStages, Record
from salary_bands.ingest.raw_folder import ExportFile
from salary_bands.orchestration.resources import Pipeline
from salary_bands.schemas import EXPORT_TABLES

exports = dg.DynamicPartitionsDefinition(name="exports")
_PREVIEW_ROWS = 5
_SHOWN = {"row", "column", "reason", "evidence", "scope_reason", "level_basis", "leaf", "leaf_rule", "tier"}  # no cells


def _metadata(stages: ExportStages, export: ExportFile, table: str, record: Record) -> dict[str, Any]:
    """Row count, file, a preview without cells, and the line where the export is held."""
    shown: dict[str, Any] = {"file": export.file, "dagster/row_count": record.get("rows", 0)}
    path = stages.parts.path(table, export.key)
    if path.is_file():
        columns = [c for c in pq.read_schema(path).names if c in _SHOWN]
        with pq.ParquetFile(path) as file:
            head = next(file.iter_batches(_PREVIEW_ROWS, columns=columns), None)
        shown["dagster/row_count"] = pq.read_metadata(path).num_rows
        shown["preview"] = dg.MetadataValue.md(_markdown(head.to_pylist()) if head else "no rows")
    if record.get("held"):
        shown["held"] = f"{record['held']['reason']}: {record['held']['line']}"
    for name in ("rejected", "noted"):
        if record.get(name):
            shown[name] = dg.MetadataValue.json(record[name])
    return shown


def _markdown(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "no rows"
    names = list(rows[0])
    lines = [
        names,
        ["---"] * len(names),
        *([str(r[n]).replace("|", "/") if r[n] is not None else "" for n in names] for r in rows),
    ]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _result(context: dg.AssetExecutionContext, pipeline: Pipeline, table: str) -> dg.MaterializeResult:
    stages = pipeline.stages()
    export = pipeline.export(context.partition_key)
    record: Record = stages.make(table, export)
    return dg.MaterializeResult(metadata=_metadata(stages, export, table, record))


@dg.asset(
    partitions_def=exports,
    group_name="exports",
    kinds={"python", "parquet"},
    description=EXPORT_TABLES["raw_reports"].__doc__,
    check_specs=[dg.AssetCheckSpec("export_is_readable", asset="raw_reports", description="The export is not held.")],
)
def raw_reports(context: dg.AssetExecutionContext, pipeline: Pipeline) -> dg.MaterializeResult:
    stages = pipeline.stages()
    export = pipeline.export(context.partition_key)
    record = stages.raw_reports(export)
    return dg.MaterializeResult(
        metadata=_metadata(stages, export, "raw_reports", record),
        check_results=[_held_check("export_is_readable", record)],
    )


@dg.multi_asset(
    partitions_def=exports,
    group_name="exports",
    specs=[
        dg.AssetSpec(table, deps=[raw_reports], kinds={"pandera", "parquet"}, description=EXPORT_TABLES[table].__doc__)
        for table in ("accepted_reports", "rejected_reports")
    ],
    check_specs=[
        dg.AssetCheckSpec(
            "few_rows_are_rejected",
            asset="accepted_reports",
            description="The share of rejected rows is below the limit.",
        )
    ],
)
def validated_reports(context: dg.AssetExecutionContext, pipeline: Pipeline) -> Any:
    stages = pipeline.stages()
    export = pipeline.export(context.partition_key)
    record = stages.accepted_reports(export)
    check = _held_check("few_rows_are_rejected", record)
    yield dg.MaterializeResult(
        asset_key="accepted_reports",
        metadata=_metadata(stages, export, "accepted_reports", record),
        check_results=[check],
    )
    yield dg.MaterializeResult(
        asset_key="rejected_reports", metadata=_metadata(stages, export, "rejected_reports", record)
    )


@dg.asset(
    partitions_def=exports,
    group_name="exports",
    deps=["accepted_reports"],
    kinds={"python", "parquet"},
    description=EXPORT_TABLES["normalised_reports"].__doc__,
)
def normalised_reports(context: dg.AssetExecutionContext, pipeline: Pipeline) -> dg.MaterializeResult:
    return _result(context, pipeline, "normalised_reports")


@dg.asset(
    partitions_def=exports,
    group_name="exports",
    deps=[normalised_reports],
    kinds={"python", "parquet"},
    description=EXPORT_TABLES["pay_reports"].__doc__,
)
def pay_reports(context: dg.AssetExecutionContext, pipeline: Pipeline) -> dg.MaterializeResult:
    return _result(context, pipeline, "pay_reports")


def _held_check(name: str, record: Record) -> dg.AssetCheckResult:
    held = record.get("held")
    return dg.AssetCheckResult(
        check_name=name,
        passed=held is None,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"held, {held['reason']}: {held['line']}" if held else None,
    )
