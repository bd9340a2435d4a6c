"""The parameters of domain.md section 3: defaults that an operator may change, each with its basis."""

from msgspec import Struct


class Parameters(Struct, frozen=True, kw_only=True):
    """What the rules are judged by; years, minutes and days as the field names say."""

    # GB 5842-2006 and local notices: eight years, four more once if inspected, scrap at twelve.
    life_years: int = 8
    life_years_at_most: int = 12
    # GB/T 8334-2022; 特种设备安全法 Art 40.
    inspection_years: int = 4
    due_soon_days: int = 30
    # 城镇燃气条例 Art 17.
    home_check_days: int = 365
    # Design choices: a fill so soon after another is a correction of it.
    correction_minutes: int = 30
    # Two devices, further apart than one label can travel; by places known better than this.
    clone_km_per_hour: float = 120
    clone_metres: float = 5_000
    clone_accuracy_metres: float = 200
    # GB 5842-2023: from this nominal weight a model counts as YSP118; high-rises only where a city switches them on.
    large_cylinder_kg: float = 45
    high_rises_prohibited: bool = False
    # Design choices: a device's clock may run ahead by so much; older on arrival is late.
    ahead_minutes: int = 5
    late_minutes: int = 5
    # Of the scans of a cylinder, what is remembered to recognise a repeat.
    window_hours: int = 72
    window_scans: int = 64


DEFAULT = Parameters()
