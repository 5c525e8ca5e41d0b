"""Query the bands of a release."""

from typing import Any

import duckdb

from salary_bands.errors import UsageError
from salary_bands.releases.marts import Marts
from salary_bands.releases.tables import checked_file
from salary_bands.storage.records import records
from salary_bands.storage.sql import read_sql

LEADING = ("all", "ml_generalist", "data_science")  # groups of the view `leaf` that plain titles fill


def leading_rows(marts: Marts, release: str | None) -> list[dict[str, Any]]:
    """Return what a release can show best: base and total of LEADING by level, by tier and by place."""
    manifest = marts.manifest(marts.chosen(release))
    with duckdb.connect(":memory:") as connection:
        connection.read_parquet(str(checked_file(marts, manifest, "bands"))).create_view("bands")
        connection.execute("CREATE TABLE leading_groups (group_id VARCHAR, place INTEGER)")
        for place, group in enumerate(LEADING):
            connection.execute("INSERT INTO leading_groups VALUES ($group, $place)", {"group": group, "place": place})
        return records(connection.execute(read_sql("show/leading_cells")))


def band_rows(
    marts: Marts,
    release: str | None,
    *,
    view: str,
    group: str | None,
    tier: str,
    level: str,
    market: str,
    metrics: list[str],
    evidence: str,
) -> dict[str, Any]:
    """Return the bands of a release as one document. The value `each` selects every tier or level.

    Raises:
        UsageError: No band has a filter's value, or no band has all of them. The message lists the known values.
    """
    version = marts.chosen(release)
    manifest = marts.manifest(version)
    path = str(checked_file(marts, manifest, "bands"))
    asked = {
        "view": view,
        "group_id": group,
        "tier": tier,
        "level": level,
        "market": market,
        "evidence": evidence,
    }
    wanted = {k: v for k, v in asked.items() if v not in (None, "each")}
    with duckdb.connect(":memory:") as connection:
        bands = connection.read_parquet(path)
        for name, value in [*wanted.items(), *(("metric", m) for m in metrics)]:
            known = [r[0] for r in bands.project(name).distinct().order(name).fetchall()]
            if value not in known:
                raise UsageError(
                    f"--{name.removesuffix('_id')} {value}: not in release {version}; use one of {', '.join(known)}"
                )
        conditions = " AND ".join([*(f'"{name}" = ?' for name in wanted), "list_contains(?, metric)"])
        cursor = connection.execute(
            # groups that show nothing come last
            f"SELECT * FROM read_parquet(?) WHERE {conditions} ORDER BY view, "
            "min(basis = 'suppressed') OVER (PARTITION BY view, group_id), group_id, tier, level, metric",
            [path, *wanted.values(), metrics],
        )
        rows = records(cursor)
    if not rows:
        filters = ", ".join(f"{name} {value}" for name, value in wanted.items())
        raise UsageError(f"release {version} has no cell with {filters}; drop one of these filters")
    return {"release": version, "contains_synthetic": manifest.contains_synthetic, "bands": rows}
