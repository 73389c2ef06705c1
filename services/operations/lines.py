"""Lines of events, as every command reads them: from a file at once, from a pipe or a terminal as they come."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from io import BufferedReader
from typing import Final

CHUNK_BYTES: Final = 64 * 1024


def event_on(line: bytes) -> bytes:
    """Return the event on a line: what is sent, judged and measured. The line end is not part of it, white space is."""
    return line.removesuffix(b"\n").removesuffix(b"\r")


async def arriving(lines: Iterable[bytes]) -> AsyncIterator[bytes]:
    """Yield lines in order. While a pipe is empty, what was handed over before goes out, and Ctrl-C is heard."""
    if not isinstance(lines, BufferedReader) or lines.seekable():
        for line in lines:
            yield line
        return
    # The first chunk may stand in the buffer already: waiting for the descriptor would be in vain.
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
