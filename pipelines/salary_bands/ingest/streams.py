"""Decompress the bytes of an export and decode them to UTF-8, within limits and a block at a time."""

import codecs
import gzip
import io
import zlib
from typing import BinaryIO

from salary_bands.errors import HeldExport
from salary_bands.settings import Settings

_BLOCK = 1 << 20
FREE_INFLATION = 64 << 20  # bytes; the ratio says little about small files
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class TextBytes(io.RawIOBase):
    """UTF-8 bytes of a text export, whatever its compression, encoding and line ends.

    Every line ends with a line feed, and a byte order mark between files that were joined is dropped. quotes, newlines:
    how many have been read so far. Reading raises HeldExport: truncated_gzip, bad_gzip, inflates_too_much,
    unreadable_encoding, nul_bytes.
    """

    def __init__(self, stream: BinaryIO, size: int, compressed: bool, encoding: str, settings: Settings) -> None:
        super().__init__()
        self._inner: BinaryIO = gzip.GzipFile(fileobj=stream) if compressed else stream  # type: ignore[assignment]
        self._compressed = compressed
        self._most = settings.max_inflated_bytes
        if compressed:
            self._most = min(self._most, max(FREE_INFLATION, size * settings.max_inflation_ratio))
        self._inflated = 0
        self.quotes = self.newlines = 0
        head = self._read_inner(4)
        bom, encoding = next(((b, e) for b, e in _BOMS if head.startswith(b)), (b"", encoding))
        self._encoding = encoding
        decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
        self._decoder = io.IncrementalNewlineDecoder(decoder, translate=True)
        self._ready = self._decoded(head[len(bom) :], final=False)
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._ready and not self._ended:
            block = self._read_inner(_BLOCK)
            self._ended = not block
            self._ready = self._decoded(block, final=self._ended)
        taken = self._ready[: len(buffer)]
        buffer[: len(taken)] = taken
        self._ready = self._ready[len(taken) :]
        return len(taken)

    def _read_inner(self, size: int) -> bytes:
        try:
            block = self._inner.read(size)
        except EOFError:
            raise HeldExport("truncated_gzip", "the gzip file ends too early", "deliver it again") from None
        except (gzip.BadGzipFile, zlib.error):
            raise HeldExport("bad_gzip", "is not a valid gzip file", "deliver it again") from None
        self._inflated += len(block)
        if self._compressed and self._inflated > self._most:
            raise HeldExport(
                "inflates_too_much",
                f"inflates beyond {self._most:,} bytes",
                "if it is meant to be that large, raise max_inflated_bytes or max_inflation_ratio",
            )
        return block

    def _decoded(self, block: bytes, final: bool) -> bytes:
        try:
            text = self._decoder.decode(block, final).replace("\ufeff", "")
        except UnicodeDecodeError:
            raise HeldExport(
                "unreadable_encoding",
                f"is not text in {self._encoding}",
                "deliver it as UTF-8, or name its encoding in the format's YAML",
            ) from None
        if "\0" in text:
            raise HeldExport("nul_bytes", "has NUL bytes, so it is not text", "deliver it again as text")
        self.quotes += text.count('"')
        self.newlines += text.count("\n")
        return text.encode("utf-8")
