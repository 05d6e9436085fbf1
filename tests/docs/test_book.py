"""The book: warnings are errors, and every link in it leads somewhere."""

from __future__ import annotations

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest

from pages import ROOT

for module in ("furo", "myst_parser", "sphinx"):
    pytest.importorskip(module)
API = "api/index.html"  # made by Doxygen


class Page(HTMLParser):
    """Names to link to, and links, of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.links: list[str] = []
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name == "id" and value:
                self.names.add(value)
            elif name in ("href", "src") and value:
                self.links.append(value)


def build(source: Path, output: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-B", "-m", "sphinx", "-W", "-n", "-q", "-b", "html", "-d", output / "cache", source, output / "book"],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("book")
    done = build(ROOT / "docs", output)
    assert done.returncode == 0, done.stderr
    return output / "book"


def test_links_lead_somewhere(book: Path) -> None:
    pages = {path: Page(path) for path in book.rglob("*.html")}
    assert len(pages) > 20
    broken = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlparse(link)
            if parts.scheme or parts.netloc or parts.path == API:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            named = not parts.fragment or target not in pages or unquote(parts.fragment) in pages[target].names
            if not target.exists() or not named:
                broken.append(f"{path.relative_to(book)}: {link}")
    assert not broken


def test_gallery_has_all_figures(book: Path) -> None:
    sources = " ".join(Page(book / "gallery.html").links)
    assert [path.name for path in (ROOT / "docs/figures").glob("*.png") if path.stem not in sources] == []


def test_no_page_needs_the_network(book: Path) -> None:
    """Scripts, styles and images are in the book."""
    outside = [
        f"{path.name}: {line.strip()}"
        for path in book.rglob("*.html")
        for line in path.read_text().splitlines()
        if ("<script" in line or '<link rel="stylesheet"' in line or "<img" in line) and "://" in line.replace("http://www.w3.org", "")
    ]
    assert outside == []


@pytest.mark.parametrize("mistake", ["[broken](nowhere.md)", "[broken](units.md#nowhere)", "```{nothing}\n```"])
def test_a_mistake_is_an_error(tmp_path: Path, mistake: str) -> None:
    """Two pages, one of them with a mistake, under the settings of the book."""
    for path in (tmp_path / "docs", tmp_path / "docs/figures"):
        path.mkdir()
    for name in ("docs/conf.py", "docs/figures/captions.toml", "CMakeLists.txt"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    (tmp_path / "docs/units.md").write_text("# Units\n")
    index = "# Index\n\n```{toctree}\nunits\n```\n\n"
    (tmp_path / "docs/index.md").write_text(index)
    assert build(tmp_path / "docs", tmp_path / "good").returncode == 0
    (tmp_path / "docs/index.md").write_text(index + mistake + "\n")
    assert build(tmp_path / "docs", tmp_path / "bad").returncode != 0
