"""The percentiles alone, as others would work them out: `python -m tests.bench.peers duckdb RAW`.

Five percentiles of two amounts over 36 grouping sets: leaf, tier, level, stage, metro and country, each kept or rolled
up. Leaf, tier, stage and country are read off the texts by a hash, which costs less than reading them right.
"""

import itertools
import sys
from pathlib import Path

POINTS = (0.1, 0.25, 0.5, 0.75, 0.9)
SETS = [
    tuple(key for key in kept if key)
    for kept in itertools.product(("leaf", None), ("tier", None), ("level", "stage", None), ("metro", "country", None))
]


def duckdb_percentiles(raw: Path) -> int:
    import duckdb

    sets = ", ".join(f"({', '.join(keys)})" for keys in SETS)
    points = ", ".join(map(str, POINTS))
    return len(
        duckdb.execute(
            f"""
            WITH reports AS (
                SELECT hash(job_title) % 24 AS leaf, hash(employer) % 6 AS tier, level, level > 'L4' AS stage,
                    location AS metro, hash(location) % 20 AS country, base, base + bonus + equity_annual AS total
                FROM read_csv('{raw}/*/*.csv')
            )
            SELECT count(*), quantile_cont(base, [{points}]), quantile_cont(total, [{points}])
            FROM reports GROUP BY GROUPING SETS ({sets})
            """
        ).fetchall()
    )


def polars_percentiles(raw: Path) -> int:
    import polars as pl

    text = pl.col("job_title").hash() % 24, pl.col("employer").hash() % 6, pl.col("location").hash() % 20
    reports = pl.read_csv(f"{raw}/*/*.csv").select(
        text[0].alias("leaf"),
        text[1].alias("tier"),
        "level",
        (pl.col("level") > "L4").alias("stage"),
        pl.col("location").alias("metro"),
        text[2].alias("country"),
        "base",
        (pl.col("base") + pl.col("bonus") + pl.col("equity_annual")).alias("total"),
    )
    figures = [pl.col(name).quantile(p, "linear").alias(f"{name}{p}") for name in ("base", "total") for p in POINTS]
    return sum(reports.group_by(keys).agg(figures).height for keys in SETS if keys)


def pandas_percentiles(raw: Path) -> int:
    import pandas as pd
    import pandera.pandas as pa

    frame = pd.concat([pd.read_csv(path) for path in sorted(raw.glob("*/*.csv"))], ignore_index=True)
    amount = pa.Column("int64", pa.Check.ge(0))
    pa.DataFrameSchema(dict.fromkeys(("base", "bonus", "equity_annual"), amount)).validate(frame, lazy=True)
    texts = ("job_title", "employer", "location")
    hashed = {name: pd.util.hash_array(frame[name].fillna("").to_numpy(object)) for name in texts}
    reports = pd.DataFrame(
        {
            "leaf": hashed["job_title"] % 24,
            "tier": hashed["employer"] % 6,
            "level": frame["level"],
            "stage": frame["level"] > "L4",
            "metro": frame["location"],
            "country": hashed["location"] % 20,
            "base": frame["base"],
            "total": frame["base"] + frame["bonus"] + frame["equity_annual"],
        }
    )
    return sum(len(reports.groupby([*keys])[["base", "total"]].quantile(POINTS)) for keys in SETS if keys)


PEERS = {"duckdb": duckdb_percentiles, "polars": polars_percentiles, "pandas": pandas_percentiles}

if __name__ == "__main__":
    print(PEERS[sys.argv[1]](Path(sys.argv[2])))
