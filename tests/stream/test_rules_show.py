"""What `pingliu rules` and `pingliu rules show` print."""

import json
import re
from datetime import date

import pytest

from processors.parameters import Parameters
from processors.rules import BY_CODE, RULES
from stream import cli, rules_show_zh
from stream.reference import pages
from stream.rule_parameters import PARAMETERS
from stream.rules_show import document, explanation, facts, rule_of
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


def printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, str, str]:
    """How the command ends, what it prints and what it tells on stderr."""
    monkeypatch.setattr("sys.argv", ["pingliu", "rules", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    output = capsys.readouterr()
    return int(end.value.code or 0), output.out, output.err


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


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_is_shown_in_chinese_with_all_that_is_said_in_english(rule) -> None:
    told = "\n".join(explanation(rule, Settings(), TODAY))
    chinese = dict(rules_show_zh.facts(rule, Parameters()))
    assert len(chinese) == len(dict(facts(rule, Parameters())))
    for name, value in chinese.items():
        assert f"\n{name}：{value}\n" in told
        assert not re.search("[a-z]", value), "in Chinese, but for the number of a standard"
    for name in rule.parameters:
        assert re.search(rf"\n  {re.escape(PARAMETERS[name].meaning_zh)}（[^a-z]+）\n", told)
    assert document(rule, Settings(), TODAY)["zh"] == chinese


@pytest.mark.parametrize(
    ("code", "fact", "value"),
    [
        ("UNLICENSED_OPERATOR", "告知部门", "综合执法（燃气）、公安"),
        ("SCRAPPED_IN_USE", "告知部门", "市场监管（配送、回收时：综合执法（燃气））"),
        ("REALNAME_MISSING", "告知部门", "综合执法（燃气）（抄送：公安）"),
        ("INSPECTION_DUE_SOON", "告知部门", "只提示企业"),
        ("INSPECTION_DUE_SOON", "告警", "不告警，只提示设备"),
        ("SCRAPPED_IN_USE", "依据", "特种设备安全法第48条、特种设备安全法第84条"),
        ("DUPLICATE_BINDING", "依据", "地方标准"),
        ("DELIVER_NO_CONTRACT", "依据", "市方案二(一)"),
        ("REPORTED_MISSING", "依据", "治安管理处罚法第31条，自2026-01-01起为第37条"),
        ("HOME_CHECK_OVERDUE", "答复设备", "提醒，情节较重的拒绝"),
        ("VEHICLE_UNLICENSED", "答复设备", "拒绝（按车辆计数的只告警）"),
        ("VEHICLE_UNLICENSED", "告警", "即时；按车辆计数的，15分钟后"),
        ("USER_EXCESS_HOLDING", "答复设备", "不答复，只告警"),
        ("USER_EXCESS_HOLDING", "告警", "记录到达24小时后，其间没有补传记录消除的"),
        ("CYLINDER_MISSING", "告警", "期满24小时后，且不早于起始记录到达后15分钟"),
        ("FILLED_DWELL", "告警", "期满后，且不早于起始记录到达后15分钟"),
        ("LABEL_CLONE_SUSPECT", "充装前检查", "照常判定、答复并告警"),
        ("OVERFILL", "充装前检查", "不判"),
        ("FILLED_DWELL", "扫码类型", "时间经过"),
        ("UNKNOWN_LABEL", "扫码类型", "全部"),
    ],
)
def test_a_fact_in_chinese(code: str, fact: str, value: str) -> None:
    assert dict(rules_show_zh.facts(BY_CODE[code], Parameters()))[fact] == value


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
    unknown = str(len(RULES) + 1)
    with pytest.raises(SettingsError, match=rf"^{unknown}: no such rule"):
        rule_of(unknown)


def test_the_commands_print_lines_and_json(monkeypatch, capsys) -> None:
    code, listed, _ = printed(monkeypatch, capsys)
    assert (code, len(listed.splitlines())) == (0, len(RULES))
    code, listed, _ = printed(monkeypatch, capsys, "--json")
    assert [json.loads(line)["code"] for line in listed.splitlines()] == [rule.code for rule in RULES]
    code, shown, _ = printed(monkeypatch, capsys, "show", "OVERFILL", "--json", "--set", 'rules={"late_minutes": 6}')
    assert (code, json.loads(shown)["title"]["zh"]) == (0, "超装")
    code, shown, _ = printed(monkeypatch, capsys, "show", "cylinder_missing", "--set", 'rules={"transit_hours": 36}')
    assert "transit_hours = 36 hours (default 48)" in shown
    code, shown, told = printed(monkeypatch, capsys, "show", "OVERFILL", "--set", 'rules={"transit": 36}')
    assert (code, shown, told.count("\n")) == (Exit.WRONG, "", 1)
    assert told.startswith("pingliu: rules.transit: no such parameter")


def test_the_pages_have_every_rule_and_parameter() -> None:
    for rule in RULES:
        assert f"\n## {rule.code}\n" in pages()["rules.md"]
        assert f"[{rule.no}](rules.md#{rule.code.lower()})" in pages()["parameters.md"] or not rule.parameters
    for name in PARAMETERS:
        assert f"\n| `{name}` | " in pages()["parameters.md"]
        assert f"\n#{name} = " in pages()["../pingliu.toml"]
