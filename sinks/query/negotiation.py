"""What the asker wants to read (RFC 9110, 12.5.1), as far as it is a page or JSON."""

from typing import Final

_PAGE: Final = ("text", "html")
_JSON: Final = ("application", "json")


def prefers_json(accept: str) -> bool:
    """Whether JSON is accepted, and better than a page: without a preference it is the page."""
    return _quality(accept, _JSON) > _quality(accept, _PAGE)


def _quality(accept: str, wanted: tuple[str, str]) -> float:
    """The weight of the most exact range that a type falls under; 0 where none does, 1 where nothing is asked."""
    if not accept.strip():
        return 1.0
    best = (-1, 0.0)
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        kind, _, sub = name.partition("/")
        if kind in (wanted[0], "*") and sub in (wanted[1], "*"):
            best = max(best, ((kind != "*") + (sub != "*"), _weight(parameters)))
    return best[1]


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(1.0, max(0.0, float(value)))
            except ValueError:
                return 0.0
    return 1.0
