"""Settings: defaults, the file, the environment, flags, in this order; a wrong value names the setting."""

from pathlib import Path

import pytest

from salary_bands.errors import UsageError
from salary_bands.settings import TOML_FILE, Settings, load


@pytest.fixture(autouse=True)
def elsewhere(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current directory without a file, and an environment without our variables."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def test_defaults_are_those_of_the_method() -> None:
    found = load()
    assert (str(found.raw), str(found.marts), str(found.work)) == ("data/raw", "data/marts", "data/work")
    assert (found.window_months, found.half_life_months, found.min_reports, found.min_employers) == (12, 6, 10, 3)
    assert (found.max_rejected_share, found.total_tolerance, found.max_employer_share) == (0.2, 0.02, 0.5)
    assert (found.full_time_hours, found.hours_per_week, found.weeks_per_year, found.days_per_year) == (30, 40, 52, 260)
    assert (found.settle_seconds, found.settle_timeout_seconds, found.lock_wait_seconds) == (2, 30, 600)
    assert found.memory_limit is None  # DuckDB's own


def test_file_beats_default_environment_beats_file_and_flag_beats_all(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (elsewhere / TOML_FILE).write_text('min_reports = 11\nmin_employers = 4\nraw = "from_file"\n')
    assert (load().min_reports, load().min_employers, str(load().raw)) == (11, 4, "from_file")
    monkeypatch.setenv("SALARY_BANDS_MIN_REPORTS", "12")
    monkeypatch.setenv("SALARY_BANDS_RAW", "from_environment")
    assert (load().min_reports, load().min_employers, str(load().raw)) == (12, 4, "from_environment")
    found = load(min_reports=13, raw=Path("from_flag"), marts=None)
    assert (found.min_reports, found.min_employers, str(found.raw)) == (13, 4, "from_flag")
    assert str(found.marts) == "data/marts"  # a flag that is None was not given


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("min_reports", "many"),
        ("min_reports", "0"),
        ("min_reports", "2.5"),
        ("max_rejected_share", "20"),
        ("max_rejected_share", "-0.1"),
        ("max_rejected_share", "nan"),
        ("window_months", ""),
        ("settle_seconds", "-1"),
        ("max_line_bytes", "10"),
        ("memory_limit", "much"),
        ("memory_limit", "50%"),
    ],
)
@pytest.mark.parametrize("way", ["file", "environment", "flag"])
def test_a_wrong_value_names_the_setting_and_what_was_given(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, way: str, name: str, value: str
) -> None:
    flags = {}
    if way == "file":
        (elsewhere / TOML_FILE).write_text(f'{name} = "{value}"\n')
    elif way == "environment":
        monkeypatch.setenv(f"SALARY_BANDS_{name.upper()}", value)
    else:
        flags[name] = value
    with pytest.raises(UsageError) as error:
        load(**flags)
    assert f"setting {name}: " in str(error.value) and repr(value) in str(error.value)
    assert TOML_FILE in str(error.value)


def test_an_unknown_setting_in_the_file_is_named(elsewhere: Path) -> None:
    (elsewhere / TOML_FILE).write_text("min_report = 11\n")
    with pytest.raises(UsageError, match="setting min_report: no setting has this name; did you mean min_reports"):
        load()


@pytest.mark.parametrize(
    ("variable", "says"),
    [
        ("SALARY_BANDS_MIN_REPORT", "did you mean SALARY_BANDS_MIN_REPORTS?"),
        ("salary_bands_signing_kay", "did you mean SALARY_BANDS_SIGNING_KEY?"),
        ("SALARY_BANDS_ZZZZ", "remove it, or fix its name"),
    ],
)
def test_an_unknown_variable_is_refused_with_the_nearest_name(
    monkeypatch: pytest.MonkeyPatch, variable: str, says: str
) -> None:
    monkeypatch.setenv(variable, "11")
    with pytest.raises(UsageError, match=f"variable {variable}: no setting has this name; ") as error:
        load()
    assert says in str(error.value)


@pytest.mark.parametrize("content", [b"min_reports = = 3", b"\xff\xfe", b'min_reports = "unclosed'])
def test_a_file_that_does_not_parse_is_named(elsewhere: Path, content: bytes) -> None:
    (elsewhere / TOML_FILE).write_bytes(content)
    with pytest.raises(UsageError, match=rf"{TOML_FILE}.*fix or remove the file"):
        load()


def test_every_setting_says_what_it_is_and_the_method_ones_are_numbers() -> None:
    assert all(field.description for field in Settings.model_fields.values())
    method = load().method()
    assert {"window_months", "min_reports", "max_rejected_share", "max_employer_share"} <= set(method)
    assert not {"raw", "marts", "work", "max_line_bytes", "lock_wait_seconds"} & set(method)
    assert all(isinstance(value, int | float) for value in method.values())


def test_settings_do_not_change_once_made() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().min_reports = 1
