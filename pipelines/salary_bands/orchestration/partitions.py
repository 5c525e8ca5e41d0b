"""Partitions: one per export, named so that people can read them, and apart for every pipeline."""

import re
import unicodedata
from pathlib import PurePosixPath

import dagster as dg

from salary_bands.ingest.raw_folder import ExportFile
from salary_bands.orchestration.resources import Pipeline

_OTHER = re.compile(r"[^\w-]+")
_LONGEST_SOURCE, _LONGEST_STEM = 16, 26  # with the hash 64 in all: MySQL tells keys apart by no more


def export_partitions(pipeline: Pipeline) -> dg.DynamicPartitionsDefinition:
    """Return the partitions of a pipeline, which share nothing with another pipeline on the same Dagster instance."""
    return dg.DynamicPartitionsDefinition(name=f"exports_{pipeline.id()}")


def partition_key(export: ExportFile) -> str:
    """Return `source.file_stem.hash`, in which Dagster, its UI and a file system find nothing special."""
    stem = PurePosixPath(export.file.removesuffix(".gz")).stem
    return ".".join((_word(export.source, _LONGEST_SOURCE), _word(stem, _LONGEST_STEM), export.key))


def export_key(partition_key: str) -> str:
    """Return the key of the export in a partition key: its content alone says which export is meant."""
    return partition_key.rpartition(".")[2]


def _word(name: str, longest: int) -> str:
    return _OTHER.sub("_", unicodedata.normalize("NFC", name))[:longest]
