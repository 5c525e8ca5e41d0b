"""Files of published tables, checked before anything reads them."""

from pathlib import Path

from salary_bands.errors import RefreshError
from salary_bands.releases.marts import Marts
from salary_bands.storage.files import sha256_of


def table_file(marts: Marts, version: str, table: str) -> Path:
    """Return the Parquet file of a release's table.

    Raises RefreshError if the file is missing or is not the one that the manifest names.
    """
    path = marts.release(version) / f"{table}.parquet"
    published = {file.path: file.sha256 for file in marts.manifest(version).files}
    if not path.is_file() or sha256_of(path) != published.get(path.name):
        raise RefreshError(f"{path} is missing or damaged; restore it or withdraw the release")
    return path
