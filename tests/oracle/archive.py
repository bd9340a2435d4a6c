"""All that was accepted so far, and what each cylinder's scans amount to."""

from bisect import bisect_left

from . import labels
from .past import Past
from .registry import Registry
from .scan import Scan
from .window import Story, place_of

NOTHING_ELSE = {
    "UNKNOWN_LABEL",
    "DUPLICATE_BINDING",
    "SCRAPPED_IN_USE",
}  # a `bind` under these names and replaces nothing


class Archive:
    """What arrived, by label. A `Past` is kept for as long as it is asked with the very same scans."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.home_checks: list[Scan] = []
        self.stories: dict[str, Story] = {}
        self.aliases: dict[str, str] = {}
        self.pasts: dict[str, Past] = {}

    def canonical(self, code: str) -> str:
        """The label that a code counts as by now."""
        return self.aliases.get(code, code)

    def story(self, label: str) -> Story:
        return self.stories.setdefault(label, Story(label))

    def past(self, label: str, before: tuple | None = None) -> Past:
        """What a cylinder's scans amount to: all of them, or those before a place in order."""
        judged = self.story(label).judged
        if before is not None:
            judged = judged[: bisect_left(judged, before, key=place_of)]
        if label not in self.pasts or self.pasts[label].judged != judged:
            self.pasts[label] = Past(label, list(judged), self.registry)
        return self.pasts[label]

    def all_pasts(self) -> list[Past]:
        return [self.past(label) for label in list(self.stories)]

    def name(self, bind: Scan) -> None:
        """The aliases of a good `bind` count from now on. The first to name a code stands; a label is no alias."""
        for code in bind.data.get("aliases", []):
            if not labels.SHAPE.fullmatch(code):
                self.aliases.setdefault(code, bind.label)
