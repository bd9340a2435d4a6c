"""The city's HTTP side, against a gateway of the test's own: nothing is lost, and each cylinder's order holds."""

import asyncio
import gzip
import json
import random
import socket
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from functools import cache

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from load_tests.city.pace import post_all
from load_tests.city.plan import Scan, make_plan
from load_tests.city.post import GaveUpError, Line, Post, package
from load_tests.city.tally import Tally

plan_of = cache(make_plan)
Answer = Callable[[httpx.Request], httpx.Response]


def scans_of(body: bytes, headers: dict[str, str]) -> list[dict[str, object]]:
    """A body as a gateway takes it apart."""
    if headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    if headers["content-type"] == "application/x-ndjson":
        return [json.loads(line) for line in body.splitlines()]
    found = json.loads(body)
    return found if isinstance(found, list) else [found]


def key_of(scan: dict[str, object]) -> str:
    label = scan.get("label")
    return str(label).rpartition("/")[2] if label else f"customer/{scan['data']['customer']}"  # type: ignore[index]


class Gateway:
    """Refuses the first post and some later ones, answers the others, and writes down what came in which order."""

    def __init__(self) -> None:
        self.taken: dict[str, list[str]] = defaultdict(list)
        self.bodies: dict[str, set[str]] = defaultdict(set)
        self.posts = Counter[str]()
        self.in_flight: set[str] = set()
        self.overtaken: list[str] = []
        self._chance = random.Random(5)
        self._refused = 0

    async def scans(self, request: Request) -> Response:
        scans = scans_of(await request.body(), dict(request.headers))
        assert request.headers["prefer"] == "wait=5"
        assert len({scan["device"] for scan in scans}) == 1
        keys = {key_of(scan) for scan in scans}
        self.overtaken += sorted(keys & self.in_flight)
        if not self._refused or self._chance.random() < 0.02:
            self._refused += 1
            return Response(status_code=503, headers={"Retry-After": "0"})
        self.posts[request.headers["content-type"] + request.headers.get("content-encoding", "")] += 1
        self.in_flight |= keys
        # Answers take differing times, so that posts of other devices overtake this one.
        for _ in range(self._chance.randrange(30)):
            await asyncio.sleep(0)
        for scan in scans:
            scan_id = str(scan["scan_id"])
            self.bodies[scan_id].add(json.dumps(scan))
            if scan_id not in self.taken[key_of(scan)]:
                self.taken[key_of(scan)].append(scan_id)
        self.in_flight -= keys
        return JSONResponse({"verdicts": [{"scan_id": scan["scan_id"], "decision": "allow"} for scan in scans]})


async def serve(gateway: Gateway, use: Callable[[str], Awaitable[None]]) -> None:
    """Run a gateway on a port of its own while it is used; connections wait in the backlog until it is up."""
    app = Starlette(routes=[Route("/v1/scans", gateway.scans, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        await use(f"http://127.0.0.1:{listening.getsockname()[1]}")
        server.should_exit = True
        await serving


def test_nothing_is_lost_and_each_cylinder_keeps_its_order() -> None:
    scans, gateway, tally = plan_of(1).scans[:1500], Gateway(), Tally()

    async def use(url: str) -> None:
        await post_all(scans, Line(url, tally, asyncio.Event()), rate=1e6)

    asyncio.run(serve(gateway, use))
    wanted: dict[str, list[str]] = defaultdict(list)
    for scan in scans:
        wanted[scan.key].append(scan.scan_id)
    assert gateway.taken == wanted
    assert gateway.overtaken == []
    assert all(len(bodies) == 1 for bodies in gateway.bodies.values())
    assert len(tally.sent) == tally.decisions["allow"] == len(scans)
    assert tally.repeats == sum(scan.repeat for scan in scans) > 0
    assert tally.retries == gateway._refused > 0
    assert (tally.rejected, tally.late_answers, tally.in_doubt) == (0, 0, {})
    # One object, arrays and NDJSON, plain and packed.
    assert set(gateway.posts) == {
        f"application/{kind}{packed}" for kind in ("json", "x-ndjson") for packed in ("", "gzip")
    }


def post_through(answer: Answer, batch: list[Scan], patience: float = 60.0) -> Tally:
    """Post one batch of scans to a gateway that answers so."""
    tally = Tally()

    async def run() -> None:
        post = Post(Line("http://gateway", tally, asyncio.Event(), patience, httpx.MockTransport(answer)))
        await post.send(batch)
        await post.close()

    asyncio.run(run())
    return tally


def batch_of(size: int) -> list[Scan]:
    device = plan_of(1).scans[0].device
    return [scan for scan in plan_of(1).scans if scan.device == device and not scan.repeat][:size]


def allow(request: httpx.Request) -> httpx.Response:
    scans = scans_of(request.content, dict(request.headers))
    return httpx.Response(200, json={"verdicts": [{"scan_id": one["scan_id"], "decision": "allow"} for one in scans]})


def first(other: Callable[[httpx.Request], httpx.Response]) -> Answer:
    """The first post is answered otherwise, the next is allowed; both carry the same bytes."""
    seen: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.content)
        assert seen[0] == request.content
        return other(request) if len(seen) == 1 else allow(request)

    return answer


def _broken(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


@pytest.mark.parametrize("failure", [_broken, lambda _: httpx.Response(429), lambda _: httpx.Response(503)])
def test_the_same_bytes_are_posted_again(failure: Callable[[httpx.Request], httpx.Response]) -> None:
    tally = post_through(first(failure), batch_of(3))
    assert (len(tally.sent), tally.retries, tally.rejected) == (3, 1, 0)


def test_a_gateway_that_stays_away_leaves_scans_in_doubt() -> None:
    with pytest.raises(GaveUpError):
        post_through(_broken, batch_of(2), patience=0.0)


def test_an_answer_without_verdicts_is_late() -> None:
    tally = post_through(
        lambda _: httpx.Response(202, json={"accepted": 3, "duplicates": 0, "rejected": []}), batch_of(3)
    )
    assert (tally.late_answers, len(tally.sent), tally.rejected) == (3, 3, 0)
    assert tally.overall()["p50_ms"] is None


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(
            202, json={"accepted": 2, "duplicates": 0, "rejected": [{"index": 0, "scan_id": "x", "error": {}}]}
        ),
        httpx.Response(403, json={"title": "no"}),
        httpx.Response(500),
        httpx.Response(200, json={"verdicts": [{"scan_id": "another", "decision": "allow"}]}),
    ],
)
def test_what_should_not_happen_is_counted(answer: httpx.Response) -> None:
    assert post_through(lambda _: answer, batch_of(1)).rejected == 1


def test_a_reject_in_its_place_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    scan = batch_of(1)[0]
    rejected = {"scan_id": scan.scan_id, "rejected": {"field": "time", "reason": "is more than 5 minutes ahead"}}
    tally = post_through(lambda _: httpx.Response(200, json={"verdicts": [rejected]}), [scan])
    assert (tally.rejected, tally.decisions.total()) == (1, 0)
    assert "5 minutes ahead" in capsys.readouterr().err


def test_a_stop_ends_the_run_and_says_what_was_sent() -> None:
    scans, tally, stop = plan_of(1).scans, Tally(), asyncio.Event()

    def answer(request: httpx.Request) -> httpx.Response:
        if len(tally.sent) > 200:
            stop.set()
        return allow(request)

    async def run() -> None:
        line = Line("http://gateway", tally, stop, transport=httpx.MockTransport(answer))
        await post_all(scans, line, rate=2000)

    asyncio.run(run())
    assert 200 < len(tally.sent) < len(scans)
    assert tally.in_doubt == {}


def test_a_body_holds_the_scans_byte_for_byte() -> None:
    batch = batch_of(4)
    content, headers = package(batch)
    if headers.get("Content-Encoding"):
        content = gzip.decompress(content)
    assert all(scan.body in content for scan in batch)
