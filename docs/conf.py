"""The book, by Sphinx: `cmake --build build/release --target docs`. Needs no network."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[1]
GITHUB_STYLE = {  # links that hold in the repository, and the pages that stand for their targets here
    "../README.md": "index.md",
    "../src/README.md": "rooms.md",
    "../jobscripts/README.md": "jobscripts.md",
    "../CONTRIBUTING.md": "contributing.md",
    "../CHANGELOG.md": "changelog.md",
}

project = "nuvlasov"
author = "the nuvlasov authors"
copyright = author
version = release = re.search(r"project\(nuvlasov VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["figures/*.md"]
nitpicky = True
highlight_language = "none"
myst_heading_anchors = 3
suppress_warnings = ["myst.header"]  # decisions begin with what was decided

html_theme = "furo"
html_title = f"nuvlasov {version}"
html_copy_source = False


def captions() -> dict[str, str]:
    return tomllib.loads((ROOT / "docs/figures/captions.toml").read_text())


def gallery() -> str:
    """All figures of docs/figures, those with a caption first, in its order."""
    figures = {path.stem: path.name for path in sorted((ROOT / "docs/figures").glob("*.png"))}
    said = captions()
    order = [name for name in said if name in figures] + [name for name in figures if name not in said]
    return "\n\n".join(
        f"```{{figure}} figures/{figures[name]}\n:alt: {name.replace('_', ' ')}\n\n{said.get(name, name.replace('_', ' '))}\n```"
        for name in order
    )


def of_repository(match: re.Match[str]) -> str:
    """A page from elsewhere in the repository, its links as from docs/."""
    path = ROOT / match["path"]

    def from_docs(link: re.Match[str]) -> str:
        return f"]({os.path.relpath(path.parent / link['target'], ROOT / 'docs')}"

    return re.sub(r"\]\((?!https?:|#)(?P<target>[^)#]+)", from_docs, path.read_text())


def prepare(app: Sphinx, docname: str, source: list[str]) -> None:
    """Fills in pages from elsewhere and the gallery; links out of docs/ stay inside the book."""
    for name in re.findall(r"<!-- file: (\S+) -->", source[0]):
        app.env.note_dependency(str(ROOT / name))
    if "<!-- gallery -->" in source[0]:
        for name in ("figures", "figures/captions.toml"):  # a folder is never up to date
            app.env.note_dependency(str(ROOT / "docs" / name))
    text = re.sub(r"<!-- file: (?P<path>\S+) -->.*", of_repository, source[0])
    up = "../" * docname.count("/")
    for path, page in GITHUB_STYLE.items():
        text = text.replace(f"]({up}{path}", f"]({up}{page}")
    source[0] = text.replace("<!-- gallery -->", gallery())


def setup(app: Sphinx) -> None:
    app.connect("source-read", prepare)
