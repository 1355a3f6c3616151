"""The bytes of a large file, plain, .gz or .bz2, in pieces; knows nothing of what they mean.

A .bz2 of many streams, as the multistream dumps of Wikimedia are, is decompressed on all cores.
"""

import bz2
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from abrege.core.errors import DataError
from abrege.pipeline.executors import Pool

READ = 256 * 1024
STREAM = b"BZh91AY&SY"
"""How a stream of bzip2 begins: its header, and the digits of π that begin its first block."""
LONGEST_STREAM = 8 * 1024 * 1024
"""A longer one is not held, but decompressed as it is read. Those of Wikimedia have 100 pages."""
TOGETHER = 256 * 1024
"""Streams are handed on in lots of so many bytes at least."""
_REFUSED = {
    b"7z\xbc\xaf\x27\x1c": ("a .7z archive", "7z x"),
    b"\xfd7zXZ": ("an .xz file", "xz -d"),
    b"\x28\xb5\x2f\xfd": ("a .zst file", "zstd -d"),
    b"PK\x03\x04": ("a .zip archive", "unzip"),
}


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def read(path: Path, *, pool: Pool, on_read: Callable[[int], None]) -> Iterator[bytes]:
    """Yield the bytes of a file, by what its first bytes say it is, whatever its name.

    on_read  called with the bytes of the file that have been read so far

    A file cut short yields all that can be had of it, and no error: the caller knows what should
    stand at the end. DataError where it is damaged, or is an archive of another kind.
    """
    with path.open("rb") as file:
        start = file.read(len(STREAM))
        for magic, (kind, command) in _REFUSED.items():
            if start.startswith(magic):
                raise DataError(
                    f"{path}: this is {kind}, which abrege does not read.\n"
                    f"  Unpack it first ({command} {path.name}), or take the .bz2 of the same dump."
                )
        file.seek(0)
        blocks = _blocks(file, on_read)
        if start.startswith(b"BZh"):
            yield from _bzip2(path, blocks, pool)
        elif start.startswith(b"\x1f\x8b"):
            yield from _streamed(path, blocks, lambda: zlib.decompressobj(zlib.MAX_WBITS | 16))
        else:
            yield from blocks


def _blocks(file: BinaryIO, on_read: Callable[[int], None]) -> Iterator[bytes]:
    while block := file.read(READ):
        on_read(file.tell())
        yield block


def _streamed(
    path: Path, blocks: Iterator[bytes], decompressor: Callable[[], _Decompressor]
) -> Iterator[bytes]:
    """Decompress streams that stand one after another, as they are read."""
    current, done = decompressor(), 0
    for block in blocks:
        while block:
            if current.eof:
                current = decompressor()
            try:
                yield current.decompress(block)
            except (OSError, zlib.error) as error:
                raise _damaged(path, done) from error
            done += len(block) - len(current.unused_data)
            block = current.unused_data


def _bzip2(path: Path, blocks: Iterator[bytes], pool: Pool) -> Iterator[bytes]:
    """Decompress lots of whole streams on all cores, for as long as they are short."""
    rest: list[bytes] = []
    done = 0
    for found in pool(_decompressed, _lots(blocks, rest)):
        if found is None:
            raise _damaged(path, done)
        data, size = found
        done += size
        yield data
    yield from _streamed(path, _chained(rest, blocks), bz2.BZ2Decompressor)


def _lots(blocks: Iterator[bytes], rest: list[bytes]) -> Iterator[bytes]:
    """Yield lots that end where a stream ends; leave in `rest` what is of one long stream.

    That a stream begins is seen by ten bytes, which by chance stand in one of 10²⁴ places.
    """
    held = b""
    for block in blocks:
        new = max(1, len(held) - len(STREAM))
        held += block
        end = held.rfind(STREAM, new)
        if end >= TOGETHER:
            yield held[:end]
            held = held[end:]
        elif len(held) > LONGEST_STREAM:
            break
    rest.append(held)


def _decompressed(lot: bytes) -> tuple[bytes, int] | None:
    """Decompress whole streams; None where one is damaged.

    *Not* bz2.decompress: it takes a damaged stream that is not the first for the end.
    """
    size, parts = len(lot), []
    while lot:
        stream = bz2.BZ2Decompressor()
        try:
            parts.append(stream.decompress(lot))
        except OSError:
            return None
        if not stream.eof:  # another begins before this one has ended: bytes are missing
            return None
        lot = stream.unused_data
    return b"".join(parts), size


def _chained(rest: list[bytes], blocks: Iterator[bytes]) -> Iterator[bytes]:
    yield from rest
    yield from blocks


def _damaged(path: Path, byte: int) -> DataError:
    return DataError(
        f"{path}: this file is damaged: from byte {byte} on it cannot be decompressed.\n"
        "  Compare its size and checksum with those where it comes from, and fetch it again."
    )
