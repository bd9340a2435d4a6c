"""`/` of the query service: what an operator sees without a script, over a real archive and real (or missing) neighbours."""

import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import page_stage
import pytest
from page_stage import COURIER, CUSTOMER, NUMBER, OF_E2, OLD_CODE, label, of
from sink_records import alert

from sinks.archive import Health
from sinks.connection import connect
from sinks.migrate import migrate
from sinks.query.alert_log import parsed

METRICS = """
# TYPE pingliu_worker_lag_records gauge
pingliu_worker_lag_records{partition="0"} %d
pingliu_worker_lag_records{partition="1"} 2
# TYPE pingliu_registry_rows gauge
pingliu_registry_rows{kind="site"} %d
"""
ALERTS = [
    alert("old", "OVERFILL", label=of("safe"), time="2026-11-22T08:00:00+08:00", raised_at="2026-11-22T08:00:01+08:00"),
    alert("gone", "UNDERFILL", status="retracted", reason="late", label=label(OF_E2)),
    alert(
        "vile", "CLONE", label="<script>1</script>", responsible={"kind": "enterprise", "id": "E1", "name": "<b>1</b>"}
    ),
    alert("man", "MISSING", label=of("overdue"), responsible={"kind": "person", "id": COURIER, "name": COURIER}),
    alert("kept", "HOARD", label=of("overdue"), evidence={"customer": CUSTOMER}),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """An archive with the street and alerts on it, for all tests here: nothing changes it."""
    dsn = f"chdb://{tmp_path_factory.mktemp('street')}/archive"
    client = connect(dsn)
    migrate(client)
    page_stage.fill(client, ALERTS)
    yield dsn
    client.close()


@pytest.fixture(scope="module")
def http(home):
    with page_stage.serving(home) as (http, _):
        yield http


@contextmanager
def saying(answers):
    """A process that answers these paths with 200, and all others with 503."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            body = answers.get(self.path)
            self.send_response(503 if body is None else 200)
            self.end_headers()
            self.wfile.write((body or "").encode())

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def parts(http):
    """What the page says of each part: whether it is well, and the words."""
    text = http.get("/look/parts").text
    found = re.findall(r'<li class="(well|ill)">.*?<b>.*?<span lang="en">(\w+)</span></b>(.*?)</div>', text, re.DOTALL)
    return {name: (state == "well", " ".join(re.sub("<[^>]*>", " ", said).split())) for state, name, said in found}


def test_the_last_alerts_stand_newest_first_with_label_code_district_and_enterprise(http):
    answer = http.get("/")
    rows = re.findall(r'<tr data-id="([^"]*)"', answer.text)
    assert answer.status_code == 200
    assert sorted(rows) == sorted(["gone", "vile", "man", "kept", "old", *re.findall('incident-[^"]*', answer.text)])
    assert rows[-1] == "old"
    for word in ("OVERFILL", f'href="/?trace={of("safe")}"', "330212", "甬燃", "超期未检充装", "retracted"):
        assert word in answer.text


def test_the_place_in_the_alerts_is_given_with_the_page_for_the_stream_to_go_on(http):
    since = re.search(r'data-since="([^"]*)"', http.get("/").text)[1]
    assert sum(parsed(since).values()) == len(ALERTS) + 2  # and the two incidents of the street


@pytest.mark.parametrize(
    "code", ["", OLD_CODE, of("safe"), f"https://id.example/8003/{of('safe')}", " " + of("safe") + " "]
)
def test_a_trace_is_a_page_and_names_no_person(http, code):
    answer = http.get("/", params={"trace": code} if code else {})
    assert answer.status_code == 200
    if code:
        for word in (of("safe"), "甬城燃气", "绑码 bind", "配送 deliver", "REALNAME_MISSING", 'class="deny"'):
            assert word in answer.text
        assert answer.text.index("配送 deliver") < answer.text.index("绑码 bind")  # newest first
    assert not [secret for secret in (CUSTOMER, COURIER, "V-1") if secret in answer.text]


def test_a_label_that_was_never_scanned_is_said_to_be_none(http):
    answer = http.get("/", params={"trace": label(900)})
    assert answer.status_code == 404
    assert "No scan of this label is known" in answer.text


@pytest.mark.parametrize("code", ["<script>1</script>", '"><img src=x>', "{{7*7}}", "x" * 5000])
def test_what_is_hostile_is_text(http, code):
    answer = http.get(f"/?trace={quote(code, safe='')}")
    assert answer.status_code == 404
    assert re.findall(r"<script[^>]*>", answer.text) == ['<script src="/look/look.js" defer>']
    assert "<img" not in answer.text
    assert "&lt;script&gt;1" in answer.text  # the label of an alert
    assert "<b>1" not in answer.text


def test_its_headers_let_only_our_own_files_in(http):
    answer = http.get("/")
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    for directive in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'"):
        assert directive in policy
    assert not re.search(r"<style|style=|\son\w+=|javascript:", answer.text)
    for header, wanted in (
        ("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer"), ("cache-control", "no-store"),
    ):  # fmt: skip
        assert answer.headers[header] == wanted
    assert '<html lang="zh-CN">' in answer.text
    for file, kind in (("look.css", "text/css"), ("look.js", "text/javascript")):
        assert http.get(f"/look/{file}").headers["content-type"].startswith(kind)


def test_the_room_of_the_console_is_left_free(http):
    assert http.get("/console").status_code == 404


def test_parts_that_do_not_answer_are_in_trouble(http):
    said = parts(http)
    assert {name: well for name, (well, _) in said.items()} == {
        "gateway": False, "worker": False, "sink": False, "archive": True,
    }  # fmt: skip
    assert "does not answer" in said["gateway"][1]


@pytest.mark.parametrize(
    ("lag", "rows", "well", "words"),
    [(3, 8, True, "5 records behind"), (20_000, 8, False, "20002 records behind"), (0, 0, False, "registry is empty")],
)
def test_a_worker_says_how_far_behind_it_is_and_whether_it_knows_anybody(home, lag, rows, well, words):
    with (
        saying({"/readyz": "", "/metrics": METRICS % (lag, rows)}) as url,
        page_stage.serving(home, worker_url=url, gateway_url=url) as (http, _),
    ):
        said = parts(http)
        assert said["worker"][0] is well
        assert words in said["worker"][1]
        assert said["gateway"][0] is True


def test_parts_that_are_not_ready_are_in_trouble(home):
    with saying({}) as url, page_stage.serving(home, gateway_url=url, worker_url=url) as (http, _):
        assert [parts(http)[name] for name in ("gateway", "worker")] == [
            (False, "异常 trouble 还没有准备好 · is not ready yet")
        ] * 2


@pytest.mark.parametrize(
    ("body", "well", "words"),
    [
        ('{"status":"alive","sink":{"ready":true,"last_insert":1.0,"lag":4,"failure":null}}', True, "4 records behind"),
        ('{"status":"alive","sink":{"ready":true,"lag":10000}}', False, "10000 records behind"),
        ('{"status":"alive","sink":{"ready":false,"failure":"disk full"}}', False, "disk full"),
        ('{"status":"alive"}', False, "does not answer"),
        ("<html>", False, "does not answer"),
    ],
)
def test_a_sink_elsewhere_is_asked_how_it_stands(home, body, well, words):
    with saying({"/healthz": body}) as url, page_stage.serving(home, sink_url=url) as (http, _):
        assert parts(http)["sink"][0] is well
        assert words in parts(http)["sink"][1]


def test_a_sink_in_this_process_is_not_asked_over_http(home):
    with page_stage.serving(home, sink=Health(ready=True, lag=7)) as (http, _):
        assert parts(http)["sink"] == (True, "正常 well 落后 7 条 · 7 records behind")


def test_an_archive_that_is_down_is_a_page_that_says_so():
    with page_stage.serving("clickhouse://127.0.0.1:1/default") as (http, _):
        answer = http.get("/", params={"trace": label(NUMBER["safe"])})
        assert answer.status_code == 503
        assert answer.text.count("The archive does not answer") == 2
        assert parts(http)["archive"][0] is False
