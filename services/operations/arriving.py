"""Lines as they come: of a file at once, of a pipe or a terminal without holding up what else is to be done."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from io import BufferedReader
from typing import Final

CHUNK_BYTES: Final = 64 * 1024


async def arriving(lines: Iterable[bytes]) -> AsyncIterator[bytes]:
    """Give lines in order. While a pipe has none, what was handed over before goes out, and Ctrl-C is heard."""
    if not isinstance(lines, BufferedReader) or lines.seekable():
        for line in lines:
            yield line
        return
    # What was looked at before stands in the buffer already, and would be waited for in vain.
    chunk, rest = lines.read1(CHUNK_BYTES), b""
    while chunk:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line + b"\n"
        await _until_readable(lines.fileno())
        chunk = lines.read1(CHUNK_BYTES)
    if rest:
        yield rest


async def _until_readable(descriptor: int) -> None:
    loop, readable = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(descriptor)
