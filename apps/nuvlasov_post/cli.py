"""The command line: nuvlasov-post figure1|budget|dispersion RUN [--output DIR], ensemble RUN..., scaling FILE...."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from matplotlib.figure import Figure

from nuvlasov_post import __version__, budget, dispersion, ensemble, figure1, scaling
from nuvlasov_post.run import RunError, read_beam_profile, read_dispersion, read_history, read_scaling
from nuvlasov_post.style import save_figure

PROGRAM = "nuvlasov-post"
EXIT_BAD_INPUT = 2
EXIT_IO_FAILURE = 4

Write = Callable[[Path], None]
Products = dict[str, Write]
Task = tuple[Products, str, Path]  # what to write, the result in one line, and the directory


class OutputError(Exception):
    """A file that cannot be written."""


def figure1_products(run: Path) -> tuple[Products, str]:
    """How to write each file of Fig. 1, by name, and the result in one line; throws RunError."""
    history, profile = read_history(run), read_beam_profile(run, figure1.BEAM_DIRECTION)
    drawn = figure1.draw_figure1(history, profile)
    return _figure_products(figure1.FIGURE_NAME, drawn), figure1.figure1_result(history, profile)


def budget_products(run: Path) -> tuple[Products, str]:
    """How to write each file of the energy budget, by name, and the result in one line; throws RunError."""
    history = read_history(run)
    products = _figure_products(budget.FIGURE_NAME, budget.draw_budget(history))
    products[f"{budget.FIGURE_NAME}.csv"] = partial(budget.write_table, budget.budget_table(history))
    return products, budget.budget_result(history)


def dispersion_products(path: Path) -> tuple[Products, str]:
    """How to write each file of the growth rates, by name, and the result in one line; throws RunError."""
    data = read_dispersion(path)
    drawn = dispersion.draw_dispersion(data)
    return _figure_products(dispersion.FIGURE_NAME, drawn), dispersion.dispersion_result(data)


def ensemble_products(runs: Sequence[Path], columns: Sequence[str], level: float) -> tuple[Products, str]:
    """How to write each file of the ensemble, by name, and the result in one line; throws RunError."""
    members = ensemble.read_ensemble(runs)
    table = ensemble.ensemble_table(members, members.column_names(columns), level)
    products = _figure_products(ensemble.FIGURE_NAME, ensemble.draw_ensemble(members, level))
    products[f"{ensemble.FIGURE_NAME}.csv"] = partial(budget.write_table, table)
    products[f"{ensemble.FIGURE_NAME}.h5"] = partial(ensemble.write_file, members, table, level)
    return products, ensemble.ensemble_result(members, level)


def scaling_products(paths: Sequence[Path]) -> tuple[Products, str]:
    """How to write each file of the scaling, by name, and its table; throws RunError."""
    data = read_scaling(paths)
    return _figure_products(scaling.FIGURE_NAME, scaling.draw_scaling(data)), scaling.scaling_result(data)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns 0, 2 (bad input) or 4 (I/O failure)."""
    logging.basicConfig(format=f"{PROGRAM}: warning: %(message)s")
    options = _parser().parse_args(arguments)
    try:
        products, result, directory = options.task(options)
        _write(products, directory)
    except RunError as error:
        return _fail(error, EXIT_BAD_INPUT)
    except OutputError as error:
        return _fail(error, EXIT_IO_FAILURE)
    print(result)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROGRAM, description="Figures and tables from a run directory of nuvlasov.")
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    run_help = "run directory, as nuvlasov wrote it"
    for name, products, argument_help, help_text in (
        ("figure1", figure1_products, run_help, "flavor content over (t, z) and U_osc(t)/U_osc(0): figure1.png, figure1.pdf"),
        ("budget", budget_products, run_help, "energy budget of the run: budget.png, budget.pdf, budget.csv"),
        (
            "dispersion",
            dispersion_products,
            "directory that `nuvlasov dispersion` wrote to, or its dispersion.h5",
            "growth rate and frequency over wave number: dispersion.png, dispersion.pdf",
        ),
    ):
        command = commands.add_parser(name, help=help_text, description=help_text)
        command.add_argument("run", metavar="RUN", type=Path, help=argument_help)
        command.add_argument("--output", metavar="DIR", type=Path, help="where the files go (default: RUN/figures)")
        command.set_defaults(task=partial(_one_run, products))
    _add_ensemble(commands)
    _add_scaling(commands)
    return parser


def _add_ensemble(commands: argparse._SubParsersAction) -> None:
    help_text = "mean, spread and confidence band over runs with different random seeds: ensemble.h5, .csv, .png, .pdf"
    command = commands.add_parser("ensemble", help=help_text, description=help_text)
    command.add_argument("runs", metavar="RUN", type=Path, nargs="+", help="run directories")
    command.add_argument(
        "--output", metavar="DIR", type=Path, help="where the files go (default: figures/ beside the runs)"
    )
    command.add_argument(
        "--columns", metavar="NAME,...", type=_names, default=(), help="columns of the history (default: all)"
    )
    command.add_argument(
        "--level", metavar="PERCENT", type=_level, default=0.95, help="of the confidence band of the mean (default: 95)"
    )
    command.set_defaults(task=_ensemble)


def _add_scaling(commands: argparse._SubParsersAction) -> None:
    help_text = "time of a step and efficiency over ranks, as nuvlasov-scaling measured them: scaling.png, scaling.pdf"
    command = commands.add_parser("scaling", help=help_text, description=help_text)
    command.add_argument("files", metavar="FILE", type=Path, nargs="+", help="what nuvlasov-scaling wrote, of one input")
    command.add_argument(
        "--output", metavar="DIR", type=Path, help="where the files go (default: figures/ beside the first FILE)"
    )
    command.set_defaults(task=_scaling)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _level(text: str) -> float:
    level = float(text) / 100.0
    if not 0.0 < level < 1.0:
        raise argparse.ArgumentTypeError(f"{text}: a percentage between 0 and 100, both excluded")
    return level


def _one_run(products: Callable[[Path], tuple[Products, str]], options: argparse.Namespace) -> Task:
    return *products(options.run), options.output or _directory(options.run) / "figures"


def _ensemble(options: argparse.Namespace) -> Task:
    beside, *others = {run.parent for run in options.runs}
    if others:
        beside = Path(os.path.commonpath([run.resolve().parent for run in options.runs]))
    output = options.output or beside / "figures"
    runs = [run for run in options.runs if run.resolve() != output.resolve()]  # RUN may be a glob over it
    return *ensemble_products(runs, options.columns, options.level), output


def _scaling(options: argparse.Namespace) -> Task:
    return *scaling_products(options.files), options.output or _directory(options.files[0]) / "figures"


def _directory(path: Path) -> Path:
    """The directory of a run, or that a file is in."""
    return path.parent if path.is_file() else path


def _figure_products(name: str, figure: Figure) -> Products:
    return {f"{name}.{suffix}": partial(save_figure, figure) for suffix in ("png", "pdf")}


def _write(products: Products, directory: Path) -> None:
    """Writes every product, one printed line each; throws OutputError."""
    path = directory
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, write in products.items():
            path = directory / name
            write(path)
            print(f"wrote {path}")
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror or error}); choose another place with --output"
        ) from error


def _fail(error: Exception, code: int) -> int:
    print(f"{PROGRAM}: error: {error}", file=sys.stderr)
    return code
