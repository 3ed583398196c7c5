"""Senders for the benchmark of doors, a process of their own: ``python door_senders.py PORT CLIENTS END``.

Reads a list of messages (MessagePack) from standard input. Each client sends every CLIENTS-th of them over one TCP
connection to 127.0.0.1, waits for its answer, and then sends the next. An answer ends with END: ``http`` (headers and
as many bytes as they say) or the last byte in hexadecimal. Prints, as MessagePack, the seconds from the first byte to
the last answer, and the answers.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from itertools import chain

import msgspec

LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


async def answer(reader: asyncio.StreamReader, end: str) -> bytes:
    if end != "http":
        return await reader.readuntil(bytes.fromhex(end))
    head = await reader.readuntil(b"\r\n\r\n")
    length = LENGTH.search(head)
    return head + await reader.readexactly(int(length[1]) if length else 0)


async def send(port: int, messages: list[bytes], clients: int, end: str) -> tuple[float, list[bytes]]:
    links = [await asyncio.open_connection("127.0.0.1", port) for _ in range(clients)]

    async def client(number: int) -> list[bytes]:
        reader, writer = links[number]
        answers = []
        for message in messages[number::clients]:
            writer.write(message)
            answers.append(await answer(reader, end))
        return answers

    begun = time.perf_counter()
    answers = await asyncio.gather(*(client(number) for number in range(clients)))
    took = time.perf_counter() - begun
    for _, writer in links:
        writer.close()
    return took, list(chain.from_iterable(answers))


if __name__ == "__main__":
    given = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=list[bytes])
    result = asyncio.run(send(int(sys.argv[1]), given, int(sys.argv[2]), sys.argv[3]))
    sys.stdout.buffer.write(msgspec.msgpack.encode(result))
