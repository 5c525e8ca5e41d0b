"""How published files are served: the media type by suffix, and how long caches may keep them."""

from pathlib import PurePosixPath

TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".parquet": "application/vnd.apache.parquet",
    ".svg": "image/svg+xml",
    ".xml": "application/atom+xml; charset=utf-8",
}
FOR_EVER = "public, max-age=31536000, immutable"  # files of releases, which never change
SHORT = "public, max-age=60"  # pointers


def media_type(path: str) -> str:
    return TYPES.get(PurePosixPath(path).suffix, "application/octet-stream")
