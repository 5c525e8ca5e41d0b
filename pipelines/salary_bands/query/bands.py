"""Bands of a release, and the releases there are, as documents."""

from typing import Any

import duckdb

from salary_bands.errors import RefreshError, UsageError
from salary_bands.releases.marts import Marts, newest
from salary_bands.releases.tables import table_file
from salary_bands.storage.records import records


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
    """Bands of a release as one document; `each` asks for every tier or level.

    Raises UsageError naming what there is where a filter's value is in no band.
    """
    version = marts.chosen(release)
    manifest = marts.manifest(version)
    path = str(table_file(marts, version, "bands"))
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
                    f"--{name.removesuffix('_id')} {value}: not in release {version}; there are {', '.join(known)}"
                )
        conditions = " AND ".join([*(f'"{name}" = ?' for name in wanted), "list_contains(?, metric)"])
        cursor = connection.execute(
            f"SELECT * FROM read_parquet(?) WHERE {conditions} ORDER BY view, group_id, tier, level, metric",
            [path, *wanted.values(), metrics],
        )
        rows = records(cursor)
    if not rows:
        raise UsageError(f"no cell of release {version} has all of {', '.join(f'{k} {v}' for k, v in wanted.items())}")
    return {"release": version, "contains_synthetic": manifest["contains_synthetic"], "bands": rows}


def release_rows(marts: Marts) -> list[dict[str, Any]]:
    """Every release with its status, and what became of it; raises RefreshError where there is none.

    contains_synthetic is None where the folder is gone.
    """
    entries = marts.releases()
    if not entries:
        raise RefreshError(f"nothing is published in {marts.folder} yet; run `salary-bands refresh`")
    latest = newest(entries)
    return [
        {
            **{k: e[k] for k in ("version", "as_of", "status", "reason")},
            "latest": e is latest,
            "rolled_back": bool(e.get("rolled_back")),
            "pruned": bool(e.get("pruned")),
            "contains_synthetic": None if e.get("pruned") else marts.manifest(e["version"])["contains_synthetic"],
            "manifest_sha256": e["manifest"]["sha256"],
        }
        for e in entries
    ]
