"""A chat-completions server on this machine that replies as a test scripts it."""

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
class Reply:
    """How the server replies to one request."""

    text: Any = "1"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    raw: bytes | None = None
    """Sent instead of the JSON of a completion."""
    reset: bool = False
    """The connection is reset in the middle of the response."""
    finish_reason: str = "stop"
    usage: bool | Mapping[str, Any] = True
    message: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the message."""


@dataclass
class ReceivedRequest:
    """A request, and when it came."""

    body: dict[str, Any]
    key: str
    at: float
    query: str = ""
    """Of the address."""


class FakeServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, script: Sequence[Reply] | Callable[[dict[str, Any]], Reply]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = script
        self.names = ["judge-1"]
        self.requests: list[ReceivedRequest] = []
        self.in_flight = self.most_in_flight = 0
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def reply_to(self, body: dict[str, Any], number: int) -> Reply:
        """Return the scripted reply; a list repeats its last one."""
        if callable(self.script):
            return self.script(body)
        return self.script[min(number, len(self.script) - 1)]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: a client that disconnects is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeServer

    def log_message(self, *_words: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.path != "/v1/models" or not self.server.names:
            return self._send(404, b'{"error": {"message": "no such page"}}')
        model = {"object": "model", "created": 0, "owned_by": "x"}
        data = [{"id": name, **model} for name in self.server.names]
        return self._send(200, json.dumps({"object": "list", "data": data}).encode())

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server = self.server
        with server.lock:
            number = len(server.requests)
            query = self.path.partition("?")[2]
            key = self.headers.get("Authorization", "").removeprefix("Bearer ")
            server.requests.append(ReceivedRequest(body, key, time.monotonic(), query))
            server.in_flight += 1
            server.most_in_flight = max(server.most_in_flight, server.in_flight)
        try:
            self._respond(server.reply_to(body, number), body["model"])
        finally:
            with server.lock:
                server.in_flight -= 1

    def _respond(self, reply: Reply, model: str) -> None:
        time.sleep(reply.delay)
        payload = reply.raw
        if payload is None and reply.status != 200:
            payload = json.dumps({"error": {"message": reply.text, "code": None}}).encode()
        if payload is None:
            payload = json.dumps(_completion(reply, model)).encode()
        if self.path.partition("?")[0] != "/v1/chat/completions":
            return self._send(404, b'{"error": {"message": "no such page"}}')
        return self._send(reply.status, payload, reply.headers, reset=reply.reset)

    def _send(
        self,
        status: int,
        payload: bytes,
        headers: Mapping[str, str] | None = None,
        *,
        reset: bool = False,
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        if reset:
            self.wfile.write(payload[: len(payload) // 2])
            self.wfile.flush()
            linger = struct.pack("ii", 1, 0)  # close() then resets the connection
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True
            return
        self.wfile.write(payload)


def _completion(reply: Reply, model: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": reply.text, **reply.message}
    choice = {"index": 0, "message": message, "finish_reason": reply.finish_reason}
    usage: Mapping[str, Any] = {"prompt_tokens": 100, "completion_tokens": 7, "total_tokens": 107}
    usage = usage if isinstance(reply.usage, bool) else reply.usage
    return {
        "id": "c-1",
        "object": "chat.completion",
        "created": 0,
        "model": f"{model}@2026",
        "choices": [choice],
        **({"usage": usage} if reply.usage else {}),
    }


@contextmanager
def serving(script: Sequence[Reply] | Callable[[dict[str, Any]], Reply]) -> Iterator[FakeServer]:
    """Run a server in a thread while the block lasts."""
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
