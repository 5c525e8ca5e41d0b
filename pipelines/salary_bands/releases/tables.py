"""Files of published tables, checked before anything reads them."""

from pathlib import Path

from salary_bands.errors import RefreshError
from salary_bands.releases.manifest import Manifest
from salary_bands.releases.marts import Marts
from salary_bands.storage.files import sha256_of

WITHHELD = "suppressed"  # the stem of a file of bands
WITHHELD_ROWS = (
    "The rows of bands that show nothing, of every market, with the reason and what to use instead; columns as in bands"
)


def table_files(marts: Marts, manifest: Manifest, table: str) -> list[Path]:
    """Return the Parquet files of a table, checked as in `checked_file`: of bands the shown and the withheld rows.

    A release that is older than the table has none, and one of earlier code all bands in one file.
    """
    published = {file.path for file in manifest.files}
    stems = [table, *([WITHHELD] if table == "bands" else [])]
    return [checked_file(marts, manifest, stem) for stem in stems if f"{stem}.parquet" in published]


def table_file(marts: Marts, version: str, table: str) -> Path:
    """Return the Parquet file of a release's table, of bands that of the shown rows, checked as in `checked_file`."""
    return checked_file(marts, marts.manifest(version), table)


def checked_file(marts: Marts, manifest: Manifest, stem: str) -> Path:
    """Return the Parquet file of that stem of the release of a manifest.

    Raises RefreshError if the file is missing or is not the one that the manifest names.
    """
    path = marts.release(manifest.version) / f"{stem}.parquet"
    published = {file.path: file.sha256 for file in manifest.files}
    if not path.is_file() or sha256_of(path) != published.get(path.name):
        raise RefreshError(f"{path} is missing or damaged; restore it or withdraw the release")
    return path
