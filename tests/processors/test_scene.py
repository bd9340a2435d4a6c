"""A scene is looked up once a day for each device, operator and site, and not for ever kept."""

import pytest

from processors import scene
from processors.registry import Device, Registry

DAY = 740_000


def test_so_many_scenes_are_kept_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scene, "_KEPT_AT_MOST", 2)
    registry = Registry()
    registry.put(Device(id="D1", device_kind="public"))
    first = registry.scene("D1", None, None, DAY)
    for operator in ("P1", "P2"):
        registry.scene("D1", operator, None, DAY)
    assert registry.scene("D1", None, None, DAY) is first, "three are one more than two, and still kept"
    registry.scene("D1", "P3", None, DAY)
    again = registry.scene("D1", None, None, DAY)
    assert again is not first
    assert registry.scene("D1", "P3", None, DAY) is registry.scene("D1", "P3", None, DAY)
    assert again == first


def test_another_day_or_another_registry_is_another_scene() -> None:
    registry = Registry()
    registry.put(Device(id="D1", device_kind="public"))
    first = registry.scene("D1", None, None, DAY)
    assert first.is_public
    assert registry.scene("D1", None, None, DAY + 1).day == DAY + 1
    registry.put(Device(id="D1", device_kind="courier"))
    assert not registry.scene("D1", None, None, DAY + 1).is_public
