"""Files, locks, Parquet and DuckDB, without a word of compensation in them.

Belongs here: how bytes and tables are written, read and queried. Does not belong here: what they mean.
"""
