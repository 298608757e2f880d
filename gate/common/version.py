"""Release tags: semantic versions with a v in front, and their order (semver.org, 11)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering

_TAG = re.compile(
    r"v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?"
)

EXPECTED = "expected a semantic version with a v in front, such as v1.2.3"


@total_ordering
@dataclass(frozen=True)
class Version:
    """numbers: major, minor, patch. label: the parts of a pre-release, empty for a release."""

    numbers: tuple[int, int, int]
    label: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"v{'.'.join(map(str, self.numbers))}" + (f"-{'.'.join(self.label)}" if self.label else "")

    def __lt__(self, other: Version) -> bool:
        return self._order < other._order

    @property
    def _order(self) -> tuple[object, ...]:
        """A pre-release comes before its release; numbers before words, shorter before longer."""
        parts = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in self.label)
        return (self.numbers, not self.label, parts)


def taken_back_to(tag: str) -> str | None:
    """The release that a tag such as v1.0.0-rollback asks to go back to (plan 8.3, option C); None for any other."""
    version = parse(tag)
    return str(Version(version.numbers)) if version and version.label[:1] == ("rollback",) else None


def parse(tag: str) -> Version | None:
    """The version that a tag names; None for a tag that is none."""
    found = _TAG.fullmatch(tag)
    if found is None:
        return None
    major, minor, patch, label = found.groups()
    return Version((int(major), int(minor), int(patch)), tuple(label.split(".")) if label else ())
