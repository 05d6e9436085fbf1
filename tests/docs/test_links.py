"""Links from page to page, as they are on disk: for readers of the repository, before any page is built."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pages import PAGES, ROOT, prose

LINK = re.compile(r"\]\((?!https?:|mailto:)(?P<path>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")


def anchors(page: Path) -> set[str]:
    """Of its headings, as GitHub and MyST name them."""
    headings = [line.lstrip("#").strip() for _, line in prose(page) if line.startswith("#")]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for number, line in prose(page):
        for link in LINK.finditer(line):
            target = (page.parent / link["path"]).resolve() if link["path"] else page
            found = target.exists() and (link["anchor"] is None or link["anchor"] in anchors(target))
            if not found:
                broken.append(f"{page.relative_to(ROOT)}:{number}: {link[0][2:-1]}")
    assert not broken
