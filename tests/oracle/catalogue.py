"""The violation catalogue as the text has it: number, code, Chinese, severity, to, basis, device."""

from typing import NamedTuple

TABLE = """
1|UNKNOWN_LABEL|未登记标签|H|MS fill / GE deliver|SEL83|deny
2|DUPLICATE_BINDING|重复绑码|H|MS|city standard|deny
4|SCRAPPED_IN_USE|报废瓶流通|C|MS fill / GE deliver|SEL48,84|deny
6|INSPECTION_OVERDUE_FILL|超期未检充装|C|MS|ZS10(2)|deny
7|INSPECTION_OVERDUE_DELIVER|配送超期瓶|H|GE|ZG20(2)|deny
11|FOREIGN_CYLINDER_FILL|充装非自有瓶|C|MS, cc GE|UG18(7)|deny
13|UNLICENSED_FILLING|无证充装|C|MS|SEL85|deny
17|OVERFILL|超装|C|MS|SEL85|deny
22|DELIVER_WITHOUT_FILL|无充装记录配送|C|GE, MS|UG18(8)|deny
26|REALNAME_MISSING|未实名|H|GE, cc PS|CT25,44|deny
36|INCIDENT_REPORTED|事故报告|C|FR, MS, GE, PS|UG|silent
"""
SEVERITIES = {"C": "critical", "H": "high", "M": "medium", "L": "low"}
AUTHORITIES = {
    "MS": "market-supervision",
    "GE": "urban-enforcement",
    "PS": "public-security",
    "TR": "transport",
    "FR": "fire-rescue",
}
LAWS = {
    "SEL": "特种设备安全法",
    "ZS": "浙江特种设备条例",
    "UG": "城镇燃气管理条例",
    "ZG": "浙江燃气条例",
    "CT": "浙江反恐办法",
    "RT": "道路运输条例",
    "HC": "危化品条例",
}
TO_THE_SECOND = {"deliver", "collect", "home_check"}


class Entry(NamedTuple):
    number: int
    code: str
    zh: str
    severity: str
    to: str
    basis: str
    device: str

    def told(self, scan_type: str) -> tuple[list[str], list[str]]:
        """Who gets the alert of a scan of this type: `to` and `cc`."""
        if " / " in self.to:
            first, second = self.to.split(" / ")
            named = (second if scan_type in TO_THE_SECOND else first).split()[:1]
        else:
            named = self.to.split(", ")
        to = [AUTHORITIES[name] for name in named if not name.startswith("cc ")]
        return to, [AUTHORITIES[name.removeprefix("cc ")] for name in named if name.startswith("cc ")]

    def articles(self) -> list[str] | None:
        """The legal basis, an article each; None where the text leaves the words open."""
        law = next((short for short in LAWS if self.basis.startswith(short)), None)
        if law is None:
            return None
        articles = [article for article in self.basis.removeprefix(law).split(",") if article]
        return [f"{LAWS[law]} Art {article}" for article in articles] or [LAWS[law]]


def read(table: str) -> dict[str, Entry]:
    """The entries by code."""
    rows = [line.split("|") for line in table.strip().splitlines()]
    entries = [Entry(int(row[0]), row[1], row[2], SEVERITIES[row[3]], *row[4:]) for row in rows]
    return {entry.code: entry for entry in entries}


CATALOGUE = read(TABLE)
