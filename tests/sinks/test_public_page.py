"""`/8003/{label}` over a real archive, without a public device: what anyone reads who scans a label."""

import html
import re
from html.parser import HTMLParser

import page_stage
import pytest
from page_stage import COURIER, CUSTOMER, OF_E2, OLD_CODE, REPAIRED, REPLACED, STREET, WORDS, as_json, label, of, page

from sinks.connection import connect
from sinks.migrate import migrate

BUDGET = 30 * 1024
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "a'b",
    "{{7*7}}",
    "x" * 3000,
    "../../etc",
    "甬",
]


class Languages(HTMLParser):
    """Every piece of text with the language it is marked as."""

    def __init__(self):
        super().__init__()
        self.open, self.texts = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "link", "path", "circle", "br", "input"):
            self.open.append((tag, dict(attrs).get("lang")))

    def handle_endtag(self, tag):
        if tag not in ("path", "circle"):
            while self.open.pop()[0] != tag:
                pass

    def handle_data(self, data):
        if data.strip() and self.open[-1][0] not in ("style", "title"):
            self.texts.append((next((lang for _, lang in reversed(self.open) if lang), None), data.strip()))


@pytest.fixture(scope="module")
def http(tmp_path_factory):
    """One archive for all, since nothing here changes it; and nobody is made to wait."""
    dsn = f"chdb://{tmp_path_factory.mktemp('street')}/archive"
    client = connect(dsn)
    migrate(client)
    page_stage.fill(client)
    with page_stage.serving(dsn, public_client_rate=1000) as (http, _):
        yield http
    client.close()


@pytest.mark.parametrize("status", STREET)
def test_each_state_says_safe_or_not_why_until_when_whose_and_whom_to_call(http, status):
    answer, told = page(http, of(status)), as_json(http, of(status)).json()
    safe = status in ("safe", "due_soon")
    assert (answer.status_code, told["status"], told["safe"]) == (200, status, safe)
    big = re.search(r"<h1>(.*?) <span lang=\"en\">(.*?)</span></h1>", answer.text)
    assert big.groups() == (("安全", "Safe") if safe else ("不安全", "Not safe"))
    for word in (*WORDS[status], "甬城燃气", "tel:12345", "tel:119"):
        assert word in answer.text
    # A date ahead beside "not safe" would be read as leave to use it.
    assert (told["next_inspection"] in answer.text) == (status not in ("scrapped", "failed"))
    assert (told["end_of_life"] in answer.text) == (safe or status == "expired")
    assert ('class="good"' in answer.text, 'class="bad"' in answer.text) == (status == "safe", not safe)
    assert told["owner"] == {"id": "E1", "name": "甬城燃气"}


def test_a_code_that_nobody_registered_is_a_warning_and_404(http):
    for code in (label(900), label(900)[:-1] + "*", "NB-9999"):
        answer = page(http, code)
        assert answer.status_code == 404
        for word in ("不安全", "Not safe", "forgery", "热线", "tel:12345", "不要付钱", "Do not pay"):
            assert word in answer.text
        assert not re.search("检验不晚于|Next inspection|Owner", answer.text)


def test_a_label_that_was_replaced_counts_as_scrapped(http):
    assert as_json(http, label(REPLACED)).json()["status"] == "scrapped"


def test_a_report_older_than_the_last_good_inspection_is_settled(http):
    assert as_json(http, label(REPAIRED)).json()["status"] == "safe"


@pytest.mark.parametrize(
    "code", [OLD_CODE, f"https://id.example/8003/{of('safe')}", of("safe").lower(), of("safe") + "/"]
)
def test_an_old_code_a_link_and_small_letters_mean_the_same_cylinder(http, code):
    assert as_json(http, code).json()["label"] == of("safe")


def test_of_the_archive_it_says_since_when(http):
    told = as_json(http, of("overdue")).json()
    assert told["live"] is False
    assert told["as_of"][:10] in page(http, of("overdue")).text


def test_it_tells_nothing_of_a_person(http):
    for text in (page(http, of("safe")).text, as_json(http, of("safe")).text):
        assert not [secret for secret in (CUSTOMER, COURIER, "D-co1", "V-1", "ST1") if secret in text]


@pytest.mark.parametrize("code", HOSTILE)
def test_a_hostile_code_is_text_and_nothing_else(http, code):
    answer = page(http, code)
    assert answer.status_code == 404
    assert html.escape(code[:64]).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in answer.text
    assert not re.search(r"<script|<img", answer.text)
    assert len(answer.content) < BUDGET


def test_a_hostile_name_of_an_owner_is_text(http):
    text = page(http, label(OF_E2)).text
    assert "&lt;b&gt;坏&lt;/b&gt; &amp; Söhne" in text
    assert "<b>坏" not in text


@pytest.mark.parametrize("code", [*map(of, STREET), label(900)])
def test_it_is_small_and_needs_no_script_and_no_second_request(http, code):
    answer = page(http, code)
    assert len(answer.content) < BUDGET
    assert not re.search(r"<script|<img|<iframe|url\(|@import|\bon\w+=|style=|src=", answer.text)
    assert re.findall(r'<link [^>]*href="([^"]*)"', answer.text) == ["data:,"]


def test_its_headers_are_strict(http):
    for answer in (page(http, of("safe")), page(http, label(900)), page(http, "<script>")):
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "script-src" not in policy  # so default-src 'none' stands for it
        for directive in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"):
            assert directive in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "Accept" in answer.headers["vary"]


def test_chinese_comes_first_and_what_is_english_says_so(http):
    text = page(http, of("overdue")).text
    assert '<html lang="zh-CN">' in text
    reader = Languages()
    reader.feed(text)
    han, latin = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"[a-z]{3}")
    assert [said for said in reader.texts if said[0] == "en" and han.search(said[1])] == []
    assert [said for said in reader.texts if said[0] != "en" and latin.search(said[1])] == []
    assert len([said for said in reader.texts if said[0] == "en"]) > 10
    assert han.search(reader.texts[0][1])


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json", "application/json"),
        ("application/json, text/html;q=0.9", "application/json"),
        ("application/*", "application/json"),
        ("text/html", "text/html; charset=utf-8"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html; charset=utf-8"),
        ("application/json;q=0.1, text/html;q=0.2", "text/html; charset=utf-8"),
        ("text/html;q=0, */*", "application/json"),
        ("application/json;q=zero", "text/html; charset=utf-8"),
        ("*/*", "text/html; charset=utf-8"),
        ("image/png", "text/html; charset=utf-8"),
    ],
)
def test_json_comes_to_who_accepts_it_best_and_the_page_to_all_others(http, accept, kind):
    assert page(http, of("safe"), accept=accept).headers["content-type"] == kind


def test_json_of_what_is_not_known_is_a_problem_document_with_the_answer_in_it(http):
    answer = as_json(http, label(900))
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    told = answer.json()
    assert (told["status"], told["cylinder"]["status"], told["cylinder"]["hotline"]) == (404, "unknown", "12345")
