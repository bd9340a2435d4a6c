"""The courier's app against a server of the test's own that fails in every way a network does, and killed in between."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from load_tests import courier
from load_tests.courier import BackOff, Courier, NotServedError, Queue, Settled
from stream.gateway.body import MAX_BYTES
from stream.gateway.posted import MAX_SCANS

PATIENCE = 0.05  # seconds a client waits for an answer
AT_ONCE = BackOff(first=0.001, longest=0.002)
TAKEN, LOST = ("take", "verdicts"), ("take and hang up", "take and say nothing", "take and cut the answer")
REFUSED = ("hang up", "429", "503", "500", "408", "log-in page", "redirect", "box that forbids", "other count")


def scan(number: int, fate: str = "good", padding: int = 0) -> bytes:
    """`fate` tells the server what to make of it."""
    return json.dumps({"scan_id": f"scan-{number:06d}", "device": "D-1", "fate": fate, "x": "x" * padding}).encode()


class Server:
    """Answers each post as the script says, then takes what comes. `arrived` are the requests it took, scan by scan."""

    def __init__(self, script: list[str] = (), largest: int = MAX_BYTES) -> None:  # type: ignore[assignment]
        self.script, self.largest = list(script), largest
        self.arrived: list[list[dict[str, Any]]] = []
        self.posts = 0
        self.on_post: Callable[[int], None] = lambda _number: None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.partition(b"content-length: ")[2].split(b"\r\n")[0])
                body = await reader.readexactly(length)
                self.posts += 1
                answer = self.answer(body, self.script.pop(0) if self.script else "take")
                self.on_post(self.posts)
                if answer is None:
                    await reader.read()  # until the client has had enough
                    return
                writer.write(answer)
                await writer.drain()
                if not answer or answer.endswith(b"..."):
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    def answer(self, body: bytes, how: str) -> bytes | None:
        """The bytes to answer with; none to hang up, None to stay silent."""
        if len(body) > self.largest:
            return _http(413, b"<h1>too large</h1>", "Content-Type: text/html")
        scans = [json.loads(line) for line in body.splitlines()]
        assert 0 < len(scans) <= MAX_SCANS
        if how in REFUSED:
            return self.refuse(how, len(scans))
        if any(one["fate"] == "refused" for one in scans):
            return _http(409, b'{"detail": "another body"}', "Content-Type: application/problem+json")
        self.arrived.append(scans)
        wrong = [index for index, one in enumerate(scans) if one["fate"] == "rejected"]
        error = {"field": "type", "reason": "is wrong"}
        if how == "verdicts":
            verdicts: list[dict[str, Any]] = [{"decision": "allow"} for _ in scans]
            for index in wrong:
                verdicts[index] = {"rejected": error}
            return _http(200, json.dumps({"verdicts": verdicts}).encode())
        rejected = [{"index": index, "scan_id": "", "error": error} for index in wrong]
        said = json.dumps({"accepted": len(scans) - len(wrong), "duplicates": 0, "rejected": rejected}).encode()
        match how:
            case "take and hang up":
                return b""
            case "take and say nothing":
                return None
            case "take and cut the answer":
                return _http(202, said).replace(said, said[:5] + b"...")
        return _http(202, said)

    def refuse(self, how: str, scans: int) -> bytes:
        match how:
            case "hang up":
                return b""
            case "429" | "503" | "500" | "408":
                return _http(int(how), b"", "Retry-After: 0")
            case "log-in page":
                return _http(200, b"<h1>room number?</h1>", "Content-Type: text/html")
            case "redirect":
                return _http(302, b"", "Location: http://hotel.example/")
            case "box that forbids":
                return _http(403, b"<h1>no</h1>", "Content-Type: text/html")
        return _http(202, json.dumps({"accepted": scans + 1, "duplicates": 0, "rejected": []}).encode())

    def first_arrivals(self) -> list[str]:
        """The scans in the order in which each was first taken."""
        return list(dict.fromkeys(one["scan_id"] for request in self.arrived for one in request))


def _http(status: int, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def serving(server: Server, use: Callable[[str], Awaitable[None]]) -> None:
    """Run the server while it is used."""

    async def run() -> None:
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, limit=2**20)
        async with listening:
            await use(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}")

    asyncio.run(run())


async def upload(url: str, queue: Queue, **changes: Any) -> list[Settled]:
    """Upload all there is."""
    settled = []
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE, trust_env=False) as client:
        app = Courier(queue, client, **{"back_off": AT_ONCE, **changes})
        while one := await app.upload_batch():
            settled.append(one)
    return settled


class KilledError(Exception):
    """The app ends, in the middle of its work."""


@given(
    st.lists(st.sampled_from(["good"] * 8 + ["rejected", "refused"]), min_size=1, max_size=40),
    st.lists(st.sampled_from(TAKEN + LOST + REFUSED), max_size=12),
    st.integers(1, 12),
    st.sets(st.integers(0, 12), max_size=4),
)
@settings(max_examples=60, deadline=None)
def test_nothing_is_lost_or_reordered_and_what_is_rejected_is_kept(
    fates: list[str], script: list[str], most: int, kills: set[int]
) -> None:
    check(fates, script, most, kills)


@pytest.mark.parametrize("how", TAKEN + LOST + REFUSED)
def test_each_way_to_fail_is_got_over(how: str) -> None:
    check(["good", "rejected", "good", "refused", "good"], [how, "take", how], 3, set())


def check(fates: list[str], script: list[str], most: int, kills: set[int]) -> None:
    """Upload scans that fare so to a server that fails so, with an app that ends before these tries."""
    scans = [scan(number, fate) for number, fate in enumerate(fates)]
    server, tries = Server(script), iter(range(1000))

    def waits(_why: str, _seconds: float) -> None:
        if next(tries) in kills:
            raise KilledError

    async def use(url: str) -> None:
        with tempfile.TemporaryDirectory() as directory:
            file = Path(directory) / "queue.db"
            # What is made while the rest is under way stands behind it.
            coming = [scans[: len(scans) // 2], scans[len(scans) // 2 :]]
            while True:
                queue = Queue(file, synchronous="OFF")
                queue.add(*(coming.pop(0) if coming else []))
                try:
                    await upload(url, queue, most=most, waits=waits)
                except KilledError:
                    continue
                finally:
                    rest, rejected = queue.waiting(), queue.rejected()
                    queue.close()
                if not coming:
                    break
            assert rest == 0
            assert [body for body, _ in rejected] == [
                one for one, fate in zip(scans, fates, strict=True) if fate != "good"
            ]
            assert {reason for _, reason in rejected} <= {"type: is wrong", "409 another body"}

    serving(server, use)
    taken = [f"scan-{number:06d}" for number, fate in enumerate(fates) if fate != "refused"]
    assert server.first_arrivals() == taken
    assert all(len(request) <= most for request in server.arrived)


def test_the_limits_are_the_gateway_s() -> None:
    assert (courier.MAX_SCANS, courier.MAX_BYTES) == (MAX_SCANS, MAX_BYTES)


@pytest.mark.parametrize(("count", "padding"), [(2500, 0), (600, 1000), (3, 200_000)])
def test_a_request_is_within_the_limits_and_no_smaller_than_it_must(count: int, padding: int) -> None:
    server, queue = Server(), Queue(":memory:")
    queue.add(*(scan(number, padding=padding) for number in range(count)))

    async def use(url: str) -> None:
        await upload(url, queue)

    serving(server, use)
    queue.close()
    size = len(scan(0, padding=padding)) + 1
    full = min(MAX_SCANS, max(1, MAX_BYTES // size))
    assert [len(request) for request in server.arrived] == [full] * (count // full) + [count % full] * (
        count % full > 0
    )


def test_too_large_is_halved_once_and_for_all_and_alone_it_is_kept() -> None:
    server, queue = Server(largest=4000), Queue(":memory:")
    queue.add(
        *(scan(number) for number in range(2000)), scan(2000, padding=5000), *(scan(n) for n in range(2001, 4000))
    )

    async def use(url: str) -> None:
        await upload(url, queue)

    serving(server, use)
    assert [reason for _, reason in queue.rejected()] == ["413 <h1>too large</h1>"]
    assert server.first_arrivals() == [f"scan-{number:06d}" for number in range(4000) if number != 2000]
    assert server.posts - len(server.arrived) < 20, "a limit on the way is run into but a few times"
    assert len(server.arrived) < 200, "one scan that is too large does not make the others go singly"
    queue.close()


@pytest.mark.parametrize("status", [401, 404, 405, 415])
def test_where_nothing_is_served_nothing_leaves_the_queue(status: int) -> None:
    queue = Queue(":memory:")
    queue.add(scan(1), scan(2))

    async def use(_url: str) -> None:
        transport = httpx.MockTransport(lambda _: httpx.Response(status, text="no"))
        async with httpx.AsyncClient(base_url="http://gateway", transport=transport) as client:
            with pytest.raises(NotServedError, match=f"{status} no"):
                await Courier(queue, client).upload_batch()

    serving(Server(), use)
    assert (queue.waiting(), queue.rejected()) == (2, [])
    queue.close()


@pytest.mark.parametrize(
    ("headers", "asked"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "Tue, 24 Nov 2026 10:00:30 GMT", "Date": "Tue, 24 Nov 2026 10:00:00 GMT"}, 30.0),
        ({"Retry-After": "Tue, 24 Nov 2026 10:00:30 GMT"}, 0.0),
        ({"Retry-After": "99999999"}, 3600.0),
        ({"Retry-After": "soon"}, 0.0),
        ({}, 0.0),
    ],
)
def test_never_sooner_than_the_gateway_asks(headers: dict[str, str], asked: float) -> None:
    queue, pauses = Queue(":memory:"), []
    queue.add(scan(1))

    def waits(_why: str, seconds: float) -> None:
        pauses.append(seconds)
        raise KilledError

    async def use() -> None:
        transport = httpx.MockTransport(lambda _: httpx.Response(503, headers=headers))
        async with httpx.AsyncClient(base_url="http://gateway", transport=transport) as client:
            await Courier(queue, client, waits).upload_batch()

    with pytest.raises(KilledError):
        asyncio.run(use())
    assert asked <= pauses[0] <= asked + 0.5
    queue.close()


def test_pauses_grow_and_are_spread() -> None:
    back_off = BackOff(first=1.0, longest=60.0)
    for tries in (1, 2, 5, 9, 5000):
        most = min(60.0, 2.0 ** min(tries - 1, 100))
        pauses = [back_off.pause(tries, 3.0) for _ in range(400)]
        assert 3.0 <= min(pauses) < 3.0 + 0.1 * most
        assert 3.0 + 0.9 * most < max(pauses) <= 3.0 + most


def test_a_scan_is_one_json_object_and_one_line() -> None:
    queue = Queue(":memory:")
    for wrong in (b"", b"[]", b'"x"', b"{", b"\xff{}"):
        with pytest.raises(ValueError):  # noqa: PT011 - of whatever kind
            queue.add(scan(1), wrong)
    assert queue.waiting() == 0, "all of them or none"
    queue.add(b'{\n "scan_id": "a"\n}')
    ((_, body),) = queue.oldest()
    assert (b"\n" in body, json.loads(body)) == (False, {"scan_id": "a"})
    queue.close()


def test_a_scan_added_is_there_after_kill_9(tmp_path: Path) -> None:
    file = tmp_path / "phone.db"
    adding = "import itertools, sys; from load_tests.courier import Queue; queue = Queue(sys.argv[1])\n"
    adding += "for n in itertools.count(): queue.add(b'{\"n\": %d}' % n); print(n, flush=True)"
    with subprocess.Popen([sys.executable, "-c", adding, str(file)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(50)]
        process.kill()
    queue = Queue(file)
    kept = [json.loads(body)["n"] for _, body in queue.oldest(MAX_SCANS)]
    assert kept == list(range(len(kept)))
    assert len(kept) >= len(told)
    queue.close()


@pytest.mark.parametrize("taken", [True, False])
def test_an_app_killed_in_mid_upload_goes_on_where_it_was(tmp_path: Path, taken: bool) -> None:
    file, lines = tmp_path / "phone.db", tmp_path / "scans.jsonl"
    lines.write_bytes(b"\n".join(scan(number, "rejected" if number == 90 else "good") for number in range(100)) + b"\n")
    command = [sys.executable, "-m", "load_tests.courier", str(file)]
    subprocess.run([*command, "add", str(lines)], check=True)
    server = Server([] if taken else ["503"] * 3)
    codes: list[int] = []

    async def use(url: str) -> None:
        while not codes or codes[-1] < 0:
            process = await asyncio.create_subprocess_exec(
                *command, "upload", url, "--batch", "10", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )

            def kill(number: int, process: asyncio.subprocess.Process = process) -> None:
                if number % 4 == 1 and len(codes) < 3:  # it is taken, and nobody is told
                    os.kill(process.pid, signal.SIGKILL)

            server.on_post = kill
            codes.append(await process.wait())

    serving(server, use)
    assert codes == [-9, -9, -9, 1], "the last one says that a scan was rejected"
    assert server.first_arrivals() == [f"scan-{number:06d}" for number in range(100)]
    shown = subprocess.run([*command, "status"], capture_output=True, text=True, check=True).stdout
    assert shown.startswith("0 wait, 1 rejected\ntype: is wrong\n")
    assert "scan-000090" in shown


def test_the_command_explains_itself() -> None:
    command = [sys.executable, "-m", "load_tests.courier"]
    shown = subprocess.run([*command, "--help"], capture_output=True, text=True, check=True).stdout
    assert "phone.db upload http://" in shown
