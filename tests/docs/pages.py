"""The pages of the documentation, and the blocks of code in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "src/README.md", "jobscripts/README.md")]
    + list((ROOT / "docs").rglob("*.md"))
)
NOT_TESTED = re.compile(r"^# not tested: \S.*$")
FENCE = re.compile(r"^(?P<fence>```+)(?P<language>[\w-]*)(?P<directive>\{.*)?$")


@dataclass(frozen=True)
class Block:
    """A fenced block; `line` is that of its fence."""

    page: Path
    line: int
    language: str
    lines: list[str]

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def tested(self) -> bool:
        return not (self.lines and NOT_TESTED.match(self.lines[0]))

    def commands(self) -> str:
        """What a shell is to run: all lines of `sh`, and of `console` those with a prompt, and what continues them."""
        if self.language == "sh":
            return "\n".join(self.lines)
        return "\n".join(line[2:] for line in self.lines if line.startswith(("$ ", "> ")))


def blocks(page: Path) -> list[Block]:
    """All fenced blocks but directives."""
    found: list[Block] = []
    fence = ""
    directive = False
    for number, line in enumerate(page.read_text().splitlines(), 1):
        match = FENCE.match(line)
        if not fence and match:
            fence, directive = match["fence"], bool(match["directive"])
            if not directive:
                found.append(Block(page, number, match["language"], []))
        elif fence and line == fence:
            fence = ""
        elif fence and not directive:
            found[-1].lines.append(line)
    assert not fence, f"{page}: a block has no end"
    return found


def prose(page: Path) -> list[tuple[int, str]]:
    """The lines outside fenced blocks, with their numbers."""
    lines: list[tuple[int, str]] = []
    fence = ""
    for number, line in enumerate(page.read_text().splitlines(), 1):
        match = FENCE.match(line)
        if not fence and match:
            fence = match["fence"]
        elif fence and line == fence:
            fence = ""
        elif not fence:
            lines.append((number, line))
    return lines
