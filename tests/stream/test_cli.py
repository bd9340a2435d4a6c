"""Commands that need no Kafka: what they print, and how they fail."""

import json
from pathlib import Path

import pytest

from processors.rules import RULES
from stream import cli
from stream.registry_load import RegistryFileError, read
from stream.settings import Settings, SettingsError, load
from stream.terminal import Exit
from tests.stream.scans import ROWS, bind, scan


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["pingliu", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return int(end.value.code or 0)


def lines(path: Path, documents: list[object]) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in documents))
    return path


def test_judge_answers_every_line_in_order(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    scans = lines(
        tmp_path / "scans.jsonl", [bind(1), scan(2, "fill", net_kg=16.0), scan(3, "fill"), scan(2, "fill", net_kg=16.0)]
    )
    assert run(monkeypatch, "judge", "--registry", str(lines(tmp_path / "registry.jsonl", list(ROWS))), str(scans)) == 0
    answers = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert [one.get("decision") for one in answers] == ["allow", "deny", None, "deny"]
    assert answers[1]["alerts"][0]["code"] == "OVERFILL"
    assert answers[2] == {"scan_id": "scan-000003", "rejected": {"field": "data.net_kg", "reason": "is missing"}}
    assert (answers[3]["duplicate"], answers[3]["alerts"]) == (True, [])


def test_a_registry_file_is_refused_whole_with_line_and_field(tmp_path: Path) -> None:
    broken = [ROWS[0], {"kind": "site", "id": "X"}, {"kind": "modle", "id": "M"}, ROWS[1] | {"radius_m": "wide"}]
    file = lines(tmp_path / "registry.jsonl", broken)
    with pytest.raises(RegistryFileError) as refusal:
        read(file)
    told = str(refusal.value).splitlines()
    assert [line.removeprefix(str(file)).split(":")[1] for line in told] == ["2", "3", "4"]
    assert "enterprise: is missing" in told[0]
    assert "kind: is not one of those the contract knows" in told[1]
    assert "radius_m: expected `float | null`, got `str`" in told[2]


def test_a_registry_file_without_rows_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "empty.jsonl").write_text("\n")
    assert run(monkeypatch, "registry", "load", str(tmp_path / "empty.jsonl")) == Exit.WRONG
    assert "no row" in capsys.readouterr().err


def test_a_wrong_setting_is_named_with_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PINGLIU_LOG_LEVEL", "loud")
    assert run(monkeypatch, "topics", "--set", "partitions=0") == Exit.WRONG
    told = capsys.readouterr().err
    assert "log_level: input should be 'debug', 'info', 'warning' or 'error', got 'loud'" in told
    assert "partitions: input should be greater than or equal to 1, got '0'" in told


def test_flags_win_over_environment_and_environment_over_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "pingliu.toml"
    file.write_text('broker = "file:1"\nhost = "0.0.0.0"\nlog_level = "error"\n')
    monkeypatch.setenv("PINGLIU_CONFIG", str(file))
    monkeypatch.setenv("PINGLIU_BROKER", "environment:1")
    monkeypatch.setenv("PINGLIU_HOST", "127.0.0.2")
    settings = load(broker="flag:1")
    assert (settings.broker, settings.host, settings.log_level) == ("flag:1", "127.0.0.2", "error")
    file.write_text("brokr = 1\n")
    with pytest.raises(SettingsError, match="brokr: no such setting"):
        load()


def test_a_child_reads_back_the_settings_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    given = Settings(token_key="secret", insecure_devices=True, partitions=3, data_dir=Path("/x"))  # type: ignore[arg-type]
    for name, value in given.environment().items():
        monkeypatch.setenv(name, value)
    assert load() == given
    assert "secret" not in repr(load())


def test_the_gateway_does_not_start_without_saying_that_it_is_insecure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "gateway") == Exit.WRONG
    assert "--insecure-devices" in capsys.readouterr().err


def test_an_unknown_authority_is_named_with_the_allowed_ones(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "alerts", "tail", "--authority", "police") == Exit.WRONG
    assert "public-security" in capsys.readouterr().err


def test_a_broker_that_is_not_there_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "topics", "--broker", "127.0.0.1:1") == Exit.AWAY
    told = capsys.readouterr().err.strip().splitlines()
    assert len(told) == 1
    assert "127.0.0.1:1" in told[0]


def test_a_label_is_printed_as_its_digital_link_and_a_wrong_one_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    label = scan(1)["label"]
    assert run(monkeypatch, "labels", "print", label, "--out", str(tmp_path)) == 0
    assert (tmp_path / f"{label}.svg").read_text().startswith("<svg")
    assert run(monkeypatch, "labels", "print", label[:-1] + "?", "--out", str(tmp_path)) == Exit.WRONG
    assert "check character" in capsys.readouterr().err


def test_a_rule_is_explained(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "rules") == 0
    listed = capsys.readouterr().out
    assert listed.count("\n") == len(RULES)
    assert run(monkeypatch, "rules", "show", "overfill") == 0
    told = capsys.readouterr().out
    for part in ("超装", "Filled over the maximum", "特种设备安全法 Art 85", "market-supervision", "deny"):
        assert part in told
    assert run(monkeypatch, "rules", "show", "NO_SUCH") == Exit.WRONG
