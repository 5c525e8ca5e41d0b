"""Fetch newer exchange rates over HTTP, within limits, and check them before they replace the last good ones."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from salary_bands.errors import RefreshError, UsageError
from salary_bands.storage.files import moved_into_place, write_json
from salary_bands.vocabulary.rates import SHIPPED_RATES, fetched_rates_path, load_rates

_MOST_BYTES = 20 << 20
_SECONDS = 30


def fetch_rates(url: str, work: Path) -> dict[str, Any]:
    """Fetch the ECB's history if it has changed, and return what was found as one document.

    Raises UsageError if the URL has a password; RefreshError, and keeps the last good file, if the answer is an error,
    too large, not a file of rates, or older than the rates at hand.
    """
    parts = urlsplit(url)
    if "@" in parts.netloc:  # it would be stored and shown
        raise UsageError("exchange_rates_url has a user name or password; put them into a .netrc file, which is read")
    path = fetched_rates_path(work)
    known = _read(path.with_suffix(".json")) if path.is_file() else {}
    headers = {"If-None-Match": known["etag"]} if known.get("etag") and known.get("url") == url else {}
    try:
        with requests.get(url, headers=headers, timeout=_SECONDS, stream=True, allow_redirects=False) as answer:
            if answer.status_code == requests.codes.not_modified:
                return {"changed": False, **known}
            if answer.status_code != requests.codes.ok:
                raise RefreshError(f"{url}: answered {answer.status_code}; the last good rates stay")
            content = answer.raw.read(_MOST_BYTES + 1, decode_content=True)
            etag = answer.headers.get("ETag", "")
    except requests.RequestException as error:
        raise RefreshError(f"{url}: {type(error).__name__}; the last good rates stay") from None
    if len(content) > _MOST_BYTES:
        raise RefreshError(f"{url}: over {_MOST_BYTES:,} bytes; the last good rates stay")
    before = load_rates(path if path.is_file() else SHIPPED_RATES)
    with moved_into_place(path) as aside:
        aside.write_bytes(content)
        try:
            rates = load_rates(aside)
        except Exception as error:  # parsers raise errors of many kinds, and may quote what they read
            raise RefreshError(
                f"{url}: not a file of ECB rates ({type(error).__name__}); the last good rates stay"
            ) from None
        if rates.last_day < before.last_day or rates.quoted < before.quoted // 2:
            raise RefreshError(
                f"{url}: older than the rates at hand, or less than half their currencies; the last good rates stay"
            )
    found = {"url": url, "etag": etag, "last_day": rates.last_day, "sha256": rates.sha256}
    write_json(path.with_suffix(".json"), found)
    return {"changed": rates.sha256 != before.sha256, **found}


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}
