"""The table of scan types (contract.md): which devices may send each, and which are moves."""

from types import MappingProxyType

_ALL = frozenset({"station", "courier", "agency", "vehicle", "office", "public"})
_KEEPERS = frozenset({"office", "station"})

# scan type → device kinds that may send it
SENDERS = MappingProxyType(
    {
        "bind": frozenset({"office", "station", "agency"}),
        "transfer": _KEEPERS,
        "collect": frozenset({"courier"}),
        "receive": frozenset({"station", "agency"}),
        "precheck": frozenset({"station"}),
        "fill": frozenset({"station"}),
        "postcheck": frozenset({"station"}),
        "load": frozenset({"vehicle", "station"}),
        "unload": frozenset({"vehicle", "station"}),
        "deliver": frozenset({"courier"}),
        "send_inspection": _KEEPERS,
        "inspect": frozenset({"agency"}),
        "scrap": frozenset({"agency", "office", "station"}),
        "incident": _ALL,
        "missing": _KEEPERS,
        "void": frozenset({"office", "agency"}),
        "lookup": _ALL,
        "home_check": frozenset({"courier"}),
    }
)

# A cylinder is where its last move left it (domain.md section 4).
MOVES = frozenset({"collect", "receive", "fill", "load", "unload", "deliver", "send_inspection"})
