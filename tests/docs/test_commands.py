"""Each command of the README and of the documentation is run, or says that it is not and why.

A page's blocks `sh`, `console` and `python` run in order in a tree of their own, in which the build under test stands
in build/release; docs/tested-commands.toml says what is replaced there, and docs/tested-commands.md says so to readers.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from pages import PAGES, ROOT, Block, blocks, prose

REPLACED = tomllib.loads((ROOT / "docs/tested-commands.toml").read_text())
RUN = ("sh", "console", "python")
SHOWN = ("text", "toml", "cpp", "cmake")
PATIENCE = 120  # seconds for a page
COMMAND = re.compile(
    r"^\s*(\$ |\./|\w+=\S+ )*"
    r"(nuvlasov (run|check|dispersion|describe|info)|nuvlasov-\w+|quickstart|mpirun|srun|sbatch|qsub|bsub|cmake|ctest|git|pip|spack|module|apptainer|docker"
    r"|apt-get|python3?|build/release/bin/\S+|tests/\S+)( |$)"
)
SYNOPSIS = re.compile(r"\[|\.\.\.|\b[A-Z]{2,}\b")


def to_run(page: Path) -> list[Block]:
    return [block for block in blocks(page) if block.language in RUN and block.tested]


def smaller(text: str, values: dict[str, object]) -> str:
    """An input with other values of the keys, which it must have."""
    lines, section, left = [], "", dict(values)
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[] ")
        key = f"{section}.{line.partition('=')[0].strip()}"
        lines.append(f"{key.rpartition('.')[2]} = {left.pop(key)}" if key in left else line)
    assert not left, f"the input does not have {list(left)}"
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="session")
def programs() -> Path:
    """The directory of the build under test."""
    return Path(os.environ["NUVLASOV_PROGRAM"]).parent


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory, programs: Path) -> Path:
    """What a clone is after the build, with smaller inputs."""
    directory = tmp_path_factory.mktemp("docs") / "tree"
    (directory / "build/release").mkdir(parents=True)
    (directory / "inputs").mkdir()
    (directory / "build/release/bin").symlink_to(programs)
    for entry in ROOT.iterdir():
        if entry.name not in ("build", "runs", "inputs", "quickstart", ".git"):
            (directory / entry.name).symlink_to(entry)
    (directory / "quickstart").write_text((ROOT / "quickstart").read_text())
    (directory / "quickstart").chmod(0o755)
    for entry in (ROOT / "inputs").iterdir():
        values = REPLACED["inputs"].get(entry.name, {})
        (directory / "inputs" / entry.name).write_text(smaller(entry.read_text(), values))
    return directory


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory, programs: Path) -> dict[str, str]:
    replaced = tmp_path_factory.mktemp("programs")
    for name, line in REPLACED["programs"].items():
        (replaced / name).write_text(f"#!/bin/sh\n{line}\n")
        (replaced / name).chmod(0o755)
    path = f"{replaced}:{programs}:{os.environ['PATH']}"
    installed = {"PYTHONPATH": str(ROOT / "apps")}  # as by `pip install ./apps`
    return os.environ | {"PATH": path, "MPLBACKEND": "Agg", "PYTHONDONTWRITEBYTECODE": "1"} | installed


def script(page: Path) -> str:
    """All tested blocks of a page, for one shell."""
    parts = ["set -euo pipefail"]
    for block in to_run(page):
        parts.append(f"echo '>>> {block.place}' >&2")
        if block.language == "python":
            parts.append(f"{shlex.quote(sys.executable)} -c {shlex.quote(chr(10).join(block.lines))}")
            continue
        text = block.commands()
        for written, run in REPLACED["commands"].items():
            text = text.replace(written, run)
        parts.append(text)
    return "\n".join(parts) + "\n"


@pytest.mark.parametrize("page", [page for page in PAGES if to_run(page)], ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_work(page: Path, tree: Path, environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "tree").symlink_to(tree)
    here = tmp_path / "here"
    if page.name == "README.md":  # begins with a clone
        (tmp_path / "here").mkdir()
    else:
        subprocess.run(["cp", "-a", tree, here], check=True)
    done = subprocess.run(
        ["timeout", "-k", "5", str(PATIENCE), "bash", "-c", script(page)],
        cwd=here,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_command_is_run_or_marked(page: Path) -> None:
    for block in blocks(page):
        assert block.language in RUN + SHOWN, f"{block.place}: '{block.language}' is none of {RUN + SHOWN}"
        if block.language == "console":
            assert block.commands() or not block.tested, f"{block.place}: no line begins with '$ '"
        if block.language == "text":
            loose = [line for line in block.lines if COMMAND.match(line) and not SYNOPSIS.search(line)]
            assert not loose, f"{block.place}: {loose} would not be run: make it a block sh or console"
    indented = [number for number, line in prose(page) if line.startswith("    ") and COMMAND.match(line)]
    assert not indented, f"{page.relative_to(ROOT)}:{indented}: indented commands would not be run: fence them as sh"


def test_readme_gives_the_figure_in_two_commands_and_changes_a_parameter_in_the_third() -> None:
    commands = [line for block in blocks(ROOT / "README.md") if block.language in RUN for line in block.lines]
    clone, run, change = commands[:3]
    assert clone.startswith("git clone ") and run == "./quickstart run"
    assert change.startswith("./quickstart run ") and "--set " in change


def test_replacements_are_those_of_the_pages() -> None:
    """None is left over from what a page no longer says."""
    texts = "\n".join(page.read_text() for page in PAGES)
    assert [written for written in REPLACED["commands"] if written not in texts] == []
    assert [name for name in REPLACED["inputs"] if f"inputs/{name}" not in texts] == []
