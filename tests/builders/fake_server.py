"""A server that speaks the chat-completions protocol and does what a test tells it."""

import json
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from abrege.llm_client.openai_client import OpenAIClient
from abrege.llm_client.retry import RetryPolicy

HELLO = [{"role": "user", "content": "hello"}]
KEY = "sk-not-to-be-seen-1234567890"


@dataclass
class Say:
    """What the server does with one question."""

    text: str = "1"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    raw: bytes | None = None
    """Sent instead of the JSON of an answer."""
    cut: bool = False
    """The connection is reset in the middle of the answer."""
    finish_reason: str = "stop"
    usage: bool = True


@dataclass
class Asked:
    """A question that came, and when."""

    body: dict[str, Any]
    key: str
    at: float


class FakeServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, script: Sequence[Say] | Callable[[dict[str, Any]], Say]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = script
        self.names = ["judge-1"]
        self.asked: list[Asked] = []
        self.under_way = self.most_under_way = 0
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def say(self, body: dict[str, Any], number: int) -> Say:
        """Give what the script says; a list goes on with its last word."""
        if callable(self.script):
            return self.script(body)
        return self.script[min(number, len(self.script) - 1)]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that went away is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeServer

    def log_message(self, *_words: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.path != "/v1/models" or not self.server.names:
            return self._send(404, b'{"error": {"message": "no such page"}}')
        data = [{"id": n, "object": "model", "created": 0, "owned_by": "x"} for n in self.server.names]  # fmt: skip # noqa: E501
        return self._send(200, json.dumps({"object": "list", "data": data}).encode())

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server = self.server
        with server.lock:
            number = len(server.asked)
            key = self.headers.get("Authorization", "").removeprefix("Bearer ")
            server.asked.append(Asked(body, key, time.monotonic()))
            server.under_way += 1
            server.most_under_way = max(server.most_under_way, server.under_way)
        try:
            self._answer(server.say(body, number), body["model"])
        finally:
            with server.lock:
                server.under_way -= 1

    def _answer(self, say: Say, model: str) -> None:
        time.sleep(say.delay)
        payload = say.raw
        if payload is None and say.status != 200:
            payload = json.dumps({"error": {"message": say.text, "code": None}}).encode()
        if payload is None:
            payload = json.dumps(_completion(say, model)).encode()
        if self.path != "/v1/chat/completions":
            return self._send(404, b'{"error": {"message": "no such page"}}')
        return self._send(say.status, payload, say.headers, cut=say.cut)

    def _send(
        self,
        status: int,
        payload: bytes,
        headers: Mapping[str, str] | None = None,
        *,
        cut: bool = False,
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        if cut:
            self.wfile.write(payload[: len(payload) // 2])
            self.wfile.flush()
            linger = struct.pack("ii", 1, 0)  # close() then resets the connection
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True
            return
        self.wfile.write(payload)


def _completion(say: Say, model: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": say.text}
    choice = {"index": 0, "message": message, "finish_reason": say.finish_reason}
    usage = {"prompt_tokens": 100, "completion_tokens": 7, "total_tokens": 107}
    return {
        "id": "c-1",
        "object": "chat.completion",
        "created": 0,
        "model": f"{model}@2026",
        "choices": [choice],
        **({"usage": usage} if say.usage else {}),
    }


@contextmanager
def serving(script: Sequence[Say] | Callable[[dict[str, Any]], Say]) -> Iterator[FakeServer]:
    """Run a server in a thread, for as long as the block lasts."""
    server = FakeServer(script)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def a_client(fake, **changes):
    quick = {
        "base_url": fake.url,
        "api_key": KEY,
        "retry_policy": RetryPolicy(first_seconds=0.001),
        "rng": random.Random(0),
        "timeout_seconds": 5.0,
    }
    return OpenAIClient(**({"model": "judge-1"} | quick | changes))
