"""Tests of files, parts and DuckDB."""
