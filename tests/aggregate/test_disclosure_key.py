"""The key that protects people: where it comes from, what is said of it, and that it gets nowhere."""

import stat
from pathlib import Path

import pytest

from salary_bands.aggregate.disclosure_key import FILE, PUBLIC, disclosure_key, notes_since
from salary_bands.errors import RefreshError, UsageError
from salary_bands.releases.manifest import Manifest, Method
from salary_bands.settings import Settings
from tests.builders.candidates import settings_at
from tests.builders.manifests import manifest_of


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Without a key of their own."""
    return settings_at(tmp_path).model_copy(update={"disclosure_key": None})


def former(key: str) -> Manifest:
    return manifest_of("2026.05.31", method=Method(version="m", disclosure_key=key))


def test_the_first_refresh_of_real_exports_makes_a_key_that_stays(settings: Settings) -> None:
    path = settings.marts / FILE
    made, again = disclosure_key(settings, False), disclosure_key(settings, False)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [note for note in made.notes if "keep it" in note]
    assert again.notes == ()
    assert (made.secret, made.id) == (again.secret, again.id)
    assert made.id not in path.read_text()


def test_synthetic_data_has_a_key_that_everybody_knows_and_makes_none(settings: Settings) -> None:
    assert disclosure_key(settings, True).id == PUBLIC
    assert not (settings.marts / FILE).exists()


def test_a_key_of_the_settings_is_taken_instead(settings: Settings, tmp_path: Path) -> None:
    own = tmp_path / "own.key"
    own.write_text("a long enough secret of mine")
    own.chmod(0o600)
    found = disclosure_key(settings.model_copy(update={"disclosure_key": own}), False)
    assert found.notes == ()
    assert not (settings.marts / FILE).exists()


def test_a_key_that_others_can_read_is_a_warning_that_says_what_to_do(settings: Settings) -> None:
    disclosure_key(settings, False)
    (settings.marts / FILE).chmod(0o644)
    [note] = disclosure_key(settings, False).notes
    assert note == f"warning: {settings.marts / FILE} can be read by others, who could undo what it protects; " + (
        f"chmod 600 {settings.marts / FILE}"
    )


@pytest.mark.parametrize("content", [None, "", "short\n"])
def test_a_key_of_the_settings_that_is_none_is_refused_with_a_line(
    settings: Settings, tmp_path: Path, content: str | None
) -> None:
    own = tmp_path / "own.key"
    if content is not None:
        own.write_text(content)
    with pytest.raises(UsageError, match=r"^disclosure_key .*own\.key: .*; name a file of at least 16 random bytes$"):
        disclosure_key(settings.model_copy(update={"disclosure_key": own}), False)


def test_a_spoiled_key_of_the_marts_folder_is_not_replaced(settings: Settings) -> None:
    settings.marts.mkdir()
    (settings.marts / FILE).write_text("cut")
    with pytest.raises(RefreshError, match="put back the key that the newest release was made with"):
        disclosure_key(settings, False)
    assert (settings.marts / FILE).read_text() == "cut"


def test_a_lost_key_and_a_release_of_the_method_before_are_said_once(settings: Settings) -> None:
    key = disclosure_key(settings, False)
    [lost] = notes_since(former("0123456789ab"), key)
    assert "0123456789ab" in lost
    assert "put the former key back" in lost
    [before] = notes_since(former(""), key)
    assert "change of method" in before
    assert notes_since(former(key.id), key) == []
    assert notes_since(former(PUBLIC), key) == []
    assert notes_since(None, key) == []
