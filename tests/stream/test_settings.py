"""The setting `rules`: the parameters that scans are judged by, and the file that the project ships."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from processors.parameters import Parameters
from stream.settings import Settings, SettingsError, load
from stream.settings_file import settings_file

ROOT = Path(__file__).parents[2]
DAY = date(2027, 1, 1)


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The `pingliu.toml` that settings are read from."""
    file = tmp_path / "pingliu.toml"
    monkeypatch.setenv("PINGLIU_CONFIG", str(file))
    return file


def in_force(settings: Settings, day: date = DAY) -> Parameters:
    return settings.schedule.on(day.toordinal())


def test_the_rules_of_the_file_are_in_force(file: Path) -> None:
    file.write_text("[rules]\nstore_days = 7\n[[rules.changes]]\nfrom = 2027-01-01\ninspection_years = 3\n")
    settings = load()
    assert in_force(settings, date(2026, 12, 31)) == Parameters(store_days=7)
    assert in_force(settings) == Parameters(store_days=7, inspection_years=3)
    assert settings.schedule is settings.schedule


def test_without_a_file_the_defaults_are_in_force(file: Path) -> None:
    assert in_force(load()) == Parameters()


def test_a_child_is_given_the_same_rules_whatever_file_it_reads(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("[rules]\nstore_days = 7\n[[rules.changes]]\nfrom = 2027-01-01\ninspection_years = 3\n")
    given = load()
    file.write_text("[rules]\nlife_years = 9\n")
    for name, value in given.environment().items():
        monkeypatch.setenv(name, value)
    assert load() == given
    assert in_force(load()) == in_force(given)


def test_a_flag_gives_rules_as_json(file: Path) -> None:
    assert in_force(load(rules='{"store_days": 7}')) == Parameters(store_days=7)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[rules]\ndue_soon_day = 45", "rules.due_soon_day: no such parameter; there are life_years, "),
        ("[rules]\ndue_soon_days = '45'", "rules.due_soon_days: Expected `int`, got `str`"),
        ("[rules]\nlife_years = 0", "rules.life_years: Expected `int` >= 1, got 0"),
        ("[[rules.changes]]\nfrom = 2027-01-01\nlife_years = 51", "rules.changes[0].life_years: Expected `int` <= 50"),
        ("[[rules.changes]]\nfrom = '2027-02-30'", "rules.changes[0].from: wanted a date, got '2027-02-30'"),
        ("[[rules.changes]]\nfrom = 2027-01-01T00:00:00", "rules.changes[0].from: wanted a date, got datetime"),
        ("[[rules.changes]]\nlife_years = 9", "rules.changes[0].from: wanted a date, got None"),
        ("[rules]\nchanges = [2027]", "rules.changes[0]: wanted a table"),
        ("[rules]\nchanges = 2027", "rules.changes: wanted a list, [[rules.changes]], got 2027"),
        ("[rules.changes]\nfrom = 2027-01-01", "rules.changes: wanted a list, [[rules.changes]], got {'from'"),
        ("rules = 3", "rules: wanted a table of parameters, got 3"),
    ],
)
def test_a_wrong_rule_parameter_is_one_line_that_names_it(file: Path, text: str, told: str) -> None:
    file.write_text(text + "\n")
    with pytest.raises(SettingsError) as refusal:
        load()
    assert str(refusal.value).startswith(told)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("given", ["{store_days: 7}", "7", '["store_days"]'])
def test_an_environment_that_holds_no_json_object_is_refused(
    file: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("PINGLIU_RULES", given)
    with pytest.raises(SettingsError, match=r"^rules: wanted a (JSON object|table) of parameters, got [^\n]+$"):
        load()


def test_one_wrong_line_beside_another_setting(file: Path) -> None:
    file.write_text("[rules]\nlife_years = 0\n")
    with pytest.raises(SettingsError) as refusal:
        load(partitions="0")
    assert [line.partition(":")[0] for line in str(refusal.value).splitlines()] == ["partitions", "rules.life_years"]


def _values(settings: Settings) -> dict[str, Any]:
    return settings.model_dump(exclude={"rules"})


def test_the_file_that_is_shipped_changes_nothing(file: Path) -> None:
    shipped = (ROOT / "pingliu.toml").read_text()
    assert shipped == settings_file(), "run `make docs`"
    by_default = {name: field.default for name, field in Settings.model_fields.items()}
    file.write_text(shipped)
    assert load().model_dump() == by_default


def test_uncommented_it_gives_every_setting_and_parameter_its_default(file: Path) -> None:
    uncommented = re.sub(r"^#(?! )", "", settings_file(), flags=re.MULTILINE)
    file.write_text(uncommented)
    settings = load()
    assert _values(settings) == {
        name: field.default for name, field in Settings.model_fields.items() if name != "rules"
    }
    assert settings.model_fields_set == set(Settings.model_fields)
    assert set(settings.rules) == set(Parameters.__struct_fields__)
    assert in_force(settings) == Parameters()


def test_its_example_of_a_change_may_be_uncommented_as_well(file: Path) -> None:
    file.write_text(re.sub(r"^#(?! \S)", "", settings_file(), flags=re.MULTILINE))
    assert in_force(load()) == Parameters(inspection_years=3)
