"""What is done to a refresh. Each fault takes a trial, lets the refresh run, and returns once that has ended."""

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.chaos.processes import Before, ended, kill, start
from tests.chaos.world import NEW, arguments

PATIENCE = 300  # seconds after which a run has hung


@dataclass
class Trial:
    """One refresh that something happens to. usual: seconds that it takes otherwise. notes: what happened."""

    folder: Path
    chance: random.Random
    usual: float
    new: bytes
    notes: list[str] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)

    @property
    def log(self) -> Path:
        return self.folder / "log.txt"

    def start(self, command: str = "refresh", *others: str, before: Before = lambda: None) -> int:
        return start(arguments(self.folder, command, *others), self.log, before)

    def wait(self, *processes: int) -> None:
        for process in processes:
            code = ended(process, PATIENCE)
            if code is None:
                kill(process)
                os.waitpid(process, 0)
                self.notes.append("hung")
            self.codes.append(99 if code is None else code)

    def run(self, before: Before = lambda: None) -> None:
        self.wait(self.start(before=before))

    def moment(self) -> float:
        """A point in time of the whole refresh."""
        return self.chance.uniform(0, 1.05) * self.usual


def _signalled(what: int) -> Callable[[Trial], None]:
    def fault(trial: Trial) -> None:
        process = trial.start()
        code = ended(process, trial.moment())
        if code is None:
            kill(process, what)
            trial.wait(process)
        else:
            trial.codes.append(code)
            trial.notes.append("too late")

    return fault


def reader_killed(trial: Trial) -> None:
    """Kill whatever the refresh has started, not the refresh."""
    process = trial.start()
    deadline = time.monotonic() + trial.usual
    wanted = trial.chance.randint(1, 2)
    while time.monotonic() < deadline and wanted:
        found = subprocess.run(
            ["pgrep", "-P", str(process)], capture_output=True, text=True, check=False
        ).stdout.split()
        if found:
            time.sleep(trial.chance.uniform(0, 1.5))
            for child in found:
                try:
                    os.kill(int(child), signal.SIGKILL)
                    trial.notes.append("killed a reader")
                except ProcessLookupError:
                    pass
            wanted -= 1
        time.sleep(0.02)
    trial.wait(process)


def full_disk(trial: Trial) -> None:
    """Put the trial on a small tmpfs; where none can be mounted, limit the size of files."""
    kept = trial.folder.with_name(trial.folder.name + ".kept")
    shutil.move(trial.folder, kept)
    trial.folder.mkdir()
    used = sum(p.stat().st_size + 4096 for p in kept.rglob("*"))
    size = used + trial.chance.randrange(8_000, 9_000_000)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(trial.folder)], capture_output=True, check=False
    )
    shutil.copytree(kept, trial.folder, dirs_exist_ok=True, copy_function=shutil.copy2)
    shutil.rmtree(kept)
    if mounted.returncode:
        trial.notes.append("no tmpfs")
        small_files(trial)
        return
    trial.notes.append(f"{(size - used) >> 10} KiB free")
    trial.run()
    subprocess.run(["mount", "-o", "remount,size=200m", str(trial.folder)], check=True)


def small_files(trial: Trial) -> None:
    most = trial.chance.randrange(200, 400_000)
    trial.notes.append(f"files of {most >> 10} KiB at most")
    trial.run(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)))


def few_files(trial: Trial) -> None:
    most = trial.chance.randrange(12, 60)
    trial.notes.append(f"{most} open files at most")
    trial.run(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (most, most)))


def read_only_marts(trial: Trial) -> None:
    """Refuse every write under the marts folder, from a random one on: root may write where it is not allowed."""
    allowed = trial.chance.choice([0, 0, 3, 10, 100, 1_000])

    def refuse() -> None:
        marts, left = str(trial.folder / "marts"), [allowed]
        writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT

        def hook(event: str, values: tuple[object, ...]) -> None:
            is_write = event in ("os.rename", "os.mkdir", "os.remove", "os.link") or (
                event == "open" and isinstance(values[2], int) and values[2] & writing
            )
            if is_write and isinstance(values[0], str | Path) and str(values[0]).startswith(marts):
                left[0] -= 1
                if left[0] < 0:
                    raise OSError(30, "Read-only file system", str(values[0]))

        sys.addaudithook(hook)

    trial.run(refuse)


def clock_jumps(trial: Trial) -> None:
    """The clock is wrong, jumps while the refresh runs, and files are of the future and of 1970."""
    offset = trial.chance.choice([-1, 1]) * trial.chance.randrange(3_600, 40_000_000)
    for path in sorted((trial.folder / "raw").rglob("*.csv")):
        moment = trial.chance.choice([0, 1, 2_000_000_000, 4_000_000_000])
        os.utime(path, (moment, moment))

    def jump() -> None:
        real, begun = time.time, time.monotonic()
        after = trial.chance.uniform(0, trial.usual)
        time.time = lambda: real() + (offset if time.monotonic() - begun > after else 0)
        os.environ["TZ"] = trial.chance.choice(["Pacific/Kiritimati", "America/Los_Angeles", "nonsense"])
        time.tzset()

    trial.run(jump)


def stale_lock(trial: Trial) -> None:
    """Locks of a process that is gone, with nonsense in them, or of another user."""
    for name in ("marts", "work"):
        for file in (".lock", ".lock.pid"):
            path = trial.folder / name / file
            path.unlink(missing_ok=True)
            path.write_bytes(trial.chance.choice([b"", b"999999999", b"\xff\xfe", b"1" * 5_000]))
            path.chmod(trial.chance.choice([0o600, 0o444, 0o644]))
    holder = trial.start()  # dies with the locks
    ended(holder, trial.chance.uniform(0, 1))
    kill(holder)
    trial.codes.append(ended(holder, 30) or 0)
    trial.run()


def damage(path: Path, chance: random.Random) -> str:
    """Change a file somehow; return how."""
    content = path.read_bytes()
    how = chance.choice(["flipped", "cut", "emptied", "removed", "doubled", "with another tail"])
    if how == "doubled" and path.suffix == ".parquet":
        table = pq.read_table(path)
        whole = [i for i, f in enumerate(table.schema) if pa.types.is_integer(f.type)]
        if whole:
            at = chance.choice(whole)
            twice = pa.array(
                [None if v is None else v * 2 for v in table.column(at).to_pylist()], table.schema[at].type
            )
            pq.write_table(table.set_column(at, table.schema[at], twice), path)
            return how
    if how == "removed":
        path.unlink()
    elif how == "emptied" or not content:
        path.write_bytes(b"")
    elif how == "cut":
        path.write_bytes(content[: chance.randrange(len(content))])
    elif how == "with another tail":
        path.write_bytes(content + chance.randbytes(40))
    else:
        at = chance.randrange(len(content))
        path.write_bytes(content[:at] + bytes([content[at] ^ (1 << chance.randrange(8))]) + content[at + 1 :])
    return how


def damaged_work(trial: Trial) -> None:
    """Damage parts and records of the work folder before the refresh."""
    files = sorted(p for p in (trial.folder / "work").rglob("*") if p.is_file() and not p.name.startswith(".lock"))
    chosen = trial.chance.sample(files, min(len(files), trial.chance.choice([1, 1, 2, 5, 40])))
    for path in chosen:
        how = damage(path, trial.chance)
        trial.notes.append(f"{path.relative_to(trial.folder / 'work')} {how}")
    trial.run()


def damaged_mart(trial: Trial) -> None:
    """Damage the mart, or leave what a crash leaves beside releases."""
    marts = trial.folder / "marts"
    trial.notes.append(damage(marts / "salary_bands.duckdb", trial.chance))
    if trial.chance.random() < 0.5:
        shutil.copytree(next((marts / "releases").iterdir()), marts / "releases" / ".2026.06.30.1.half")
        (marts / ".latest.json.half").write_text("{", encoding="utf-8")
    trial.run()


def changes_while_read(trial: Trial) -> None:
    """The export is cut, written again, replaced or removed while the refresh reads; in the end it is as it was."""
    path = trial.folder / "raw" / NEW
    process = trial.start()
    deadline = time.monotonic() + trial.usual
    while time.monotonic() < deadline:
        match trial.chance.randrange(4):
            case 0:
                path.write_bytes(trial.new[: trial.chance.randrange(len(trial.new))])
            case 1:
                path.write_bytes(trial.new.replace(b"15", b"95"))
            case 2:
                aside = path.with_name(".aside.tmp")
                aside.write_bytes(trial.new + trial.new.splitlines(True)[-2])
                aside.replace(path)
            case _:
                path.unlink(missing_ok=True)
        time.sleep(trial.chance.uniform(0.01, 0.3))
    trial.wait(process)
    path.write_bytes(trial.new)


def races(trial: Trial) -> None:
    """Refreshes, a rollback, a prune, a pull and readers at once."""
    marts, copy = trial.folder / "marts", trial.folder / "copy"
    wait = ("--wait", "200")
    server = start(["serve", "--marts", str(marts), "--port", "0"], trial.folder / "serve.txt")
    commands: list[tuple[str, ...]] = [
        ("refresh", *wait),
        ("refresh", *wait),
        ("prune", "--keep", "1", *wait),
        ("rollback", *wait),
        ("releases",),
        ("show",),
        ("verify",),
    ]
    trial.chance.shuffle(commands)
    deadline = time.monotonic() + 30
    while "at http://" not in (
        text := (trial.folder / "serve.txt").read_text() if (trial.folder / "serve.txt").exists() else ""
    ):
        assert time.monotonic() < deadline, "serve did not start"
        time.sleep(0.05)
    url = text.partition(" at ")[2].partition(";")[0]
    running = []
    for command in commands:
        time.sleep(trial.chance.uniform(0, 0.6))
        running.append(trial.start(*command))
        if trial.chance.random() < 0.4:
            running.append(start(["pull", url, "--to", str(copy)], trial.log))
    trial.wait(*running)
    for _ in range(2):  # a pull that met a publication may have refused; the next one must not
        last = start(["pull", url, "--to", str(copy)], trial.log)
        code = ended(last, PATIENCE)
    if code:
        trial.notes.append(f"the last pull ended with {code}")
    kill(server)
    os.waitpid(server, 0)


FAULTS: dict[str, Callable[[Trial], None]] = {
    "kill -9": _signalled(signal.SIGKILL),
    "SIGTERM": _signalled(signal.SIGTERM),
    "SIGINT": _signalled(signal.SIGINT),
    "reader killed": reader_killed,
    "full disk": full_disk,
    "file size limit": small_files,
    "few open files": few_files,
    "read-only marts": read_only_marts,
    "clock jumps": clock_jumps,
    "stale lock": stale_lock,
    "damaged work": damaged_work,
    "damaged mart": damaged_mart,
    "changes while read": changes_while_read,
    "races": races,
}
