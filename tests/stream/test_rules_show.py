"""What `pingliu rules` and `pingliu rules show` print."""

import json
from datetime import date

import pytest

from processors.rules import BY_CODE, RULES
from stream import cli
from stream.reference import pages
from stream.rule_parameters import PARAMETERS
from stream.rules_show import document, explanation, rule_of
from stream.settings import Settings, SettingsError
from stream.terminal import Exit

TODAY = date(2026, 11, 23)
CHANGED = Settings(
    rules={
        "transit_hours": 36.5,
        "changes": [
            {"from": TODAY, "customer_days": 300},
            {"from": "2027-01-01", "customer_days": 200},
            {"from": "2028-01-01", "customer_days": 200, "transit_hours": 24},
        ],
    }
)


def printed(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    monkeypatch.setattr("sys.argv", ["pingliu", "rules", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    output = capfd.readouterr()
    return int(end.value.code or 0), output.out + output.err


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_is_shown_with_all_there_is_to_say(rule) -> None:
    told = "\n".join(explanation(rule, Settings(), TODAY))
    for text in (rule.code, rule.zh, rule.en, rule.when, rule.when_zh, rule.example, rule.example_zh, rule.severity):
        assert text in told
    for fact in ("basis", "authorities", "responsible", "device hears", "at a precheck", "alerted", "looks at"):
        assert f"\n{fact:14} " in told
    for name in rule.parameters:
        assert f"\n{name} = {PARAMETERS[name].written(PARAMETERS[name].default)}\n" in told
        assert PARAMETERS[name].basis in told


def test_the_parameters_shown_are_those_in_force_and_their_later_changes() -> None:
    told = "\n".join(explanation(BY_CODE["CYLINDER_MISSING"], CHANGED, TODAY))
    assert "transit_hours = 36.5 hours (default 48); from 2028-01-01 24 hours\n" in told
    assert "customer_days = 300 days (default 365); from 2027-01-01 200 days\n" in told
    assert "more than 36.5 hours" in told
    assert "超过300天" in told
    assert "Example (by the defaults): " in told


def test_json_says_the_same() -> None:
    told = document(BY_CODE["CYLINDER_MISSING"], CHANGED, TODAY)
    parameters = {one["name"]: one for one in told["parameters"]}
    assert parameters["customer_days"]["value"] == 300
    assert parameters["customer_days"]["later"] == [{"from": date(2027, 1, 1), "value": 200}]
    assert parameters["missing_told_hours"]["later"] == []
    assert "36.5 hours" in told["when"]["en"]
    assert told["cc"] == ["public-security"]


def test_how_long_an_alert_waits() -> None:
    alerted = {rule.code: document(rule, Settings(), TODAY)["alerted"] for rule in RULES}
    assert alerted["OVERFILL"] == "at once"
    assert alerted["INSPECTION_DUE_SOON"].startswith("never")
    assert alerted["DELIVER_WITHOUT_FILL"].startswith("15 minutes after")
    assert alerted["DELIVER_WITHOUT_LOAD"].startswith("24 hours after")
    assert alerted["VEHICLE_UNLICENSED"] == "at once; what is counted at the vehicle after 15 minutes"
    assert alerted["FILLED_DWELL"].startswith("past the limit, no sooner than 15 minutes")
    assert alerted["CYLINDER_MISSING"].startswith("24 hours after the limit, no sooner than 15 minutes")


def test_a_rule_is_found_by_code_and_number_and_a_wrong_one_is_named() -> None:
    assert rule_of("overfill") is rule_of("17") is BY_CODE["OVERFILL"]
    with pytest.raises(SettingsError, match=r"^39: no such rule"):
        rule_of("39")


def test_the_commands_print_lines_and_json(monkeypatch, capfd) -> None:
    code, listed = printed(monkeypatch, capfd)
    assert (code, len(listed.splitlines())) == (0, len(RULES))
    code, listed = printed(monkeypatch, capfd, "--json")
    assert [json.loads(line)["code"] for line in listed.splitlines()] == [rule.code for rule in RULES]
    code, shown = printed(monkeypatch, capfd, "show", "OVERFILL", "--json", "--set", 'rules={"late_minutes": 6}')
    assert (code, json.loads(shown)["title"]["zh"]) == (0, "超装")
    code, shown = printed(monkeypatch, capfd, "show", "cylinder_missing", "--set", 'rules={"transit_hours": 36}')
    assert "transit_hours = 36 hours (default 48)" in shown
    code, told = printed(monkeypatch, capfd, "show", "OVERFILL", "--set", 'rules={"transit": 36}')
    assert (code, told.count("\n")) == (Exit.WRONG, 1)
    assert told.startswith("pingliu: rules.transit: no such parameter")


def test_the_pages_have_every_rule_and_parameter() -> None:
    for rule in RULES:
        assert f"\n## {rule.code}\n" in pages()["rules.md"]
        assert f"[{rule.no}](rules.md#{rule.code.lower()})" in pages()["parameters.md"] or not rule.parameters
    for name in PARAMETERS:
        assert f"\n| `{name}` | " in pages()["parameters.md"]
        assert f"\n#{name} = " in pages()["../pingliu.toml"]
