"""All thresholds and paths.

Each of these overrides the one before: the defaults here, `salary_bands.toml` in the current directory,
`SALARY_BANDS_<NAME>` in the environment, flags. The settings of the method are in every release's manifest, under
`settings`.
"""

import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from salary_bands.errors import UsageError, nearest_name
from salary_bands.reference import lay_over

TOML_FILE = "salary_bands.toml"
PREFIX = "SALARY_BANDS_"  # of the variables in the environment


def _method(default: float, description: str, **constraints: Any) -> Any:
    """Declare a setting that changes published figures, and is therefore part of the method."""
    return Field(default, description=description, json_schema_extra={"method": True}, **constraints)


def _gate(default: float, description: str, **constraints: Any) -> Any:
    """Declare a threshold of a gate. It decides whether figures are published, but does not change them."""
    return Field(default, description=description, **constraints)


class Settings(BaseSettings):
    """The settings of one refresh. Field descriptions are the documentation."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, toml_file=TOML_FILE, extra="forbid", frozen=True, validate_default=True
    )

    raw: Path = Field(Path("data/raw"), description="Folder of exports: RAW/<source>/<file>.")
    marts: Path = Field(Path("data/marts"), description="Folder of releases, the mart and the pointers.")
    work: Path = Field(Path("data/work"), description="Folder of intermediate Parquet parts; safe to delete.")

    reference: Path | None = Field(
        None, description="Your own reference folder, laid over the package's; see docs/reference.md."
    )

    window_months: int = _method(12, "Length of the window before as_of, in months.", ge=1)
    half_life_months: int = _method(6, "Months after which the weight of a report is halved.", ge=1)
    full_time_hours: float = _method(30, "Hours a week from which employment is full time.", gt=0)
    hours_per_week: float = _method(40, "Hours a week assumed if a report states none.", gt=0)
    weeks_per_year: int = _method(52, "Weeks in a paid year.", ge=1)
    days_per_year: int = _method(260, "Days in a paid year.", ge=1)
    total_tolerance: float = _method(0.02, "Relative difference from its parts above which a stated total wins.", ge=0)
    min_annual_usd: int = _method(1_000, "Smallest annual pay that is accepted, USD.", ge=0)
    max_annual_usd: int = _method(20_000_000, "Largest annual pay that is accepted, USD.", ge=1)
    max_periodic_annual_usd: int = _method(
        1_500_000, "Largest annual pay of a base stated by the month, week, day or hour, USD.", ge=1
    )
    duplicate_days: int = _method(30, "Days within which equal reports of two sources are duplicates.", ge=0)
    fence_multiple: float = _method(5, "Distance of the outlier fence, in scaled MADs of log pay.", gt=0)
    fence_min_mad: float = _method(0.10, "Smallest scaled MAD of log pay for the outlier fence.", gt=0)
    fence_min_reports: int = _method(30, "Smallest number of reports of a reference cell of the outlier fence.", ge=1)
    fence_min_country_reports: int = _method(5, "Smallest number of reports of a country that has a fence.", ge=2)
    fence_crowd_share: float = _method(
        0.10, "Reports within 3 % of each other that count in a fence, as a share of the others.", gt=0
    )
    fence_agreeing_reports: int = _method(
        5, "Number of reports from which an employer or a leaf sets its own fence.", ge=3
    )
    fence_agreed_factor: float = _method(6, "Factor from the reference beyond which no agreement keeps a report.", gt=1)
    min_reports: int = _method(10, "Smallest number of reports of a published cell.", ge=1)
    min_employers: int = _method(3, "Smallest number of known employers of a published cell.", ge=1)
    min_reports_unknown_employers: int = _method(20, "Smallest number of reports if most employers are unknown.", ge=1)
    min_known_employer_share: float = _method(
        0.5, "Weight share of known employers that min_employers needs.", ge=0, le=1
    )
    max_employer_share: float = _method(0.5, "Largest weight share of one employer in a published cell.", gt=0, le=1)
    concentrated_share: float = _method(0.25, "Weight share of one employer above which a cell is concentrated.", gt=0)
    correlation_p50: float = _method(0.26, "Default correlation by employer at P50.", ge=0, le=1)
    correlation_p25_p75: float = _method(0.24, "Default correlation by employer at P25 and P75.", ge=0, le=1)
    correlation_p10_p90: float = _method(0.19, "Default correlation by employer at P10 and P90.", ge=0, le=1)
    max_unknown_factor: float = _method(2, "Largest factor on clustering for reports without an employer.", ge=1)
    mix_variance: float = _method(
        0.03,
        "How much the share of an employer or level in T1 or T2 varies by period: squared coefficient of variation.",
        ge=0,
        le=1,
    )
    min_correlation_employers: int = _method(30, "Employers with two reports in a cell to estimate correlations.", ge=2)
    min_effect_reports: int = _method(5, "Reports that a market needs for an effect of its own in the model.", ge=1)
    min_market_reports: int = _method(30, "Smallest number of reports of a market that has a multiplier.", ge=1)
    variance_prior: float = _method(
        10, "Effective reports that the usual variance of pay counts for beside a country's own.", gt=0
    )
    min_overlap_reports: int = _method(5, "Reports needed on both sides to compare group and baseline in a cell.", ge=1)
    min_overlap_share: float = _method(0.25, "Weight share of a group that must overlap with the baseline.", ge=0, le=1)
    min_effective_employers: float = _method(4, "Effective employers that a modelled figure must rest on.", ge=2)
    part_step: float = _method(
        1, "Step to which parts of the model are rounded, in standard errors of as many unrelated reports.", ge=0
    )
    min_range_cells: int = _method(5, "Comparable cells needed for the range of a premium.", ge=2)
    min_pooled_reports: int = _method(5, "Smallest number of reports of a pooled cell.", ge=1)
    min_modelled_share: float = _method(0.5, "Weight share of a pooled cell that must be in the model.", gt=0, le=1)
    shape_effective_n: float = _method(60, "Effective reports of the cells that show the shape of pay.", gt=0)
    min_shape_reports: int = _method(100, "Smallest number of reports that show the shape of pay in a kind.", ge=2)
    min_shape_employers: int = _method(10, "Smallest number of employers of these reports.", ge=1)
    unsettled_weeks: int = _method(13, "Weeks for which a delivered report is recent.", ge=1)
    unsettled_move: float = _method(
        0.06, "Move of log pay by recent reports above which a cell may be unsettled.", gt=0
    )
    unsettled_errors: float = _method(3.25, "Standard errors that the move must also exceed.", gt=0)
    unsettled_surplus: float = _method(
        2.75, "Recent reports beyond the usual number, in standard errors, above which a cell is judged strictly.", gt=0
    )
    unsettled_surplus_errors: float = _method(1.5, "Standard errors that the move must exceed then.", gt=0)
    unsettled_sources: int = _method(3, "Sources with earlier reports that together confirm a move.", ge=1)
    unsettled_employers: int = _method(10, "Employers with earlier reports that together confirm a move.", ge=1)
    fragile_shift: float = _method(0.10, "Relative change by leaving out one unit above which a cell is fragile.", gt=0)
    coarse_adverts: int = _method(
        1_000, "Adverts of a source from which demand is unknown if no title names LLM work.", ge=1
    )
    claim_tolerance: float = _method(0.025, "Widening of claimed ranges: relative for pay, else absolute.", ge=0)
    max_rejected_share: float = _method(0.20, "Share of rejected rows above which an export is held.", ge=0, le=1)
    doubtful_factor: float = Field(
        1.5, description="Factor beside the pay that is usual in a country from which an export is a warning.", gt=1
    )
    implausible_factor: float = _method(
        3, "Factor beside the pay that is usual in a country from which an export is held.", gt=1
    )

    gate_effective_n: float = _gate(30, "Effective reports that a cell needs in both releases to be compared.", gt=0)
    gate_cell_move: float = _gate(0.10, "Change of P50 above which a cell moved, if intervals are disjoint.", gt=0)
    gate_cells: int = _gate(3, "Cells that must have moved, or be in the wrong order, to hold.", ge=1)
    gate_cells_share: float = _gate(0.20, "Share of a group's compared cells above which moved cells hold.", ge=0, le=1)
    gate_drift: float = _gate(0.05, "Mean |change of log P50| of the compared cells above which to hold.", gt=0)
    gate_left_out_move: float = _gate(0.07, "Change of P50 above which a cell depends on one export or week.", gt=0)
    gate_left_out_share: float = _gate(0.05, "Weight share of a cell below which it cannot depend on one.", ge=0, le=1)
    gate_left_out_cells_share: float = _gate(0.03, "Share of cells that depend on one above which to hold.", ge=0, le=1)
    gate_volume_factor: float = _gate(10, "Factor between a source's rows before and now from which to hold.", gt=1)
    gate_volume_rows: int = _gate(30, "Rows that a source needs, before or now, for that gate.", ge=1)
    gate_export_reports: int = _gate(50, "Reports that a new export needs to be judged by itself.", ge=2)
    gate_residual: float = _gate(0.08, "Log difference of an export from its source above which to hold.", gt=0)
    gate_residual_errors: float = _gate(4, "Standard errors that the difference must also exceed.", gt=0)
    gate_outlier_share: float = _gate(0.20, "Share of outliers in a new export above which to hold.", ge=0, le=1)
    gate_order_share: float = _gate(0.05, "Share of level pairs in the wrong order above which to hold.", ge=0, le=1)
    gate_unknown_share: float = _gate(0.05, "Share of reports with unknown text above which to warn.", ge=0, le=1)
    gate_unknown_rise: float = _gate(0.10, "Rise of that share since the previous release from which to hold.", gt=0)

    disclosure_key: Path | None = Field(
        None,
        description="File of a secret key that protects people in published figures; default one in the marts folder.",
    )
    signing_key: Path | None = Field(None, description="PEM file of an Ed25519 private key, which signs each manifest.")
    exchange_rates_url: str = Field(
        "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip", description="URL of newer exchange rates."
    )
    store_url: str = Field(
        "", description="Object store to mirror to: s3://BUCKET/PREFIX, gs://... or az://...; default none."
    )
    max_unclassified_share: float = Field(0.05, description="Share of reports without a leaf above which to warn.")
    max_unplaced_share: float = Field(0.05, description="Share of reports without a country above which to warn.")
    max_line_bytes: int = Field(8 << 20, description="Largest line or record of an export.", ge=1 << 16)
    max_columns: int = Field(1_000, description="Largest number of columns of an export.", ge=1)
    max_inflated_bytes: int = Field(8 << 30, description="Largest size of a decompressed export.", ge=1)
    max_inflation_ratio: int = Field(250, description="Largest compression ratio beyond the first 64 MiB.", ge=1)
    max_read_seconds: float = Field(
        30, description="Seconds of processor time to read an export, plus 60 for every 100 MB.", gt=0
    )
    max_read_memory: int = Field(1 << 30, description="Bytes of memory to read an export.", ge=1 << 26)
    max_extra_rows: int = Field(100_000, description="Rows of an export beyond one for each of its bytes.", ge=0)
    idle_days: int = Field(
        7, description="Age in days of the newest release from which a refresh of unchanged exports publishes.", ge=0
    )
    memory_limit: str | None = Field(
        None,
        description="Memory of DuckDB, such as 2GB, beyond which it spills to the work folder; default its own.",
        pattern=r"^[0-9]+(\.[0-9]+)? ?[KMGT]i?B$",
    )
    settle_seconds: float = Field(2, description="Seconds for which a file must be unchanged before it is read.", ge=0)
    settle_timeout_seconds: float = Field(30, description="Seconds to wait for a file that is still changing.", ge=0)
    lock_wait_seconds: float = Field(600, description="Seconds to wait for another refresh.", ge=0)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources by precedence: flags, environment, file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    def method(self) -> dict[str, float]:
        """Return the settings that change published figures, by name."""
        return {
            name: getattr(self, name)
            for name, field in type(self).model_fields.items()
            if isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get("method")
        }


def load(**flags: Any) -> Settings:
    """Load the settings from all sources, and lay their reference folder over the package's.

    A flag that is None was not given.

    Raises:
        UsageError: A setting is unknown or invalid. The message names it, its value and the problem.
    """
    if unknown := [name for name in sorted(os.environ) if _is_unknown(name)]:
        lines = [f"variable {name}: {_no_setting(name[len(PREFIX) :].lower(), PREFIX)}" for name in unknown]
        raise UsageError("\n".join(lines))
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        settings = _loaded(json.dumps(given, sort_keys=True, default=str), _elsewhere())
    except ValidationError as error:
        raise UsageError("\n".join(map(_line, error.errors()))) from None
    except ValueError as error:  # a TOML file that does not parse
        raise UsageError(f"{TOML_FILE}: {error}; fix or remove the file") from None
    if settings.reference and not settings.reference.is_dir():
        raise UsageError(
            f"reference {settings.reference} is no folder; make it with `salary-bands reference init`, or unset it"
        )
    lay_over(settings.reference and settings.reference.resolve())
    return settings


@lru_cache(maxsize=16)
def _loaded(flags: str, elsewhere: tuple[object, ...]) -> Settings:
    """Load settings of flags in JSON. A refresh asks for the same ones before every asset."""
    return Settings(**json.loads(flags))


def _elsewhere() -> tuple[object, ...]:
    """What settings depend on beside flags: the environment and the file."""
    path = Path(TOML_FILE).absolute()
    status = path.stat() if path.is_file() else None
    of_environment = sorted(pair for pair in os.environ.items() if pair[0].upper().startswith(PREFIX))
    return (str(path), status and (status.st_mtime_ns, status.st_size, status.st_ino), *of_environment)


def _is_unknown(variable: str) -> bool:
    """True if a variable is meant for us and is no setting, which is most often a slip of the pen."""
    name = variable.upper()
    return name.startswith(PREFIX) and name[len(PREFIX) :].lower() not in Settings.model_fields


def _no_setting(name: str, prefix: str = "") -> str:
    """Say that there is no setting of that name, and which one may be meant."""
    near = nearest_name(name, {field: field for field in Settings.model_fields})
    meant = (prefix + near.upper() if prefix else near) if near else ""
    return f"no setting has this name; {f'did you mean {meant}?' if meant else 'remove it, or fix its name'}"


def _line(error: Any) -> str:
    name = ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        return f"setting {name}: {_no_setting(name)} (in {TOML_FILE})"
    return f"setting {name}: {error['msg']} (given: {error['input']!r}); check {TOML_FILE}, {PREFIX}* and the flags"
