"""Commands that manage releases: verify, roll back, withdraw, prune, pull and serve."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from salary_bands.cli.common import AsJson, MartsFolder, marts_in, out, print_json, say

if TYPE_CHECKING:
    from salary_bands.releases.marts import Marts

PublicKey = Annotated[
    Path | None, typer.Option("--public-key", help="PEM file of the publisher's Ed25519 key, which must have signed.")
]
Wait = Annotated[
    float | None, typer.Option("--wait", help="Seconds to wait for a running refresh.", show_default="600")
]


def verify(
    marts: Annotated[
        str | None, typer.Option("--marts", help="Folder or http(s) URL of releases.", show_default="data/marts")
    ] = None,
    release: Annotated[
        str | None, typer.Option("--release", help="Version of a release.", show_default="the latest")
    ] = None,
    all_releases: Annotated[bool, typer.Option("--all", help="Verify every release.")] = False,
    public_key: PublicKey = None,
    as_json: AsJson = False,
) -> None:
    """Check every byte of a release against its manifest, the pointers, the mart, and the signature."""
    from salary_bands.distribute.verify import verify as check
    from salary_bands.errors import UsageError
    from salary_bands.settings import load

    if release and all_releases:
        raise UsageError("--release and --all exclude each other; give one of them")
    where = marts if marts and "://" in marts else load(marts=marts).marts
    found = check(where, release, all_releases, public_key)
    if as_json:
        print_json({"ok": found.ok, **asdict(found)})
    else:
        for fault in found.faults:
            out.print(fault.line(), highlight=False, markup=False)
        signed = ", ".join(sorted({s for s in found.signatures.values() if s != "none"}))
        what = f"{', '.join(found.releases) or 'no release'}: {found.files:,} files, {found.bytes:,} bytes"
        state = "ok" if found.ok else f"{len(found.faults):,} fault{'s' if len(found.faults) > 1 else ''}"
        out.print(f"{state}  {what}{f', signature {signed}' if signed else ''}", highlight=False, markup=False)
    if not found.ok:
        raise typer.Exit(1)


def rollback(
    version: Annotated[
        str | None, typer.Argument(help="Release to point at.", show_default="the one before the latest")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why; recorded in releases.json.")] = None,
    marts: MartsFolder = None,
    wait: Wait = None,
) -> None:
    """Point readers at an earlier release until a new release with other content is published."""
    from salary_bands.publish import pointers

    with _locked(marts, wait) as found:
        say(f"latest.json and the mart now have release {pointers.rollback(found, version, reason)}")


def withdraw(
    version: Annotated[str, typer.Argument(help="Release to mark.")],
    reason: Annotated[str | None, typer.Option(help="Why; recorded in releases.json. Required.")] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Undo the withdrawal.")] = False,
    marts: MartsFolder = None,
    wait: Wait = None,
) -> None:
    """Mark a release as withdrawn, so that sites stop using it; no file is deleted."""
    from salary_bands.errors import UsageError
    from salary_bands.publish import pointers
    from salary_bands.releases.pointers import newest

    if not undo and not (reason or "").strip():
        raise UsageError("--reason is missing; say why the release is withdrawn")
    with _locked(marts, wait) as found:
        if undo:
            pointers.reinstate(found, version)
        else:
            pointers.withdraw(found, version, str(reason).strip())
        latest = newest(found.releases())
    say(f"{version} is {'published again' if undo else 'withdrawn'}")
    say(f"the latest is {latest.version}" if latest else "no release is published any more")


def prune(
    keep: Annotated[int, typer.Option(help="Number of newest releases to keep; the latest is always kept.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would be removed, and remove nothing.")] = False,
    marts: MartsFolder = None,
    wait: Wait = None,
    as_json: AsJson = False,
) -> None:
    """Remove the folders of old releases; they remain listed, but are no longer in history_bands."""
    from salary_bands.publish import pointers

    with _locked(marts, wait) as found:
        versions = pointers.prune(found, keep, dry_run)
    if as_json:
        print_json({"pruned": versions, "dry_run": dry_run})
        return
    for version in versions:
        out.print(f"{'would remove' if dry_run else 'removed'} {version}", highlight=False)
    if not versions:
        say("nothing to remove")


def pull(
    url: Annotated[str, typer.Argument(help="http(s) URL of a published marts folder.")],
    to: Annotated[Path, typer.Option(help="Folder to download to, which becomes a marts folder.")],
    release: Annotated[
        str | None, typer.Option("--release", help="Version to download.", show_default="the latest")
    ] = None,
    public_key: PublicKey = None,
    keep_history: Annotated[bool, typer.Option("--keep-history", help="Keep releases pulled before.")] = False,
    max_age: Annotated[
        int | None, typer.Option("--max-age", help="Days since the pointers were signed, at most.", min=0)
    ] = None,
    wait: Wait = None,
    as_json: AsJson = False,
) -> None:
    """Download a published release: only changed files, every byte verified, all or nothing."""
    from salary_bands.distribute.pull import PullRequest
    from salary_bands.distribute.pull import pull as bring
    from salary_bands.settings import load

    request = PullRequest(url, to, release, public_key, keep_history, max_age)
    found = bring(request, load(lock_wait_seconds=wait).lock_wait_seconds, say)
    if as_json:
        print_json(asdict(found))
        return
    what = f"{found.fetched:,} files fetched, {found.bytes:,} bytes, {found.reused:,} files reused"
    version = found.version or "no release is published"
    out.print(f"{version}  {what if found.changed else 'nothing new'}", highlight=False)
    for removed in found.removed:
        out.print(f"removed {removed}", highlight=False)


def serve(
    marts: MartsFolder = None,
    port: Annotated[int, typer.Option(help="Port; 0 for any free port.", min=0, max=65535)] = 8000,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for all interfaces.")] = "127.0.0.1",
) -> None:
    """Serve the marts folder over HTTP, read-only and cacheable, for trials and small sites."""
    from salary_bands.distribute.serve import server

    with server(marts_in(marts).folder, host, port) as running:
        say(f"serving {running.folder} at http://{host}:{running.server_port}/; press Ctrl+C to stop")
        with suppress(KeyboardInterrupt):
            running.serve_forever()


@contextmanager
def _locked(folder: Path | None, wait: float | None) -> "Iterator[Marts]":
    """Lock the marts folder, and repair what a crash may have left."""
    from salary_bands.publish.pointers import sign_pointers
    from salary_bands.publish.publication import repair
    from salary_bands.releases.marts import Marts
    from salary_bands.settings import load
    from salary_bands.storage.locks import refresh_lock

    settings = load(marts=folder, lock_wait_seconds=wait)
    found = Marts(settings.marts)
    found.listed()  # else nothing is published, and no folder is to be made
    with refresh_lock([found.folder], settings.lock_wait_seconds, say):
        for line in repair(found):
            say(line)
        try:
            yield found
        finally:
            sign_pointers(found, settings.signing_key)
