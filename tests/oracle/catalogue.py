"""The violation catalogue as the text has it: number, code, Chinese, severity, to, basis, device."""

from typing import NamedTuple

TABLE = """
1|UNKNOWN_LABEL|未登记标签|H|MS fill / GE deliver|SEL83|deny
2|DUPLICATE_BINDING|重复绑码|H|MS|city standard|deny
3|LABEL_CLONE_SUSPECT|疑似套码|C|MS; PS once confirmed|SEL83|warn
4|SCRAPPED_IN_USE|报废瓶流通|C|MS fill / GE deliver|SEL48,84|deny
5|SERVICE_LIFE_EXCEEDED|超使用年限|C|MS fill / GE deliver|ZS10(4)|deny
6|INSPECTION_OVERDUE_FILL|超期未检充装|C|MS|ZS10(2)|deny
7|INSPECTION_OVERDUE_DELIVER|配送超期瓶|H|GE|ZG20(2)|deny
8|INSPECTION_DUE_SOON|即将到期|L|enterprise only|SEL40|warn
9|INSPECTION_FAILED_IN_USE|不合格瓶流通|C|MS|ZS10(3)|deny
10|INSPECTION_RECORD_SUSPECT|检验记录可疑|H|MS|SEL|warn
11|FOREIGN_CYLINDER_FILL|充装非自有瓶|C|MS, cc GE|UG18(7)|deny
12|FOREIGN_CYLINDER_SALE|销售非自有瓶|H|GE|UG18(8)|deny
13|UNLICENSED_FILLING|无证充装|C|MS|SEL85|deny
14|UNLICENSED_OPERATOR|无证经营|C|GE, PS|UG45|deny
15|PREFILL_CHECK_MISSING|缺充装前检查|H|MS|SEL49,85|deny
16|POSTFILL_CHECK_MISSING|缺充装后检查|H|MS|SEL85|deny
17|OVERFILL|超装|C|MS|SEL85|deny
18|UNDERFILL|短量|M|MS|ZG20(5)|warn
19|REFILL_NO_CIRCULATION|未流转重复充装|M|MS|SEL85|warn
20|FILL_WITHOUT_RETURN|未回收先充装|M|GE|the plan 三(十)|warn
21|FILLER_UNQUALIFIED|充装员无证|H|MS|SEL49|deny
22|DELIVER_WITHOUT_FILL|无充装记录配送|C|GE, MS|UG18(8)|deny
23|DELIVER_WITHOUT_LOAD|未出库配送|M|GE|UG25|warn
24|COURIER_NOT_OF_OWNER|非本企业配送|H|GE|UG25|deny
25|DELIVER_NO_CONTRACT|无合同供气|H|GE|the plan 二(一)|deny
26|REALNAME_MISSING|未实名|H|GE, cc PS|CT25,44|deny
27|USER_EXCESS_HOLDING|用户囤积|H|GE, FR|ZG20(4)|—
28|ABNORMAL_PURCHASE|异常购气|H|PS, cc GE|CT|—
29|PROHIBITED_PREMISES|禁供场所|H|GE|GB5842-2023|deny
30|HOME_CHECK_OVERDUE|安检超期|M|GE|UG17|warn/deny
31|VEHICLE_UNLICENSED|无危货资质车辆|C|TR, PS|RT63(3)|deny (permit)
32|CREW_UNQUALIFIED|人员无资格|H|TR|HC44,48|deny
33|FILLED_DWELL|重瓶滞留|M|GE|UG18(5)|—
34|UNAPPROVED_LOCATION|未核准场所|C|GE (both districts), FR|ZG20(4)|warn
35|CYLINDER_MISSING|气瓶失联|M|GE, cc PS|治安法|—
36|INCIDENT_REPORTED|事故报告|C|FR, MS, GE, PS|UG|silent
37|REPORTED_MISSING|挂失|M|PS, cc GE|治安法|silent
38|TRANSFER_NOT_BY_OWNER|非产权单位过户|H|MS|the plan 二(一)|deny
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
NOBODY = "enterprise only"  # told to the device
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
            named = [name.partition(" (")[0] for name in self.to.partition("; ")[0].split(", ")]
        to = [AUTHORITIES[name] for name in named if not name.startswith("cc ")]
        return to, [AUTHORITIES[name.removeprefix("cc ")] for name in named if name.startswith("cc ")]

    @property
    def is_alerted(self) -> bool:
        return self.to != NOBODY

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
    entries = [
        Entry(int(row[0]), row[1], row[2], SEVERITIES[row[3]], *row[4:6], row[6].partition(" ")[0]) for row in rows
    ]
    return {entry.code: entry for entry in entries}


CATALOGUE = read(TABLE)
