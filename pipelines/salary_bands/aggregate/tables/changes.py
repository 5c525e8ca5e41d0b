"""changes: what moved since the previous release, and why."""

from pathlib import Path

import duckdb
import pandas as pd

from salary_bands import schemas
from salary_bands.aggregate.former import Former, previous_release
from salary_bands.aggregate.workspace import Workspace
from salary_bands.storage.duck import add_table, add_view, quoted, run_step

_REPLACED = ("superseded", "duplicate", "folded")  # dispositions that other exports give a report


def changes(workspace: Workspace, connection: duckdb.DuckDBPyConnection) -> int:
    """What moved since the previous release, and why. The previous release has been restated."""
    former = previous_release(workspace)
    if former is None:
        return workspace.write_nothing("changes")
    _add_inputs(connection, former, workspace.folder, workspace.restated.folder if former.kept else None)
    return workspace.write(connection, "changes")


def _add_inputs(connection: duckdb.DuckDBPyConnection, former: Former, now: Path, restated: Path | None) -> None:
    """Make the inputs of the mart.

    now: the folder of the candidate; restated: that of the previous release as it reads today.
    """
    read_today = restated and (restated if former.differs else former.folder)
    _add_rows(connection, "bands", "bands", now)
    _add_rows(connection, "former_bands", "bands", former.folder)
    _add_rows(connection, "restated_bands", "bands", read_today)
    _add_rows(connection, "now_reports", "window_reports", now)
    _add_rows(connection, "then_reports", "window_reports", restated)
    run_step(connection, "changes/changed_cells")

    _use(connection, "SELECT * FROM now_reports UNION ALL SELECT * FROM then_reports")
    for step in ("bands/profiles", "bands/cell_keys", "bands/cells", "changes/changed_numbers"):
        run_step(connection, step)
    _use(connection, "SELECT * FROM then_reports")
    _make_reports(connection, "former_reports")
    _use(
        connection,
        "SELECT t.* FROM then_reports AS t INNER JOIN now_reports AS n "
        'ON t.export_sha256 = n.export_sha256 AND t."row" = n."row" '
        f"WHERE n.disposition IN ({', '.join(map(quoted, _REPLACED))})",
    )
    _make_reports(connection, "replaced_reports")
    _use(connection, "SELECT * FROM now_reports")
    run_step(connection, "bands/metric_reports")

    add_table(connection, "new_files", pd.DataFrame({"file": [s.file for s in former.came]}, dtype="str"))
    for step in ("touched_cells", "split_cells", "split_pay", "split_totals"):
        run_step(connection, f"changes/{step}")
    # the percentiles of bands, of cells that are weighted otherwise
    connection.execute("CREATE OR REPLACE TABLE disclosed_cells AS SELECT * FROM split_totals")
    connection.execute("CREATE OR REPLACE TABLE cell_pay AS SELECT * FROM split_pay")
    run_step(connection, "bands/percentiles")
    add_table(connection, "circumstances", pd.DataFrame([former.circumstances()]))


def _add_rows(connection: duckdb.DuckDBPyConnection, name: str, table: str, folder: Path | None) -> None:
    """A view of a table in a folder; without rows where there is no folder."""
    if folder is None:
        add_table(connection, name, schemas.empty(table))
    else:
        path = quoted(str(folder / f"{table}.parquet"))
        connection.execute(f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM read_parquet({path})")


def _use(connection: duckdb.DuckDBPyConnection, reports: str) -> None:
    """Let the steps of bands read these reports."""
    connection.execute(f"CREATE OR REPLACE VIEW window_reports AS {reports}")
    add_view(connection, "window_reports/used_reports")


def _make_reports(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """metric_reports of the reports in use, under another name."""
    run_step(connection, "bands/metric_reports")
    connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM metric_reports")
