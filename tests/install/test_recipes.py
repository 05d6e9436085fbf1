"""Recipes for Spack, Docker and Apptainer: they need what CMake looks for and `quickstart` installs, and no more."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

SOURCE = Path(__file__).resolve().parents[2]
PACKAGING = SOURCE / "cmake" / "packaging"
SPACK_REPOSITORY = PACKAGING / "spack_repo" / "nuvlasov"
DOCKERFILE = PACKAGING / "Dockerfile"
DEFINITION = PACKAGING / "nuvlasov.def"

# What Spack's own names stand for: virtual packages in the recipe, real ones in the table.
VIRTUAL = {"gcc": "cxx", "openmpi": "mpi", "pkgconf": "pkgconfig"}
# What comes with others in the table: LAPACK with PETSc, Python with its modules.
IMPLIED = {"lapack", "python"}
CMAKE_NAMES = {
    "CLI11": "cli11",
    "Eigen3": "eigen",
    "GTest": "googletest",
    "HDF5": "hdf5",
    "LAPACK": "lapack",
    "MPI": "mpi",
    "PETSC": "petsc",
    "PkgConfig": "pkgconfig",
    "Python3": "python",
    "TOMLPLUSPLUS": "tomlplusplus",
    "fmt": "fmt",
    "tomlplusplus": "tomlplusplus",
}


class Recipe:
    """The recipe, read with stand-ins for the names that it takes from Spack."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.needs: list[tuple[str, str]] = []  # spec and condition
        self.variants: dict[str, bool] = {}
        self._conditions: list[str] = []
        spack = ModuleType("spack.package")
        for name in ("version", "conflicts"):
            setattr(spack, name, lambda *arguments, **options: None)
        spack.variant = lambda name, default, description: self.variants.update({name: default})
        spack.depends_on = lambda spec, when="", type="": self.needs.append(
            (spec, " ".join([*self._conditions, when]).strip())
        )
        spack.when = self._when
        build_system = ModuleType("spack_repo.builtin.build_systems.cmake")
        build_system.CMakePackage = object
        build_system.generator = lambda name: None
        for module in (spack, build_system):
            parts = module.__name__.split(".")
            for n in range(1, len(parts)):
                monkeypatch.setitem(sys.modules, ".".join(parts[:n]), ModuleType(parts[n - 1]))
            monkeypatch.setitem(sys.modules, module.__name__, module)
        path = SPACK_REPOSITORY / "packages" / "nuvlasov" / "package.py"
        self.package = runpy.run_path(str(path))["Nuvlasov"]

    @contextmanager
    def _when(self, condition: str) -> Iterator[None]:
        self._conditions.append(condition)
        yield
        self._conditions.pop()

    def names(self, *conditions: str) -> set[str]:
        return {re.match(r"[\w-]+", spec)[0] for spec, when in self.needs if when in conditions}


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> Recipe:
    return Recipe(monkeypatch)


def requirements() -> list[tuple[str, str]]:
    """Kind and Spack name of each row of quickstart's table."""
    text = (SOURCE / "quickstart").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in row.split("|")] for row in text.splitlines() if row.count(" | ") == 4]
    return [(kind, re.match(r"[\w-]+", name)[0]) for kind, *_, name in rows if kind in ("run", "run?", "test", "test?")]


def test_spack_recipe_needs_what_quickstart_installs(recipe: Recipe) -> None:
    rows = [(kind, VIRTUAL.get(name, name)) for kind, name in requirements()]
    assert len(rows) > 15
    assert {name for kind, name in rows if kind == "run"} == recipe.names("") - IMPLIED
    assert {name for kind, name in rows if kind == "test"} == recipe.names("+tests")


def test_spack_recipe_needs_what_cmake_looks_for(recipe: Recipe) -> None:
    files = [SOURCE / "CMakeLists.txt", *(SOURCE / "cmake").glob("*.cmake"), SOURCE / "tests" / "CMakeLists.txt"]
    pattern = r"^\s*(?:find_package|pkg_(?:check|search)_module[s]?)\((\w+)"
    found = {name for file in files for name in re.findall(pattern, file.read_text(encoding="utf-8"), re.MULTILINE)}
    assert found == CMAKE_NAMES.keys()
    assert set(CMAKE_NAMES.values()) <= recipe.names("", "+tests")


def test_spack_recipe_hands_its_variants_to_cmake(recipe: Recipe) -> None:
    package = recipe.package()
    package.define = lambda name, value: (name, value)
    package.define_from_variant = lambda name, variant: (name, recipe.variants[variant])
    for native, architecture in ((True, "native"), (False, "")):
        package.spec = {
            "petsc": SimpleNamespace(prefix="/petsc"),
            "python": SimpleNamespace(command=SimpleNamespace(path="/python/bin/python3")),
        }
        package.spec = type("Spec", (dict,), {"satisfies": lambda self, variant: native})(package.spec)
        arguments = dict(package.cmake_args())
        assert arguments == {
            "NUVLASOV_ARCH": architecture,
            "NUVLASOV_TESTS": False,
            "NUVLASOV_PETSC_DIR": "/petsc",
            "NUVLASOV_POST_PYTHON": "/python/bin/python3",
        }
    files = (SOURCE / "CMakeLists.txt", SOURCE / "apps" / "CMakeLists.txt")
    options = "".join(file.read_text(encoding="utf-8") for file in files)
    assert all(name in options for name in arguments)
    assert recipe.names("+int64") == {"petsc"}


def test_spack_finds_the_recipe_and_the_repository_it_is_in(recipe: Recipe) -> None:
    assert recipe.package.git == SOURCE.as_uri()
    assert "namespace: nuvlasov\n" in (SPACK_REPOSITORY / "repo.yaml").read_text(encoding="utf-8")


def dockerfile_scripts() -> list[str]:
    text = DOCKERFILE.read_text(encoding="utf-8").replace("\\\n", " ")
    return re.findall(r"^RUN (.*)$", text, re.MULTILINE)


def definition_scripts() -> list[str]:
    sections = re.split(r"^(?=%\w|Bootstrap:)", DEFINITION.read_text(encoding="utf-8"), flags=re.MULTILINE)
    bodies = [re.match(r"%(?:post|test|runscript|environment)\n(.*)", section, re.DOTALL) for section in sections]
    return [re.sub(r"{{ NUVLASOV_ARCH }}", "native", body[1]) for body in bodies if body]


@pytest.mark.parametrize("scripts, count", [(dockerfile_scripts, 2), (definition_scripts, 5)])
def test_scripts_of_container_files_are_sound_and_leave_packages_to_quickstart(
    tmp_path: Path, scripts: Callable[[], list[str]], count: int
) -> None:
    assert len(scripts()) == count
    text = "\n".join(scripts())
    assert not re.search(r"\bapt(-get)?\b.*\binstall\b", text)
    usage = subprocess.run([SOURCE / "quickstart", "--help"], capture_output=True, text=True, check=True).stdout
    tasks = re.findall(r"quickstart (\w+)", text)
    assert set(tasks) == {"build", "packages"}
    assert all(f"./quickstart {task} " in usage for task in tasks)
    for n, script in enumerate(scripts()):
        path = tmp_path / f"{n}.sh"
        path.write_text(f"#!/bin/sh\n{script}\n")
        checks = [["sh", "-n"]]
        if shutil.which("shellcheck"):
            checks.append(["shellcheck", "--exclude=SC2164"])  # a failing cd ends the build anyway
        for check in checks:
            done = subprocess.run([*check, path], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr


def test_container_files_start_from_the_same_system_and_copy_what_is_there() -> None:
    docker, definition = DOCKERFILE.read_text(encoding="utf-8"), DEFINITION.read_text(encoding="utf-8")
    systems = re.findall(r"^FROM (\S+:\S+)", docker, re.MULTILINE)
    systems += re.findall(r"^From: (\S+)", definition, re.MULTILINE)
    assert systems == ["debian:bookworm"] * 3
    stages = set(re.findall(r"^FROM \S+ AS (\w+)", docker, re.MULTILINE))
    assert set(re.findall(r"--from=(\w+)", docker)) | {"base"} == stages
    copied = re.findall(r"^COPY (?!--from)(\S+)", docker, re.MULTILINE)
    copied += re.findall(r"^%files\n((?: +\S.*\n)+)", definition, re.MULTILINE)
    for path in (line.split()[0] for entry in copied for line in entry.splitlines()):
        assert (SOURCE / path).exists()


@pytest.mark.parametrize("architecture, option", [(None, "native"), ("", ""), ("x86-64-v3", "x86-64-v3")])
def test_quickstart_builds_for_the_wanted_instruction_set(
    tmp_path: Path, architecture: str | None, option: str
) -> None:
    """`quickstart build` with everything in place and a cmake that says what it is asked for."""
    (tmp_path / "cmake").write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / "cmake").chmod(0o755)
    text = (SOURCE / "quickstart").read_text(encoding="utf-8")
    nothing_missing = re.sub(r"^provide\(\) \{.*?^\}", "provide() { :; }", text, flags=re.MULTILINE | re.DOTALL)
    assert nothing_missing != text
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    if architecture is not None:
        environment["NUVLASOV_ARCH"] = architecture
    command = ["bash", "-c", nothing_missing, "quickstart", "build"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert f" -DNUVLASOV_ARCH={option} " in done.stdout
