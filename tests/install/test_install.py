"""`cmake --install`: programs, package and data that work from any directory, moved from where they were installed."""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ["NUVLASOV_BUILD"])
BUILD_TYPE = os.environ["NUVLASOV_BUILD_TYPE"]
CMAKE = os.environ["NUVLASOV_CMAKE"]
LAUNCHER = os.environ["NUVLASOV_LAUNCHER"].split()  # mpirun -n
PATIENCE = 300  # seconds
PROGRAMS = {"nuvlasov", "nuvlasov-bench", "nuvlasov-post", "nuvlasov-scaling"}


def run(*command: str | Path, cwd: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        ["timeout", "-k", "5", str(PATIENCE), *map(str, command)], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, f"{command}:\n{done.stdout}{done.stderr}"
    return done


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the installation has been moved to."""
    directory = tmp_path_factory.mktemp("install")
    run(CMAKE, "--install", BUILD, "--prefix", directory / "first", cwd=directory)
    return (directory / "first").rename(directory / "moved")


def configure(prefix: Path, build: Path, *options: str, code: int = 0) -> str:
    consumer = Path(__file__).parent / "consumer"
    done = run(CMAKE, "-S", consumer, "-B", build, f"-DCMAKE_PREFIX_PATH={prefix}", *options, cwd=prefix, code=code)
    return done.stderr


def test_everything_is_installed_where_it_belongs(prefix: Path) -> None:
    def below(directory: Path, pattern: str = "*") -> set[Path]:
        return {path.relative_to(directory) for path in directory.rglob(pattern) if path.is_file()}

    share = prefix / "share" / "nuvlasov"
    assert {path.name for path in (prefix / "bin").iterdir()} == PROGRAMS
    assert below(prefix / "include") == below(SOURCE / "include")
    for directory in ("docs", "inputs", "jobscripts"):
        assert below(share / directory) == below(SOURCE / directory)
    assert below(share / "python", "*.py") == below(SOURCE / "apps", "*.py")
    for script in (share / "jobscripts").glob("*.sh"):
        assert os.access(script, os.X_OK) == os.access(SOURCE / "jobscripts" / script.name, os.X_OK)


def test_installed_files_know_neither_source_nor_build_nor_first_place(prefix: Path) -> None:
    places = [str(place).encode() for place in (SOURCE, BUILD, prefix.parent / "first")]
    compiled = {".a", ".so", ""} if BUILD_TYPE != "Release" else set()  # debuggers look for sources
    found = [
        (str(path), place)
        for path in prefix.rglob("*")
        if path.is_file() and path.suffix not in compiled
        for place in places
        if place in path.read_bytes()
    ]
    assert not found


def test_links_of_the_installed_documentation_lead_somewhere(prefix: Path) -> None:
    share = prefix / "share" / "nuvlasov"
    broken = [
        (str(page.relative_to(share)), target)
        for page in share.rglob("*.md")
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert not broken


def test_another_project_finds_and_links_the_library(prefix: Path, tmp_path: Path) -> None:
    build = tmp_path / "build"
    configure(prefix, build)
    run(CMAKE, "--build", build, cwd=tmp_path)
    wave_numbers = (-1.0, -0.6, 0.5)
    libraries, *rates = run(build / "growth", *map(str, wave_numbers), cwd=tmp_path).stdout.splitlines()
    assert re.fullmatch(r"PETSc [\d.]+ with (32|64)-bit indices, HDF5 [\d.]+, .+", libraries)
    # Omega^2 = k^2 + 2 k for beams of -1/2 and 1/2: growth (1 - (k + 1)^2)^(1/2), to the square root
    # of rounding at worst, at the double eigenvalue.
    expected = [math.sqrt(max(0.0, 1.0 - (k + 1.0) ** 2)) for k in wave_numbers]
    assert [float(rate) for rate in rates] == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("version", ["0.0", "0.2", "1.0"])
def test_another_version_is_not_taken(prefix: Path, tmp_path: Path, version: str) -> None:
    message = configure(prefix, tmp_path / "build", f"-DNUVLASOV_VERSION={version}", code=1)
    assert "nuvlasovConfig.cmake, version: 0.1.0" in message


def test_petsc_that_is_not_there_is_named(prefix: Path, tmp_path: Path) -> None:
    message = configure(prefix, tmp_path / "build", "-DNUVLASOV_PETSC_DIR=/nowhere", code=1)
    assert "NUVLASOV_PETSC_DIR: /nowhere has no" in message


def test_installed_programs_run_from_elsewhere(prefix: Path, tmp_path: Path) -> None:
    binaries = prefix / "bin"
    assert run(binaries / "nuvlasov", "--version", cwd=tmp_path).stdout.startswith("nuvlasov 0.1.0")
    assert "--json" in run(binaries / "nuvlasov-bench", "--help", cwd=tmp_path).stdout
    small = ("grid.z.cells=64", "grid.momentum.energy.cells=32", "initial.seeds.max_mode=8", "time.end=0.2")
    settings = [word for setting in small for word in ("--set", setting)]
    example = prefix / "share" / "nuvlasov" / "inputs" / "two_beam.toml"
    run(*LAUNCHER, "2", binaries / "nuvlasov", "run", example, *settings, cwd=tmp_path)
    run(binaries / "nuvlasov-post", "budget", "runs/two_beam", cwd=tmp_path)
    assert (tmp_path / "runs" / "two_beam" / "figures" / "budget.png").exists()


def test_command_of_the_figures_can_be_a_symbolic_link(prefix: Path, tmp_path: Path) -> None:
    link = tmp_path / "bin" / "post"
    link.parent.mkdir()
    link.symlink_to(prefix / "bin" / "nuvlasov-post")
    assert run(link, "--version", cwd=tmp_path).stdout.startswith("nuvlasov-post ")


def test_figures_need_no_python_of_the_build(prefix: Path, tmp_path: Path) -> None:
    """The interpreter that CMake found is gone: the one on the path takes over."""
    moved = tmp_path / "prefix"
    shutil.copytree(prefix, moved)
    command = moved / "bin" / "nuvlasov-post"
    text, replaced = re.subn(r'^python=".*"$', 'python="/nowhere/python3"', command.read_text(), flags=re.MULTILINE)
    assert replaced == 1
    command.write_text(text)
    chosen = tmp_path / "python3"
    chosen.write_text('#!/bin/sh\necho "$PYTHONPATH" "$@"\n')
    chosen.chmod(0o755)
    done = run("env", f"PATH={tmp_path}:{os.environ['PATH']}", command, "--version", cwd=tmp_path)
    path, module = done.stdout.split(" ", 1)
    assert module == "-m nuvlasov_post --version\n"
    assert (Path(path.split(":")[0]) / "nuvlasov_post" / "cli.py").exists()
