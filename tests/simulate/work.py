"""The pieces of work of a simulation: each is run once, in any worker, and its result kept for a run that goes on."""

import os
import pickle
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any

Say = Callable[[str], None]


@dataclass(frozen=True)
class Piece:
    """What is called with what; its name is that of the file of its result."""

    name: str
    call: Callable[..., Any]
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class Result:
    """What a piece gave, and the seconds of processor time that it took."""

    value: Any
    seconds: float


def finished(pieces: Iterable[Piece], folder: Path, pool: Pool, say: Say) -> dict[str, Result]:
    """The results by name; those that the folder has from a run before are not made again."""
    folder.mkdir(parents=True, exist_ok=True)
    ordered = list(pieces)
    known = [piece.name for piece in ordered if _path(folder, piece).is_file()]
    if known:
        say(f"{len(known)} of {len(ordered)} pieces are in {folder} already")
    found = {}
    waiting = [(piece, folder) for piece in ordered]
    for number, (name, result) in enumerate(pool.imap_unordered(_made, waiting, chunksize=1), 1):
        found[name] = result
        if name not in known:
            say(f"{number} of {len(ordered)}: {name}, {result.seconds:.0f} s of processor time")
    return {piece.name: found[piece.name] for piece in ordered}


def _path(folder: Path, piece: Piece) -> Path:
    return folder / f"{piece.name}.pickle"


def _made(job: tuple[Piece, Path]) -> tuple[str, Result]:
    """Read a result, or make and keep it: whole, since a run may be stopped at any moment."""
    piece, folder = job
    path = _path(folder, piece)
    if path.is_file():
        return piece.name, pickle.loads(path.read_bytes())
    started = time.process_time()
    value = piece.call(*piece.arguments)
    result = Result(value, time.process_time() - started)
    part = path.with_suffix(f".{os.getpid()}")
    part.write_bytes(pickle.dumps(result))
    part.rename(path)
    return piece.name, result
