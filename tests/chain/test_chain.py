"""The whole chain on a small native export, without dagster."""

from collections.abc import Callable

from salary_bands.aggregate.checks import contract_faults
from tests.builders.candidates import Built
from tests.builders.exports import native_row


def test_a_small_export_becomes_bands(built: Callable[..., Built]) -> None:
    result = built([native_row(n) for n in range(40)])
    assert result.ledger() == {("used", ""): 40}
    bands = result.table("bands").set_index(["view", "group_id", "tier", "level", "market", "metric"])
    cell = bands.loc[("leaf", "ml_generalist", "all", "L4", "us-seattle", "base")]
    assert (cell["n_reports"], cell["basis"]) == (40, "direct")
    assert abs(cell["p50"] - 170_000) <= 4_000  # ranks move by up to 3.2, and pay rises by 1,000 a rank
    assert contract_faults(result.candidate) == []
