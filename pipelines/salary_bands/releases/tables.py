"""Files of published tables, checked before anything reads them."""

from pathlib import Path

from salary_bands.errors import RefreshError
from salary_bands.releases.manifest import Manifest
from salary_bands.releases.marts import Marts
from salary_bands.storage.files import sha256_of


def table_file(marts: Marts, version: str, table: str) -> Path:
    """Return the Parquet file of a release's table, checked as in `checked_file`."""
    return checked_file(marts, marts.manifest(version), table)


def checked_file(marts: Marts, manifest: Manifest, table: str) -> Path:
    """Return the Parquet file of a table of the release of a manifest.

    Raises RefreshError if the file is missing or is not the one that the manifest names.
    """
    path = marts.release(manifest.version) / f"{table}.parquet"
    published = {file.path: file.sha256 for file in manifest.files}
    if not path.is_file() or sha256_of(path) != published.get(path.name):
        raise RefreshError(f"{path} is missing or damaged; restore it or withdraw the release")
    return path
