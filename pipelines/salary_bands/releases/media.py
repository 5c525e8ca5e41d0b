"""How published files are served: types by suffix, and how long they may be kept."""

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
FOR_EVER = "public, max-age=31536000, immutable"  # of what never changes
SHORT = "public, max-age=60"  # of pointers


def media_type(path: str) -> str:
    return TYPES.get(PurePosixPath(path).suffix, "application/octet-stream")
