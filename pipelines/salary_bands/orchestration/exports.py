"""Assets of the exports: the tables up to pay_reports, one partition per export."""

from typing import Any

import dagster as dg
import pyarrow.parquet as pq

from salary_bands.exports.stages import ExportStages, Record
from salary_bands.ingest.raw_folder import ExportFile
from salary_bands.orchestration.partitions import export_key, export_partitions
from salary_bands.orchestration.resources import Pipeline
from salary_bands.schemas import EXPORT_TABLES

_PREVIEW_ROWS = 5
_SHOWN = {"row", "column", "reason", "evidence", "scope_reason", "level_basis", "leaf", "leaf_rule", "tier"}  # no cells


def _metadata(stages: ExportStages, export: ExportFile, table: str, record: Record) -> dict[str, Any]:
    """Return the row count, the file, a preview without cells, and why the export is held if it is."""
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


def _export(context: dg.AssetExecutionContext, pipeline: Pipeline) -> ExportFile:
    """Return the export of the partition; raise a Failure if its content is no longer in the raw folder."""
    if export := pipeline.stages().by_content(pipeline.scan().exports).get(export_key(context.partition_key)):
        return export
    raise dg.Failure(
        f"no file in the raw folder has the content of partition {context.partition_key}; it was removed or "
        "overwritten, and no longer counts",
        allow_retries=False,
    )


def _result(context: dg.AssetExecutionContext, pipeline: Pipeline, table: str) -> dg.MaterializeResult:
    stages = pipeline.stages()
    export = _export(context, pipeline)
    record = stages.make(table, export)
    return dg.MaterializeResult(metadata=_metadata(stages, export, table, record))


@dg.asset(
    group_name="exports",
    kinds={"python", "parquet"},
    description=EXPORT_TABLES["raw_reports"].__doc__,
    check_specs=[
        dg.AssetCheckSpec(
            "export_is_readable",
            asset="raw_reports",
            description="The export can be read: its format is known and its file is sound.",
        )
    ],
)
def raw_reports(context: dg.AssetExecutionContext, pipeline: Pipeline) -> dg.MaterializeResult:
    stages = pipeline.stages()
    export = _export(context, pipeline)
    record = stages.make("raw_reports", export)
    return dg.MaterializeResult(
        metadata=_metadata(stages, export, "raw_reports", record),
        check_results=[_held_check(context, "export_is_readable", record)],
    )


@dg.multi_asset(
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
    export = _export(context, pipeline)
    record = stages.make("accepted_reports", export)
    check = _held_check(context, "few_rows_are_rejected", record)
    yield dg.MaterializeResult(
        asset_key="accepted_reports",
        metadata=_metadata(stages, export, "accepted_reports", record),
        check_results=[check],
    )
    yield dg.MaterializeResult(
        asset_key="rejected_reports", metadata=_metadata(stages, export, "rejected_reports", record)
    )


@dg.asset(
    group_name="exports",
    deps=["accepted_reports"],
    kinds={"python", "parquet"},
    description=EXPORT_TABLES["normalised_reports"].__doc__,
)
def normalised_reports(context: dg.AssetExecutionContext, pipeline: Pipeline) -> dg.MaterializeResult:
    return _result(context, pipeline, "normalised_reports")


@dg.asset(
    group_name="exports",
    deps=[normalised_reports],
    kinds={"python", "parquet"},
    description=EXPORT_TABLES["pay_reports"].__doc__,
)
def pay_reports(context: dg.AssetExecutionContext, pipeline: Pipeline) -> dg.MaterializeResult:
    return _result(context, pipeline, "pay_reports")


def _held_check(context: dg.AssetExecutionContext, name: str, record: Record) -> dg.AssetCheckResult:
    """Fail if the export is held. The check does not block: the run goes on, as do other exports and the release."""
    held = record.get("held")
    line = f"held, {held['reason']}: {held['line']}" if held else None
    if line:
        context.log.error(line)
    return dg.AssetCheckResult(check_name=name, passed=held is None, description=line)


def export_assets(pipeline: Pipeline) -> list[dg.AssetsDefinition]:
    """Return the assets, partitioned by the exports of that pipeline."""
    partitions = export_partitions(pipeline)
    assets = (raw_reports, validated_reports, normalised_reports, pay_reports)
    return [asset.map_asset_specs(lambda spec: spec.replace_attributes(partitions_def=partitions)) for asset in assets]
