"""A reader with the publisher's key follows signed pointers; nothing unsigned takes back what it has verified."""

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from salary_bands.distribute.pull import Pulled, PullRequest, pull
from salary_bands.distribute.remote import Limits
from salary_bands.distribute.verify import verify
from salary_bands.errors import RefreshError, UsageError
from salary_bands.publish.pointers import list_release, rollback, sign_pointers, withdraw
from salary_bands.releases.documents import DocumentError
from salary_bands.releases.marts import Marts
from salary_bands.releases.signing import public_key, sign_manifest
from salary_bands.releases.statement import POINTERS, next_statement, read_statement
from tests.builders.shelves import latest, put_release, quick_marts, shelf
from tests.hostile.publisher import Publisher, publisher

OLD, NEW, NEXT = "2026.01.31", "2026.02.28", "2026.03.31"
LIMITS = Limits(connect=2, silence=5, tries=1, backoff=0)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick_marts(monkeypatch)
    monkeypatch.setattr("salary_bands.distribute.pull.time.sleep", lambda _: None)


def write_key(folder: Path, name: str) -> Path:
    """Write NAME.pem and NAME.pub; return the first."""
    key = Ed25519PrivateKey.generate()
    plain, pem = serialization.NoEncryption(), serialization.Encoding.PEM
    (folder / f"{name}.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / f"{name}.pub").write_bytes(public)
    return folder / f"{name}.pem"


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with keys and a publication of two releases, signed as today's."""
    folder = tmp_path_factory.mktemp("signed")
    key = write_key(folder, "ours")
    write_key(folder, "theirs")
    marts = shelf(folder / "marts", OLD, NEW)
    for version in (OLD, NEW):
        sign_manifest(marts.release(version), key)
    sign_pointers(marts, key)
    return folder


@pytest.fixture
def server(signed: Path, tmp_path: Path) -> Iterator[Publisher]:
    shutil.copytree(signed, tmp_path / "signed")
    with publisher(tmp_path / "signed" / "marts") as running:
        yield running


@pytest.fixture
def site(tmp_path: Path) -> Marts:
    return Marts(tmp_path / "site")


def theirs(server: Publisher) -> Marts:
    return Marts(server.folder)


def key_of(server: Publisher) -> Path:
    return server.folder.parent / "ours.pem"


def bring(server: Publisher, site: Marts, **options: Any) -> Pulled:
    request = {"public_key": key_of(server).with_suffix(".pub"), **options}
    return pull(PullRequest(server.url, site.folder, **request), limits=LIMITS)


def state(server: Publisher) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in server.folder.glob("*.json")}


def restore(server: Publisher, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (server.folder / name).write_bytes(content)


def resign(server: Publisher, day: date, key: Path | None = None) -> None:
    """Sign the pointers as they are, as of a day."""
    path = server.folder / POINTERS
    before = read_statement(path.read_bytes())
    path.write_text(
        next_statement(before, before.latest, before.releases, day, 0, key or key_of(server)).text(),  # type: ignore[union-attr]
        encoding="utf-8",
    )


def test_what_the_publisher_has_signed_is_followed_forward_and_back(server: Publisher, site: Marts) -> None:
    assert bring(server, site, max_age=1).version == NEW
    assert bring(server, site).changed is False
    withdraw(theirs(server), NEW, "one person is identifiable")
    sign_pointers(theirs(server), key_of(server))
    found = bring(server, site)
    assert (found.version, found.removed, latest(site)) == (OLD, [NEW], OLD)
    put_release(theirs(server), NEXT)
    sign_manifest(theirs(server).release(NEXT), key_of(server))
    list_release(theirs(server), NEXT)
    sign_pointers(theirs(server), key_of(server))
    assert bring(server, site).version == NEXT


def unsigned_withdrawal(server: Publisher) -> None:
    withdraw(theirs(server), NEW, "says a stranger")


def unsigned_rollback(server: Publisher) -> None:
    rollback(theirs(server), None, None)


def without_statement(server: Publisher) -> None:
    (server.folder / POINTERS).unlink()


def of_another_key(server: Publisher) -> None:
    resign(server, datetime.now(UTC).date() + timedelta(1), server.folder.parent / "theirs.pem")


def no_statement_at_all(server: Publisher) -> None:
    (server.folder / POINTERS).write_text("{}", encoding="utf-8")


def with_another_number(server: Publisher) -> None:
    path = server.folder / POINTERS
    document = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**document, "sequence": document["sequence"] + 1}), encoding="utf-8")


@pytest.mark.parametrize(
    ("trick", "says"),
    [
        (unsigned_withdrawal, "is of other pointers than are there"),
        (unsigned_rollback, "is of other pointers than are there"),
        (without_statement, "is missing, but was there before"),
        (of_another_key, "is not signed by this key"),
        (no_statement_at_all, "sequence is missing"),
        (with_another_number, "is not signed by this key"),
    ],
)
def test_nothing_that_is_not_signed_changes_a_verified_copy(
    server: Publisher, site: Marts, trick: Callable[[Publisher], None], says: str
) -> None:
    bring(server, site)
    trick(server)
    with pytest.raises(RefreshError, match=says) as raised:
        bring(server, site)
    assert "\n" not in str(raised.value)
    assert latest(site) == NEW and verify(site.folder, all_releases=True).ok


def test_an_old_state_is_refused_though_it_was_signed_once(server: Publisher, site: Marts) -> None:
    before = state(server)
    withdraw(theirs(server), NEW, "wrong rates")
    sign_pointers(theirs(server), key_of(server))
    assert bring(server, site).version == OLD
    restore(server, before)
    with pytest.raises(RefreshError, match="goes back from number"):
        bring(server, site)
    assert latest(site) == OLD


def test_pointers_that_nobody_signs_any_more_are_too_old(server: Publisher, site: Marts) -> None:
    resign(server, datetime.now(UTC).date() - timedelta(9))
    assert bring(server, site, max_age=9).version == NEW
    with pytest.raises(RefreshError, match="and --max-age allows 8"):
        bring(server, site, max_age=8)
    with pytest.raises(UsageError, match="--public-key"):
        bring(server, site, max_age=8, public_key=None)
    sign_pointers(theirs(server), key_of(server))  # as every refresh does
    assert bring(server, site, max_age=0).changed is False


def test_a_publisher_who_signs_only_releases_is_followed_forward_only(server: Publisher, site: Marts) -> None:
    without_statement(server)
    withdraw(theirs(server), NEW, "x")
    assert bring(server, site).version == OLD
    put_release(theirs(server), NEXT)
    sign_manifest(theirs(server).release(NEXT), key_of(server))
    list_release(theirs(server), NEXT)
    found = bring(server, site)
    assert (found.version, found.removed) == (NEXT, [])  # OLD stays: nobody has signed that it may go
    withdraw(theirs(server), NEXT, "says a stranger")
    with pytest.raises(RefreshError, match=f"{NEXT} is withdrawn, and that is not signed"):
        bring(server, site)
    assert latest(site) == NEXT and site.has(OLD)
    with pytest.raises(RefreshError, match="omit --max-age"):
        bring(server, Marts(site.folder.parent / "other"), max_age=3)


def test_the_number_rises_even_if_the_statement_is_lost(signed: Path, tmp_path: Path) -> None:
    shutil.copytree(signed / "marts", tmp_path / "marts")
    marts, key = Marts(tmp_path / "marts"), signed / "ours.pem"
    first = read_statement((marts.folder / POINTERS).read_bytes(), public_key(signed / "ours.pub"))
    sign_pointers(marts, key)
    assert read_statement((marts.folder / POINTERS).read_bytes()) == first  # nothing new today
    withdraw(marts, NEW, "x")
    sign_pointers(marts, key)
    second = read_statement((marts.folder / POINTERS).read_bytes())
    (marts.folder / POINTERS).unlink()
    withdraw(marts, OLD, "x")
    sign_pointers(marts, key)
    third = read_statement((marts.folder / POINTERS).read_bytes())
    assert third.latest is None and first.sequence < second.sequence <= third.sequence + 2
    assert third.sequence > 1_700_000_000


def test_verify_checks_the_statement(signed: Path, tmp_path: Path) -> None:
    shutil.copytree(signed / "marts", tmp_path / "marts")
    marts = Marts(tmp_path / "marts")
    assert verify(marts.folder, key=signed / "ours.pub").ok
    [wrong] = [f for f in verify(marts.folder, key=signed / "theirs.pub").faults if f.file == POINTERS]
    assert wrong.what == "is not signed by this key"
    withdraw(marts, OLD, "x")
    [other] = verify(marts.folder, key=signed / "ours.pub").faults
    assert (other.file, other.what) == (POINTERS, "is of other pointers than are there")


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"sequence": 1e400}', b"[" * 100_000])
def test_what_is_no_statement_is_one_line(content: bytes) -> None:
    with pytest.raises(DocumentError) as raised:
        read_statement(content)
    assert "\n" not in str(raised.value)
