"""Files, locks, Parquet and DuckDB, without any knowledge of pay.

Belongs here: how bytes and tables are written, read and queried. Does not belong here: what they mean.
"""
