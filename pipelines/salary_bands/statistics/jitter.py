"""Move ranks by a little that nobody can foresee, so that no figure is a single person's pay.

The move depends on a secret key and on who is in the cell, not on the name of the cell: cells of the same people have
the same figures, and a release that is made again has them too.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

from salary_bands.statistics.batches import Integers

Keys = NDArray[np.uint64]
FIGURE, LOW, HIGH = 0, 1, 2  # what is moved: the percentile, its lower and its upper bound
_FEW, _SMALL, _LEAST = 20, 100, 150  # reports below which ranks move less, and moves in hundredths of a rank


def report_keys(row_hashes: Integers, secret: bytes) -> Keys:
    """Return a keyed hash of each report, 64 bits of BLAKE2b.

    Args:
        row_hashes: the 64-bit hash of the mapped columns of each report.
        secret: up to 64 bytes.
    """
    hashed = (
        hashlib.blake2b(int(row).to_bytes(8, "little", signed=True), digest_size=8, key=secret).digest()
        for row in row_hashes
    )
    return np.frombuffer(b"".join(hashed), dtype="<u8").astype(np.uint64)


def moves(cell_keys: Keys, reports: Integers, sizes: Integers, points: tuple[int, ...], of: int) -> Integers:
    """Return by how many hundredths of a rank figures of cells move, up or down.

    Args:
        cell_keys: the sum of the keys of the reports of each cell, modulo 2^64.
        reports: the number of reports of each cell.
        sizes: of `largest_moves`.
        of: FIGURE, LOW or HIGH.

    Returns:
        shape (cells, points).
    """
    salt = np.array([3 * point + of + 1 for point in points], np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = _mixed(cell_keys[:, None] + salt) >> np.uint64(32)
    largest = largest_moves(reports, sizes, points)
    return (mixed.astype(np.int64) * (2 * largest + 1) >> 32) - largest


def largest_moves(reports: Integers, sizes: Integers, points: tuple[int, ...]) -> Integers:
    """Return the largest move in hundredths of a rank: about the standard error of a rank, at least 1.5, 1 if few.

    The standard error of a rank at p is the root of n p (1 - p): a move of it costs large cells no more precision than
    small ones, and does not average out over the many cells of a person.

    Args:
        reports: the number of reports of each cell.
        sizes: of how many each rank is, (cells, 1) or (cells, points).
    """
    hundredths = np.sqrt((sizes * (np.array(points) * (100 - np.array(points)))).astype(float)).astype(np.int64)
    return np.where(reports[:, None] < _FEW, _SMALL, np.maximum(_LEAST, hundredths))


def widened_by(reports: Integers, sizes: Integers, points: tuple[int, ...]) -> Integers:
    """Return by how many hundredths of a rank a 95 % bound lies further out, since it and its figure are moved.

    An even move of up to m ranks has the variance m^2 / 3. For arguments, see `largest_moves`.
    """
    sampling = (sizes * (np.array(points) * (100 - np.array(points)))).astype(float)
    largest = largest_moves(reports, sizes, points).astype(float)
    return np.ceil(1.96 * (np.sqrt(sampling + largest * largest / 3) - np.sqrt(sampling))).astype(np.int64)


def _mixed(values: Keys) -> Keys:
    """Spread every bit over all bits: the finaliser of SplitMix64 (Steele, Lea and Flood 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
