"""`/8003/{label}` when many ask, when somebody asks too often, and when nothing is known: what it costs and what it says."""

import asyncio
import re
import socket
import threading

import httpx
import page_stage
import pytest
from page_stage import as_json, of, page, refuses


def test_the_hotline_is_the_one_of_the_settings(dsn, client):
    page_stage.fill(client)
    with page_stage.serving(dsn, hotline="0574 8736 1234") as (http, _):
        assert 'href="tel:057487361234"' in page(http, of("safe")).text
        assert as_json(http, of("safe")).json()["hotline"] == "0574 8736 1234"


def asked(service):
    """Count what the service asks its archive from here on."""
    questions, ask = [], service._readers.ask

    async def counting(question, *args, **kwargs):
        questions.append(question)
        return await ask(question, *args, **kwargs)

    service._readers.ask = counting
    return questions


def at_once(http, paths):
    """Ask for all of them at one time."""

    async def ask():
        async with httpx.AsyncClient(base_url=http.base_url, timeout=20) as client:
            return await asyncio.gather(*(client.get(path) for path in paths))

    return asyncio.run(ask())


def test_many_who_ask_for_one_cylinder_are_one_question_to_the_archive(dsn, client):
    page_stage.fill(client)
    with page_stage.serving(dsn) as (http, service):
        questions = asked(service)
        answers = at_once(http, [f"/8003/{of('safe')}"] * 20)
        assert {answer.status_code for answer in answers} == {200}
        again = page(http, of("safe"))
        assert len(questions) == 1
        assert 0 < int(re.fullmatch(r"public, max-age=(\d+)", again.headers["cache-control"])[1]) <= 60
        page(http, of("overdue"))
        assert len(questions) == 2


def test_without_sharing_each_asks_anew_and_no_cache_may_keep_it(dsn, client):
    page_stage.fill(client)
    with page_stage.serving(dsn, public_seconds=0) as (http, service):
        questions = asked(service)
        assert page(http, of("safe")).headers["cache-control"] == "no-store"
        page(http, of("safe"))
        assert len(questions) == 2


def test_one_address_that_asks_too_often_waits_and_another_does_not(dsn, client):
    page_stage.fill(client)
    with page_stage.serving(dsn, public_client_rate=0.1) as (http, _):  # three at once, then one in ten seconds
        first = [page(http, of("safe")).status_code for _ in range(3)]
        refused, told = page(http, of("safe")), as_json(http, of("safe"))
        assert (first, refused.status_code, told.status_code) == ([200] * 3, 429, 429)
        assert 1 <= int(refused.headers["retry-after"]) <= 10
        assert refused.headers["cache-control"] == "no-store"
        for word in ("请稍等", "Please wait", "Do not rely on this page", "tel:12345"):
            assert word in refused.text
        assert not re.search('class="(good|bad)"', refused.text)
        assert (told.json()["status"], told.json()["cylinder"]["safe"]) == (429, None)
        assert page(http, of("safe"), **{"x-forwarded-for": "198.51.100.7"}).status_code == 200


def test_all_together_may_look_up_so_much_and_what_is_known_is_free(dsn, client):
    page_stage.fill(client)
    with page_stage.serving(dsn, public_rate=0.1) as (http, service):  # one at once
        assert page(http, of("safe")).status_code == 200
        questions = asked(service)
        assert page(http, of("overdue")).status_code == 429
        assert page(http, of("safe")).status_code == 200
        assert page(http, "<no code at all>").status_code == 404
        assert questions == []


def test_an_archive_that_is_down_is_an_honest_page():
    with page_stage.serving("clickhouse://127.0.0.1:1/default") as (http, _):
        refuses(page(http, of("safe")))
        told = as_json(http, of("safe"))
        assert (told.status_code, told.json()["cylinder"]["safe"]) == (503, None)


def test_a_gateway_that_is_down_is_an_honest_page_though_the_archive_knows(dsn, client):
    page_stage.fill(client)
    with page_stage.serving(dsn, public_device="D-pub") as (http, _):
        refuses(page(http, of("safe")))


def test_a_gateway_that_does_not_answer_is_waited_for_no_longer_than_said(dsn, client, monkeypatch):
    page_stage.fill(client)
    monkeypatch.setattr("sinks.query.lookup.ANSWER_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as mute:  # takes the connection and says nothing, for ever
        url = f"http://127.0.0.1:{mute.getsockname()[1]}"
        with page_stage.serving(dsn, public_device="D-pub", gateway_url=url) as (http, _):
            refuses(page(http, of("safe")))


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"{}",
        b'{"verdicts": [{}]}',
        b'{"verdicts": [{"scan_id": "s", "rejected": {"field": "device", "reason": "unknown"}}]}',
    ],
)
def test_an_answer_that_says_nothing_of_a_cylinder_is_no_answer(dsn, client, body):
    page_stage.fill(client)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"

    def answer(listening):
        connection, _ = listening.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(head % len(body) + body)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=answer, args=(listening,))
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with page_stage.serving(dsn, public_device="D-pub", gateway_url=url) as (http, _):
            refuses(page(http, of("safe")))
        thread.join(10)
