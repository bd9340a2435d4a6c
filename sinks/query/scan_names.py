"""What the types of scans are called, in Chinese and English."""

from typing import Final

SCAN_NAMES: Final = {
    "bind": "绑码 bind",
    "transfer": "过户 transfer",
    "collect": "回收 collect",
    "receive": "入站 receive",
    "precheck": "充前检查 precheck",
    "fill": "充装 fill",
    "postcheck": "充后检查 postcheck",
    "load": "装车 load",
    "unload": "卸车 unload",
    "deliver": "配送 deliver",
    "send_inspection": "送检 send",
    "inspect": "检验 inspect",
    "scrap": "报废 scrap",
    "incident": "事故 incident",
    "missing": "挂失 missing",
    "void": "作废 void",
}
