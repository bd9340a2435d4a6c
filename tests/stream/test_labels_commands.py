"""`pingliu labels` and `pingliu cards` as they are typed: files, facts, manifest, exit codes, and what an error says."""

import csv
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from stream import cli
from tests.stream.label_pictures import of_pdf, of_svg, pages_mm, read
from tests.stream.scans import ROWS

GOOD = "0690123456789200047A2Y"
TYPE = ("labels", "print", "--type", "690123456789")

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def at_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder of our own, and a host that is not the example."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PINGLIU_LABEL_HOST", "id.gas.test")


def run(*arguments: str) -> int:
    before, sys.argv = sys.argv, ["pingliu", *arguments]
    try:
        with pytest.raises(SystemExit) as end:
            cli.main()
    finally:
        sys.argv = before
    return int(end.value.code or 0)


def rows(file: str) -> list[dict[str, str]]:
    with Path(file).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_a_sheet_is_printed_and_told(capsys: Captured) -> None:
    assert run(*TYPE, "--serials", "0001-0022", "--json") == 0
    told = capsys.readouterr()
    facts = json.loads(told.out)
    assert told.err == ""
    assert (facts["printed"], facts["pages"], facts["files"]) == (22, 2, ["labels.pdf"])
    assert (facts["error_correction"], facts["module_mm"], facts["size_mm"]) == ("H", 0.75, [60, 40])
    assert (facts["first"], facts["last"]) == ("069012345678920001E", "0690123456789200224")
    codes = [code for page in of_pdf(Path("labels.pdf"), 150) for code in read(page)]
    assert len(set(codes)) == 22
    assert f"https://id.gas.test/8003/{facts['last']}" in codes


def test_the_flag_for_the_host_wins_and_the_example_is_warned_of(capsys: Captured) -> None:
    assert run(*TYPE, "--serials", "7A2", "--paper", "roll", "--host", "id.pingliu.example", "--out", "one.svg") == 0
    assert "id.pingliu.example, which no phone finds; set label_host or give --host" in capsys.readouterr().err
    (link,) = read(of_svg(Path("one.svg")))
    assert link.startswith("https://id.pingliu.example/8003/06901234567892")


def test_serials_come_from_a_file_and_from_a_count() -> None:
    Path("serials.txt").write_text("7A2\n0001-0002\n")
    assert run(*TYPE, "--serials-file", "serials.txt", "--manifest", "m.csv") == 0
    assert run(*TYPE, "--from", "A0", "--count", "2", "--manifest", "m.csv", "--paper", "roll", "--label", "40x40") == 0
    assert [row["code"][14:-1] for row in rows("m.csv")] == ["7A2", "0001", "0002", "A0", "A1"]
    assert pages_mm(Path("labels.pdf")) == [pytest.approx((40, 40), abs=0.01)] * 2


def test_the_manifest_says_what_stands_where_and_refuses_a_second_print(capsys: Captured) -> None:
    assert run(*TYPE, "--serials", "0001-0022", "--manifest", "m.csv") == 0
    listed = rows("m.csv")
    assert [(row["page"], row["row"], row["column"]) for row in (listed[0], listed[4], listed[21])] == [
        ("1", "1", "1"),
        ("1", "2", "2"),
        ("2", "1", "1"),
    ]
    assert listed[0]["content"] == f"https://id.gas.test/8003/{listed[0]['code']}"
    assert (listed[0]["file"], listed[0]["printed"][-6:]) == ("labels.pdf", "+08:00")
    capsys.readouterr()
    before = Path("labels.pdf").stat().st_mtime_ns
    assert run(*TYPE, "--serials", "0022-0023", "--manifest", "m.csv") == 2
    assert "1 printed before: 0690123456789200224 (on 20" in capsys.readouterr().err
    assert (len(rows("m.csv")), Path("labels.pdf").stat().st_mtime_ns) == (22, before)
    assert run(*TYPE, "--serials", "0022-0023", "--manifest", "m.csv", "--again") == 0
    assert len(rows("m.csv")) == 24


def test_a_file_that_is_no_manifest_is_left_alone(capsys: Captured) -> None:
    Path("other.csv").write_text("a,b\n1,2\n")
    assert run(*TYPE, "--serials", "0001", "--manifest", "other.csv") == 2
    assert "other.csv: not a manifest" in capsys.readouterr().err
    assert Path("other.csv").read_text() == "a,b\n1,2\n"


def test_a_folder_gets_an_svg_for_each_label() -> None:
    assert run("labels", "print", GOOD, "--out", "laser", "--manifest", "m.csv") == 0
    assert read(of_svg(Path("laser") / f"{GOOD}.svg")) == [f"https://id.gas.test/8003/{GOOD}"]
    assert rows("m.csv")[0]["file"] == f"laser/{GOOD}.svg"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "say what to print in one way: --serials, --serials-file, --from with --count, or whole labels"),
        (("--serials", "1", "--from", "1", "--count", "1"), "in one way"),
        (("--from", "A0"), "in one way"),
        (("--serials", ","), "no labels to print"),
        (("--serials", "7a2"), "--serials: 7a2: capital letters wanted"),
        (("--serials", "1", "--out", "x.png"), "--out x.png: the name ends in .pdf or .svg, or is a folder"),
        (("--serials", "1", "--paper", "roll", "--grid", "3x7"), "are for --paper a4"),
        (("--serials", "1", "--grid", "1.5x7"), "--grid 1.5x7: wanted whole numbers"),
        (("--serials", "1", "--label", "20x20"), "--label 20x20: too small"),
        (("--serials", "1,ABCDEFGHIJKLMNO", "--label", "27x36"), "--label 27x36: too small"),
        (("--serials", "1", "--host", "https://x"), "--host https://x: wanted a name"),
        (("--serials-file", "none.txt"), "none.txt"),
    ],
)
def test_what_cannot_be_printed_is_said_and_nothing_is_written(
    arguments: tuple[str, ...], told: str, capsys: Captured
) -> None:
    assert run(*TYPE, *arguments) == 2
    assert told in capsys.readouterr().err
    assert not list(Path().glob("*.pdf"))


def test_where_one_label_does_not_fit_none_is_written(capsys: Captured) -> None:
    assert run(*TYPE, "--serials", "1,ABCDEFGHIJKLMNO", "--label", "27x36", "--out", "laser") == 2
    assert "--label 27x36: too small" in capsys.readouterr().err
    assert not Path("laser").exists()


def test_a_type_is_asked_for(capsys: Captured) -> None:
    assert run("labels", "print", "--serials", "0001") == 2
    assert "--type is missing" in capsys.readouterr().err


def test_a_code_is_explained_and_the_exit_code_says_good_or_bad(capsys: Captured) -> None:
    assert run("labels", "check", GOOD) == 0
    assert f"{GOOD}: good, a label" in capsys.readouterr().out
    assert run("labels", "check", GOOD, GOOD[:-1] + "Z", "JZ-2011-0471") == 1
    told = capsys.readouterr().out
    assert "BAD  check character: Z found, Y expected" in told
    assert "JZ-2011-0471: good, a legacy code" in told
    assert run("labels", "check", "--json", f"{GOOD[:14]} {GOOD[14:]}", f"https://other.test/8003/{GOOD}") == 1
    bad, good = map(json.loads, capsys.readouterr().out.splitlines())
    assert (bad["good"], bad["maybe"]) == (False, [GOOD])
    assert (good["good"], good["kind"], good["code"]) == (True, "label", GOOD)
    assert "other.test, not to id.gas.test" in good["notes"][0]
    assert {"what": "check digit", "good": True, "says": "2", "expected": "2", "found": "2"} in good["findings"]


def test_cards_hold_ids_only(capsys: Captured) -> None:
    customer = {
        "kind": "customer",
        "customer_kind": "resident",
        "district": "330212",
        "id_number": "330212199001011234",
    }
    lines = [
        *ROWS,
        customer | {"id": "C-1"},
        customer | {"id": "C-2", "id_token": "t0ken", "valid_from": "2020-01-01"},
        customer | {"id": "C-2", "valid_from": "2021-01-01"},
        customer | {"id": "C-gone", "valid_to": "2020-12-31"},
    ]
    Path("city.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    wanted = [line["id"] for line in ROWS if line["kind"] == "customer"] + ["C-1", "C-2"]
    assert (
        run("cards", "print", "--customers", "city.jsonl", "--out", "cards.svg", "--manifest", "cards.csv", "--json")
        == 0
    )
    assert json.loads(capsys.readouterr().out)["printed"] == len(wanted)
    assert read(of_svg(Path("cards.svg"))) == sorted(wanted)
    assert [(row["code"], row["content"]) for row in rows("cards.csv")] == [(one, one) for one in wanted]
    written = Path("cards.svg").read_text() + Path("cards.csv").read_text()
    assert "330212199001011234" not in written
    assert "t0ken" not in written


def test_a_card_printer_gets_one_card_to_a_page() -> None:
    assert run("cards", "print", "--ids", "C001,C002", "--paper", "roll", "--dots", "12") == 0
    assert pages_mm(Path("cards.pdf")) == [pytest.approx((85.6, 53.98), abs=0.01)] * 2
    assert [read(page) for page in of_pdf(Path("cards.pdf"))] == [["C001"], ["C002"]]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "either --ids C001,C002 or --customers FILE.jsonl"),
        (("--ids", "a", "--customers", "b"), "either --ids"),
        (("--ids", "C1,C1"), "--ids: C1 twice"),
        (("--ids", "客户"), "--ids: '客户': an id on a card is"),
        (("--ids", ""), "no cards to print"),
    ],
)
def test_a_card_that_cannot_be_printed_is_said(arguments: tuple[str, ...], told: str, capsys: Captured) -> None:
    assert run("cards", "print", *arguments) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(("group", "command"), [("labels", "print"), ("labels", "check"), ("cards", "print")])
def test_help_has_examples_and_exit_codes(group: str, command: str, capsys: Captured) -> None:
    assert run(group, command, "--help") == 0
    told = capsys.readouterr().out
    assert told.count(f"  pingliu {group} {command} ") >= 2
    assert "Exit code 0:" in told


def test_colours_are_for_a_terminal_only() -> None:
    command = [sys.executable, "-m", "stream.cli", "labels", "check", GOOD[:-1] + "Z"]
    environment = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR", "TERM"}}
    root = Path(cli.__file__).parents[1]
    piped = subprocess.run(command, capture_output=True, check=False, cwd=root, env=environment)
    assert (piped.returncode, b"\x1b" in piped.stdout + piped.stderr) == (1, False)
    ours, theirs = pty.openpty()
    shown = subprocess.run(command, stdout=theirs, check=False, cwd=root, env=environment | {"TERM": "xterm"})
    os.close(theirs)
    assert (shown.returncode, b"\x1b[31m" in os.read(ours, 4096)) == (1, True)
    os.close(ours)
