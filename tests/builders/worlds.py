"""Folders with releases that many tests read, made once for all of them (`once` of conftest)."""

import shutil
from pathlib import Path

from salary_bands.publish.publication import publish
from salary_bands.releases.marts import Marts
from tests.builders import SAMPLE
from tests.builders.candidates import build, grid_of, published, settings_at
from tests.builders.exports import MODEL_EMPLOYERS, model_rows, native_row, write_native
from tests.builders.people import people

ROWS = [native_row(n) for n in range(30)]
MORE = [native_row(n) for n in range(35)]


def publish_sample(folder: Path) -> None:
    """Publish the bundled sample in FOLDER/marts."""
    settings = settings_at(folder)
    shutil.copytree(SAMPLE, settings.raw / "sample")
    published(settings)


def build_first(folder: Path) -> None:
    """Build the candidate of ROWS, so that a refresh of them takes its tables from FOLDER."""
    settings = settings_at(folder)
    write_native(settings.raw, ROWS)
    with grid_of():
        build(settings)


def publish_modelled(folder: Path) -> None:
    """Publish 100 reports that the model knows in FOLDER/marts, and build the candidate of 180.

    There are employers enough for the range of one person's pay.
    """
    settings = settings_at(folder)
    names = (*MODEL_EMPLOYERS, "Shopify", "Twilio", "Atlassian", "Zoom", "Salesforce", "Adobe")
    write_native(settings.raw, model_rows(100, names))
    published(settings)
    write_native(settings.raw, model_rows(180, names))
    build(settings)


def publish_year(folder: Path) -> None:
    """Publish a year of reports of two sources as 2026.05.31 in FOLDER/marts."""
    settings = settings_at(folder)
    write_native(settings.raw, people(1, 400, days=390), "north/1.csv")
    write_native(settings.raw, people(3, 300, days=390), "south/1.csv")
    published(settings, "2026-05-31")


def publish_small(folder: Path) -> None:
    """Publish ROWS as 2026.06.30 in FOLDER/marts and build the candidate of MORE; FOLDER/both has both releases."""
    settings = settings_at(folder)
    with grid_of():
        write_native(settings.raw, ROWS)
        published(settings)
        write_native(settings.raw, MORE)
        candidate = build(settings).candidate
    shutil.copytree(settings.marts, folder / "both")
    publish(candidate, Marts(folder / "both"))
