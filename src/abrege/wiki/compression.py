"""Decompress a large file, plain, .gz or .bz2, in blocks of bytes.

A .bz2 of many streams, as the multistream dumps of Wikimedia are, is decompressed on all cores.
"""

import bz2
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from abrege.core.errors import DataError
from abrege.pipeline.executors import Pool

READ_BYTES = 256 * 1024
STREAM_START = b"BZh91AY&SY"
"""How a bzip2 stream begins: its header, and the digits of π that begin its first block."""
MAX_STREAM_BYTES = 8 * 1024 * 1024
"""A longer stream is decompressed as it is read. Those of Wikimedia have 100 pages."""
BATCH_BYTES = 256 * 1024
"""Streams are handed to the pool in batches of at least this size."""
_UNSUPPORTED = {
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


def decompress(path: Path, *, pool: Pool, on_read: Callable[[int], None]) -> Iterator[bytes]:
    """Yield the decompressed bytes of a file; its first bytes decide the format, not its name.

    on_read  called with the number of bytes of the file that have been read so far

    A truncated file yields what can be decompressed, without an error: the caller knows how the
    content should end. Raise DataError if the file is damaged or of an unsupported format.
    """
    with path.open("rb") as file:
        start = file.read(len(STREAM_START))
        for magic, (kind, command) in _UNSUPPORTED.items():
            if start.startswith(magic):
                raise DataError(
                    f"{path}: this is {kind}, which abrege does not read.\n"
                    f"  Unpack it first ({command} {path.name}), or use the .bz2 of the same dump."
                )
        file.seek(0)
        blocks = _read_blocks(file, on_read)
        if start.startswith(b"BZh"):
            yield from _decompress_bzip2(path, blocks, pool)
        elif start.startswith(b"\x1f\x8b"):
            yield from _decompress_streams(
                path, blocks, lambda: zlib.decompressobj(zlib.MAX_WBITS | 16)
            )
        else:
            yield from blocks


def _read_blocks(file: BinaryIO, on_read: Callable[[int], None]) -> Iterator[bytes]:
    while block := file.read(READ_BYTES):
        on_read(file.tell())
        yield block


def _decompress_streams(
    path: Path, blocks: Iterator[bytes], new_decompressor: Callable[[], _Decompressor]
) -> Iterator[bytes]:
    """Decompress concatenated streams while they are read."""
    decompressor, done = new_decompressor(), 0
    for block in blocks:
        while block:
            if decompressor.eof:
                decompressor = new_decompressor()
            try:
                yield decompressor.decompress(block)
            except (OSError, zlib.error) as error:
                raise _damaged(path, done) from error
            done += len(block) - len(decompressor.unused_data)
            block = decompressor.unused_data


def _decompress_bzip2(path: Path, blocks: Iterator[bytes], pool: Pool) -> Iterator[bytes]:
    """Decompress batches of complete streams on all cores, until a stream is too long."""
    rest: list[bytes] = []
    done = 0
    for result in pool(_decompress_batch, _stream_batches(blocks, rest)):
        if result is None:
            raise _damaged(path, done)
        data, size = result
        done += size
        yield data
    yield from _decompress_streams(path, _chain(rest, blocks), bz2.BZ2Decompressor)


def _stream_batches(blocks: Iterator[bytes], rest: list[bytes]) -> Iterator[bytes]:
    """Yield batches that end where a stream ends; append the bytes of one long stream to `rest`.

    The start of a stream is detected by ten bytes, which occur by chance once in 10²⁴ positions.
    """
    buffer = b""
    for block in blocks:
        search_from = max(1, len(buffer) - len(STREAM_START))
        buffer += block
        end = buffer.rfind(STREAM_START, search_from)
        if end >= BATCH_BYTES:
            yield buffer[:end]
            buffer = buffer[end:]
        elif len(buffer) > MAX_STREAM_BYTES:
            break
    rest.append(buffer)


def _decompress_batch(batch: bytes) -> tuple[bytes, int] | None:
    """Return the decompressed bytes of complete streams, and the batch's size; None if damaged.

    *Not* bz2.decompress: it takes a damaged stream after the first for the end of the file.
    """
    size, parts = len(batch), []
    while batch:
        stream = bz2.BZ2Decompressor()
        try:
            parts.append(stream.decompress(batch))
        except OSError:
            return None
        if not stream.eof:  # the next one begins before this one has ended: bytes are missing
            return None
        batch = stream.unused_data
    return b"".join(parts), size


def _chain(rest: list[bytes], blocks: Iterator[bytes]) -> Iterator[bytes]:
    yield from rest
    yield from blocks


def _damaged(path: Path, byte: int) -> DataError:
    return DataError(
        f"{path}: this file is damaged: it cannot be decompressed from byte {byte} on.\n"
        "  Compare its size and checksum with those of the source, and download it again."
    )
