"""Every threshold and path in one place.

Later wins: the defaults here, `salary_bands.toml` in the current directory, `SALARY_BANDS_<NAME>` in the
environment, flags. The `method` group stands in every release's manifest under `settings`.
"""

from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from salary_bands.errors import UsageError

TOML_FILE = "salary_bands.toml"


def _method(default: float, description: str, **constraints: Any) -> Any:
    """A setting that changes published figures, and so belongs to the method."""
    return Field(default, description=description, json_schema_extra={"method": True}, **constraints)


def _gate(default: float, description: str, **constraints: Any) -> Any:
    """A threshold of a gate: it decides whether figures are published and never what they are, so it is no method."""
    return Field(default, description=description, **constraints)


class Settings(BaseSettings):
    """The settings of one refresh. Field descriptions are the documentation."""

    model_config = SettingsConfigDict(
        env_prefix="SALARY_BANDS_", toml_file=TOML_FILE, extra="forbid", frozen=True, validate_default=True
    )

    raw: Path = Field(Path("data/raw"), description="Folder of exports: RAW/<source>/<file>.")
    marts: Path = Field(Path("data/marts"), description="Folder of releases, the mart and the pointers.")
    work: Path = Field(Path("data/work"), description="Folder of intermediate Parquet parts; safe to delete.")

    window_months: int = _method(12, "Months before as_of that count.", ge=1)
    half_life_months: int = _method(6, "Months after which a report weighs half.", ge=1)
    full_time_hours: float = _method(30, "Hours a week from which employment is full time.", gt=0)
    hours_per_week: float = _method(40, "Hours of a full-time week where none are stated.", gt=0)
    weeks_per_year: int = _method(52, "Weeks in a paid year.", ge=1)
    days_per_year: int = _method(260, "Days in a paid year.", ge=1)
    total_tolerance: float = _method(0.02, "Relative difference at which a stated total wins over its parts.", ge=0)
    min_annual_usd: int = _method(1_000, "Annual pay below this is rejected as absurd, USD.", ge=0)
    max_annual_usd: int = _method(20_000_000, "Annual pay above this is rejected as absurd, USD.", ge=1)
    duplicate_days: int = _method(30, "Days apart within which equal reports of two sources are one.", ge=0)
    fence_multiple: float = _method(5, "Outlier fence in scaled MADs of log pay.", gt=0)
    fence_min_mad: float = _method(0.10, "Smallest scaled MAD of log pay used for the fence.", gt=0)
    fence_min_reports: int = _method(30, "Reports a reference cell needs to fence outliers.", ge=1)
    min_reports: int = _method(10, "Reports a published cell needs.", ge=1)
    min_employers: int = _method(3, "Known employers a published cell needs.", ge=1)
    min_reports_unknown_employers: int = _method(20, "Reports a cell needs where most employers are unknown.", ge=1)
    min_known_employer_share: float = _method(0.5, "Weight share of known employers from which they count.", ge=0, le=1)
    max_employer_share: float = _method(0.5, "Largest weight share of one employer in a published cell.", gt=0, le=1)
    concentrated_share: float = _method(0.25, "Weight share of one employer above which a cell is concentrated.", gt=0)
    correlation_p50: float = _method(0.26, "Correlation of P50 by employer where too few employers tell.", ge=0, le=1)
    correlation_p25_p75: float = _method(0.24, "The same of P25 and P75.", ge=0, le=1)
    correlation_p10_p90: float = _method(0.19, "The same of P10 and P90.", ge=0, le=1)
    max_unknown_factor: float = _method(2, "By how much reports without an employer may raise that.", ge=1)
    min_correlation_employers: int = _method(30, "Employers with two reports in a cell that tell it.", ge=2)
    min_market_reports: int = _method(30, "Reports in the fit that a market needs to stand alone in it.", ge=1)
    min_overlap_reports: int = _method(5, "Reports that make a cell of group and baseline comparable.", ge=1)
    min_overlap_share: float = _method(0.25, "Weight share of a group beside the baseline to identify it.", ge=0, le=1)
    min_effective_employers: float = _method(4, "Effective employers that identify an effect.", ge=2)
    min_range_cells: int = _method(5, "Comparable cells that tell the range of a premium.", ge=2)
    min_pooled_reports: int = _method(5, "Reports a cell pooled with the model needs.", ge=1)
    min_modelled_share: float = _method(0.5, "Weight share of modelled reports a pooled cell needs.", gt=0, le=1)
    shape_effective_n: float = _method(60, "Effective reports of cells that the shape of pay is read from.", gt=0)
    fragile_shift: float = _method(0.10, "Relative move by one left out above which a cell is fragile.", gt=0)
    claim_tolerance: float = _method(0.025, "By how much claimed ranges are widened: of pay, or points.", ge=0)
    max_rejected_share: float = _method(0.20, "Share of rejected rows above which a whole export is held.", ge=0, le=1)

    gate_effective_n: float = _gate(30, "Effective reports a cell needs in both releases to be compared.", gt=0)
    gate_cell_move: float = _gate(0.10, "Relative move of P50 above which a cell moved, intervals apart.", gt=0)
    gate_cells: int = _gate(3, "Cells that must have moved, or stand in the wrong order, to hold.", ge=1)
    gate_cells_share: float = _gate(0.20, "Share of a group's compared cells above which they hold.", ge=0, le=1)
    gate_drift: float = _gate(0.05, "Mean |change of log P50| of the compared cells above which to hold.", gt=0)
    gate_left_out_move: float = _gate(0.07, "Move of P50 above which one export or week bears a cell.", gt=0)
    gate_left_out_share: float = _gate(0.05, "Weight share of a cell below which they do not bear it.", ge=0, le=1)
    gate_left_out_cells_share: float = _gate(0.03, "Share of all compared cells so borne that holds.", ge=0, le=1)
    gate_volume_factor: float = _gate(10, "Change of a source's rows from which to hold.", gt=1)
    gate_volume_rows: int = _gate(30, "Rows a source needs, before or now, for that.", ge=1)
    gate_export_reports: int = _gate(50, "Reports a new export needs to be judged by itself.", ge=2)
    gate_residual: float = _gate(0.08, "Difference of an export from its source's others above which to hold.", gt=0)
    gate_residual_errors: float = _gate(4, "Standard errors above which that difference holds.", gt=0)
    gate_outlier_share: float = _gate(0.20, "Share of outliers in a new export above which to hold.", ge=0, le=1)
    gate_order_share: float = _gate(0.05, "Share of neighbouring levels in the wrong order to hold.", ge=0, le=1)
    gate_unknown_share: float = _gate(0.05, "Share of reports with an unknown text above which to warn.", ge=0, le=1)
    gate_unknown_rise: float = _gate(0.10, "Rise of that share since the last release from which to hold.", gt=0)

    signing_key: Path | None = Field(None, description="PEM of an Ed25519 private key that signs each manifest.")
    exchange_rates_url: str = Field(
        "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip", description="Where newer rates are fetched."
    )
    store_url: str = Field(
        "", description="Object store that every refresh mirrors to, s3://BUCKET/PREFIX, gs://... or az://...; none."
    )
    max_unclassified_share: float = Field(0.05, description="Share of reports without a leaf above which to warn.")
    max_unplaced_share: float = Field(0.05, description="Share of reports without a country above which to warn.")
    max_line_bytes: int = Field(8 << 20, description="Longest line or record that is read.", ge=1 << 16)
    max_columns: int = Field(1_000, description="Most columns an export may have.", ge=1)
    max_inflated_bytes: int = Field(8 << 30, description="Most bytes a compressed export may inflate to.", ge=1)
    max_inflation_ratio: int = Field(250, description="Largest inflation, counted beyond the first 64 MiB.", ge=1)
    settle_seconds: float = Field(2, description="A file must have stood still this long before it is read.", ge=0)
    settle_timeout_seconds: float = Field(30, description="How long a refresh waits for a file to stand still.", ge=0)
    lock_wait_seconds: float = Field(600, description="How long a refresh waits for another one.", ge=0)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags over environment over file over defaults."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    def method(self) -> dict[str, float]:
        """The settings that change published figures, by name."""
        return {
            name: getattr(self, name)
            for name, field in type(self).model_fields.items()
            if isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get("method")
        }


def load(**flags: Any) -> Settings:
    """Settings from all sources; flags that are None were not given.

    Raises UsageError naming the setting, its value and what is wrong with it.
    """
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        lines = [
            f"setting {'.'.join(map(str, e['loc']))}: {e['msg']} (given: {e['input']!r}); "
            f"see {TOML_FILE}, SALARY_BANDS_* and the flags"
            for e in error.errors()
        ]
        raise UsageError("\n".join(lines)) from None
    except ValueError as error:  # a TOML file that does not parse
        raise UsageError(f"{TOML_FILE}: {error}; mend the file or remove it") from None
