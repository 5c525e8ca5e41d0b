"""What a gate holds is published once it is accepted with a reason, by the command and in dagster, and says so."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import dagster as dg
import pytest
from typer.testing import CliRunner

from salary_bands.cli.commands import app
from salary_bands.errors import UsageError
from salary_bands.gates.accept import STRUCTURAL, Accepted
from salary_bands.gates.rules import GATES
from salary_bands.orchestration import definitions, defs
from salary_bands.orchestration.resources import Pipeline
from salary_bands.releases.manifest import Gate
from salary_bands.releases.marts import Marts
from salary_bands.settings import Settings
from tests.builders.candidates import keep_tables
from tests.builders.weeks import EXPORTS, NOW, World, new_people, vague


@dataclass
class Answer:
    code: int
    out: str
    err: list[str]


@pytest.fixture
def command(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    """A refresh over the folders of `settings`, or of others."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(*options: str, over: Settings = settings, as_of: str = NOW) -> Answer:
        for name in ("raw", "marts", "work", "settle_seconds"):
            monkeypatch.setenv(f"SALARY_BANDS_{name.upper()}", str(getattr(over, name)))
        result = CliRunner().invoke(app, ["refresh", "--as-of", as_of, *options])
        return Answer(result.exit_code, result.stdout, result.stderr.splitlines())

    return run


@pytest.fixture
def refresh(world: World, command: Callable[..., Answer]) -> Callable[..., Answer]:
    return partial(command, over=world.settings)


def test_two_gates_hold_until_both_are_accepted_and_the_manifest_says_why(
    world: World, refresh: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    world.write("south/1.csv", EXPORTS["south/1.csv"][:34])
    world.write("north/titles.csv", vague(new_people(180)))
    published = world.hashes()
    held = refresh()
    assert held.code == 1
    messages = held.err[held.err.index("error: held by a check, nothing published") + 1 :]
    assert [m.split(":")[0] for m in messages] == ["volume", "unknown_share"]
    assert world.hashes() == published
    keep_tables(monkeypatch)
    both = ("--accept", "volume", "--accept", "unknown_share", "--accept", "pay_drift")
    done = refresh(*both, "--reason", "a new  year of pay")
    assert done.code == 0 and done.out.splitlines()[-1] == "published 2026.06.07"
    assert "pay_drift: did not hold; --accept was not needed" in done.err
    assert any(line.startswith("volume: accepted (a new year of pay): source south") for line in done.err)
    reasons = [Gate(gate=gate, reason="a new year of pay") for gate in ("volume", "unknown_share")]
    assert world.marts.manifest("2026.06.07").accepted == reasons
    again = refresh("--accept", "volume", "--reason", "once more")
    assert again.code == 0 and "volume: nothing new to publish; --accept was not needed" in again.err
    assert len(world.marts.releases()) == 2


def test_a_release_that_no_gate_would_have_held_accepts_nothing(
    built_first: Settings, command: Callable[..., Answer]
) -> None:
    done = command("--accept", "volume", "--reason", "just in case", "--json", as_of="2026-06-30")
    assert done.code == 0 and "volume: did not hold; --accept was not needed" in done.err
    manifest = Marts(built_first.marts).manifest("2026.06.30")
    assert json.loads(done.out)["accepted"] == manifest.accepted == []
    assert manifest.method.coverage == {"title": 0.0, "employer": 0.2, "level": 0.0, "place": 0.0}
    assert not any(name.startswith("gate_") for name in manifest.settings)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--accept", "volume"), '--accept needs --reason "..."'),
        (("--accept", "volume", "--reason", "  "), '--accept needs --reason "..."'),
        (("--reason", "because"), "name the gate with --accept"),
        (("--accept", "mood", "--reason", "because"), f"no gate of that name; there are {', '.join(GATES)}"),
        (("--accept", "assert_percentiles_ascend", "--reason", "because"), "is structural"),
        (("--accept", "tables_keep_their_contract", "--reason", "because"), "is structural"),
    ],
)
def test_accepting_what_cannot_be_accepted_is_wrong_usage(
    command: Callable[..., Answer], options: tuple[str, ...], words: str
) -> None:
    done = command(*options)
    assert done.code == 2 and len(done.err) == 1 and words in done.err[0], done


# the same in dagster


def test_every_gate_is_a_blocking_check_of_the_candidate() -> None:
    graph = defs.resolve_asset_graph()
    found = {k.name: k for k in graph.asset_check_keys if k.asset_key == dg.AssetKey("candidate")}
    assert {f"gate_{gate}" for gate in GATES} | set(STRUCTURAL) == set(found)
    assert all(graph.get_check_spec(key).blocking for key in found.values())


def test_a_gate_holds_in_dagster_and_is_accepted_in_the_run_config(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (world.settings.raw / "south" / "1.csv").unlink()
    instance = dg.DagsterInstance.ephemeral()
    job = definitions(Pipeline.of(world.settings)).resolve_job_def("publish")

    def run(**acceptance: Any) -> dg.ExecuteInProcessResult:
        ops = {"window_reports": {"config": {"as_of": NOW}}, "candidate_checks": {"config": acceptance}}
        return job.execute_in_process(instance=instance, raise_on_error=False, run_config={"ops": ops})

    held = run()
    [failed] = [c for c in held.get_asset_check_evaluations() if not c.passed and c.blocking]
    assert not held.success and failed.check_name == "gate_volume" and failed.blocking
    assert "source south: 350 rows" in (failed.description or "") and "--accept volume" in (failed.description or "")
    assert len(world.marts.releases()) == 1
    keep_tables(monkeypatch)
    assert run(accept=["volume"], reason="south is closed").success
    assert world.marts.manifest("2026.06.07").accepted == [Gate(gate="volume", reason="south is closed")]


def test_a_gate_is_named_with_or_without_its_prefix_and_once() -> None:
    assert Accepted.of(["gate_volume", "volume"], " it is\nso ") == Accepted(("volume",), "it is so")
    assert Accepted.of([], None) == Accepted()
    with pytest.raises(UsageError, match="no gate of that name"):
        Accepted.of(["volumes"], "because")
