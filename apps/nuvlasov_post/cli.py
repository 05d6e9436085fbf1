"""The command line: nuvlasov-post COMMAND RUN..., one command for each figure, and `figures` for all of a run."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from matplotlib.figure import Figure

from nuvlasov_post import (
    __version__,
    angles,
    budget,
    compare,
    directions,
    dispersion,
    ensemble,
    entropy,
    figure1,
    fourier,
    ledger,
    maps,
    scaling,
    shift,
    spectrum,
)
from nuvlasov_post.algebra import THREE_FLAVORS
from nuvlasov_post.run import (
    DISPERSION_FILE,
    HISTORY_FILE,
    PROFILES_FILE,
    SNAPSHOTS_DIRECTORY,
    RunError,
    open_profiles,
    read_dispersion,
    read_history,
    read_rows,
    read_scaling,
)
from nuvlasov_post.style import MOST_BEAMS, save_figure

PROGRAM = "nuvlasov-post"
EXIT_BAD_INPUT = 2
EXIT_IO_FAILURE = 4
LEAST_DPI, MOST_DPI = 30, 2400

Write = Callable[..., None]  # (path), and for a .png (path, dpi=)
Products = dict[str, Write]
Task = tuple[Products, str, Path]  # what to write, the result in one line, and the directory


class OutputError(Exception):
    """A file that cannot be written."""


def figure1_products(run: Path) -> tuple[Products, str]:
    """How to write each file of Fig. 1, by name, and the result in one line; throws RunError."""
    history = read_history(run)
    with open_profiles(run) as profiles:
        content = figure1.flavor_content(profiles)
    drawn = figure1.draw_figure1(history, content)
    return _figure_products(figure1.FIGURE_NAME, drawn), figure1.figure1_result(history, content)


def budget_products(run: Path, edges: Sequence[float] = ()) -> tuple[Products, str]:
    """How to write each file of the energy budget, by name, and the result in a few lines; throws RunError.

    The ledger needs rates of the terms, the budget by direction profiles.h5: without them, they are left out, unless
    ranges of directions were asked for.
    """
    history = read_history(run)
    products = _figure_products(budget.FIGURE_NAME, budget.draw_budget(history))
    products[f"{budget.FIGURE_NAME}.csv"] = partial(budget.write_table, budget.budget_table(history))
    results = [budget.budget_result(history)]
    rows = read_rows(run)
    if ledger.term_names(rows):
        found = ledger.term_ledger(rows)
        products |= _figure_products(ledger.FIGURE_NAME, ledger.draw_ledger(found))
        products[f"{ledger.FIGURE_NAME}.csv"] = partial(budget.write_table, ledger.ledger_table(found))
        products[f"{ledger.FIGURE_NAME}.tex"] = partial(ledger.write_ledger_latex, found)
        results.append(ledger.ledger_result(found))
    try:
        with open_profiles(run) as profiles:
            shares = directions.direction_shares(run, profiles, edges)
    except RunError as error:
        if edges:
            raise
        results.append(f"no budget by direction: {error}")
    else:
        name = directions.FIGURE_NAME
        products |= _figure_products(name, directions.draw_directions(shares, rows))
        products[f"{name}.csv"] = partial(budget.write_table, directions.direction_table(shares))
        products[f"{name}.tex"] = partial(directions.write_direction_latex, shares)
        results.append(directions.direction_result(shares))
    return products, "\n".join(results)


def map_products(
    run: Path, quantity: str = maps.DEFAULT_QUANTITY, direction: float | None = figure1.BEAM_DIRECTION
) -> tuple[Products, str]:
    """How to write each file of a space-time map, by name, and the result in one line; throws RunError."""
    with open_profiles(run) as profiles:
        data = maps.space_time_map(profiles, quantity, direction)
    return _figure_products(f"map_{quantity}", maps.draw_map(data)), maps.map_result(data)


def spectrum_products(run: Path) -> tuple[Products, str]:
    """How to write each file of the energy spectrum, by name, and the result in one line; throws RunError."""
    with open_profiles(run) as profiles:
        data = spectrum.energy_spectrum(profiles)
    try:
        rows = read_rows(run)
    except RunError:  # one line less: what the budget says of the shift
        rows = None
    drawn = spectrum.draw_spectrum(data, rows)
    return _figure_products(spectrum.FIGURE_NAME, drawn), spectrum.spectrum_result(data)


def shift_products(run: Path) -> tuple[Products, str]:
    """How to write each file of the energy shift in space, by name, and the result in one line; throws RunError."""
    data = shift.local_shift(run)
    return _figure_products(shift.FIGURE_NAME, shift.draw_shift(data)), shift.shift_result(data)


def angles_products(run: Path) -> tuple[Products, str]:
    """How to write each file of the angular distribution, by name, and the result in one line; throws RunError."""
    with open_profiles(run) as profiles:
        data = angles.angular_spectrum(profiles)
    return _figure_products(angles.FIGURE_NAME, angles.draw_angles(data)), angles.angles_result(data)


def fourier_products(run: Path, pair: str | None = None) -> tuple[Products, str]:
    """How to write each file of the Fourier spectrum, by name, and the result in one line; throws RunError."""
    with open_profiles(run) as profiles:
        data = fourier.fourier_spectrum(profiles, pair)
    name = f"{fourier.FIGURE_NAME}_{pair}" if pair else fourier.FIGURE_NAME
    return _figure_products(name, fourier.draw_fourier(data)), fourier.fourier_result(data)


def entropy_products(run: Path) -> tuple[Products, str]:
    """How to write each file of entropy and negativity, by name, and the result in one line; throws RunError."""
    rows = read_rows(run)
    products = _figure_products(entropy.FIGURE_NAME, entropy.draw_entropy(rows))
    products[f"{entropy.FIGURE_NAME}.csv"] = partial(budget.write_table, entropy.entropy_table(rows))
    return products, entropy.entropy_result(rows)


def all_products(run: Path) -> tuple[Products, str]:
    """How to write every figure that the run has data for, and their results; throws RunError where it has none.

    What is not drawn is named with the reason; files that a run need not have are passed over.
    """
    products: Products = {}
    results = []
    missing = []
    for name, (make, file, *_) in RUN_COMMANDS.items():
        if file and (run / HISTORY_FILE).exists() and not (run / file).exists():
            continue
        try:
            made, result = make(run)
        except RunError as error:
            missing.append(error)
            results.append(f"{name}: not drawn ({error})")
        else:
            products |= made
            results += [f"{name}: {line}" for line in result.splitlines()]
    if not products:
        raise missing[0]
    return products, "\n".join(results)


def compare_products(runs: Sequence[Path], columns: Sequence[str]) -> tuple[Products, str]:
    """How to write each file of the comparison, by name, and the differences; throws RunError."""
    data = compare.read_comparison(runs, columns)
    products = _figure_products(compare.FIGURE_NAME, compare.draw_comparison(data))
    products[f"{compare.FIGURE_NAME}.csv"] = partial(budget.write_table, compare.comparison_table(data))
    return products, compare.comparison_result(data)


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


# By name: what makes the files, which file of the run it needs besides the history, and the help.
RUN_COMMANDS: dict[str, tuple[Callable[[Path], tuple[Products, str]], str, str]] = {
    "figure1": (figure1_products, PROFILES_FILE, "flavor content over (t, z) and U_osc(t)/U_osc(0): .png, .pdf"),
    "budget": (
        budget_products,
        "",
        "energy budget, what each term did, and the budget of each beam or range of directions: "
        "budget, ledger and budget_by_direction, .png, .pdf, .csv and .tex",
    ),
    "map": (map_products, PROFILES_FILE, "a flavor quantity over (t, z): map_QUANTITY.png, .pdf"),
    "spectrum": (spectrum_products, PROFILES_FILE, "energy spectrum against time, and the energy shift: .png, .pdf"),
    "shift": (shift_products, SNAPSHOTS_DIRECTORY, "energy shift over z at the snapshots: .png, .pdf"),
    "angles": (angles_products, PROFILES_FILE, "angular distribution before and after: .png, .pdf"),
    "fourier": (fourier_products, PROFILES_FILE, "Fourier spectrum in z against time: .png, .pdf"),
    "entropy": (entropy_products, "", "entropy and negativity: .png, .pdf, .csv"),
    "dispersion": (dispersion_products, DISPERSION_FILE, "growth rate and frequency over wave number: .png, .pdf"),
}
RUN_HELP = "run directory, as nuvlasov wrote it"
DISPERSION_HELP = "directory that `nuvlasov dispersion` wrote to, or its dispersion.h5"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns 0, 2 (bad input) or 4 (I/O failure)."""
    logging.basicConfig(format=f"{PROGRAM}: warning: %(message)s")
    options = _parser().parse_args(arguments)
    try:
        products, result, directory = options.task(options)
        _write(products, directory, options.dpi)
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
    for name, (products, _, help_text) in RUN_COMMANDS.items():
        command = _add_run_command(commands, name, help_text, DISPERSION_HELP if name == "dispersion" else RUN_HELP)
        command.set_defaults(task=partial(_one_run, products))
        if name == "budget":
            command.add_argument(
                "--directions",
                metavar="V,V,...",
                type=_edges,
                default=(),
                help="edges of ranges of v (default: each of up to "
                f"{MOST_BEAMS} directions, else -1,0,1); give it as --directions=-1,0,1",
            )
            command.set_defaults(
                task=lambda options: _one_run(partial(budget_products, edges=options.directions), options)
            )
        if name == "map":
            command.add_argument(
                "--quantity",
                choices=maps.ALL_QUANTITIES,
                default=maps.DEFAULT_QUANTITY,
                help="what (default: %(default)s)",
            )
            command.add_argument(
                "--direction",
                metavar="V",
                type=_direction,
                default=figure1.BEAM_DIRECTION,
                help="the direction closest to v, or all (default: 1)",
            )
            command.set_defaults(task=_map)
        if name == "fourier":
            command.add_argument(
                "--pair",
                choices=list(THREE_FLAVORS.pairs),
                help="of three flavors, the two whose coherence is shown (default: the sum over all)",
            )
            command.set_defaults(task=lambda options: _one_run(partial(fourier_products, pair=options.pair), options))
    help_text = "every figure that the run has data for"
    command = _add_run_command(commands, "figures", help_text, RUN_HELP)
    command.set_defaults(task=partial(_one_run, all_products))
    help_text = "histories of runs against each other, and their differences from the first: compare.png, .pdf, .csv"
    command = _add_runs_command(commands, "compare", help_text, ",".join(compare.DEFAULT_COLUMNS))
    command.set_defaults(task=_compare)
    help_text = "mean, spread and confidence band over runs with different random seeds: ensemble.h5, .csv, .png, .pdf"
    command = _add_runs_command(commands, "ensemble", help_text, "all")
    command.add_argument(
        "--level", metavar="PERCENT", type=_level, default=0.95, help="of the confidence band of the mean (default: 95)"
    )
    command.set_defaults(task=_ensemble)
    _add_scaling(commands)
    for command in commands.choices.values():
        command.add_argument("--dpi", type=_dpi, default=None, help="resolution of the .png (default: 300)")
    return parser


def _add_run_command(
    commands: argparse._SubParsersAction, name: str, help_text: str, run_help: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=help_text, description=help_text)
    command.add_argument("run", metavar="RUN", type=Path, help=run_help)
    command.add_argument("--output", metavar="DIR", type=Path, help="where the files go (default: RUN/figures)")
    return command


def _add_runs_command(
    commands: argparse._SubParsersAction, name: str, help_text: str, columns: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=help_text, description=help_text)
    command.add_argument("runs", metavar="RUN", type=Path, nargs="+", help="run directories")
    command.add_argument(
        "--output", metavar="DIR", type=Path, help="where the files go (default: figures/ beside the runs)"
    )
    command.add_argument(
        "--columns", metavar="NAME,...", type=_names, default=(), help=f"columns of the history (default: {columns})"
    )
    return command


def _add_scaling(commands: argparse._SubParsersAction) -> None:
    help_text = "time of a step and efficiency over ranks, as nuvlasov-scaling measured them: scaling.png, scaling.pdf"
    command = commands.add_parser("scaling", help=help_text, description=help_text)
    command.add_argument(
        "files", metavar="FILE", type=Path, nargs="+", help="what nuvlasov-scaling wrote, of one input"
    )
    command.add_argument(
        "--output", metavar="DIR", type=Path, help="where the files go (default: figures/ beside the first FILE)"
    )
    command.set_defaults(task=_scaling)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _edges(text: str) -> list[float]:
    edges = [float(part) for part in text.split(",")]
    if len(edges) < 2 or any(low >= high for low, high in zip(edges[:-1], edges[1:], strict=True)):
        raise argparse.ArgumentTypeError(f"{text}: two or more numbers that rise, as in -1,0,1")
    return edges


def _direction(text: str) -> float | None:
    return None if text == maps.ALL_DIRECTIONS else float(text)


def _dpi(text: str) -> float:
    dpi = float(text)
    if not LEAST_DPI <= dpi <= MOST_DPI:
        raise argparse.ArgumentTypeError(f"{text}: a resolution from {LEAST_DPI} to {MOST_DPI}")
    return dpi


def _level(text: str) -> float:
    level = float(text) / 100.0
    if not 0.0 < level < 1.0:
        raise argparse.ArgumentTypeError(f"{text}: a percentage between 0 and 100, both excluded")
    return level


def _one_run(products: Callable[[Path], tuple[Products, str]], options: argparse.Namespace) -> Task:
    return *products(options.run), options.output or _directory(options.run) / "figures"


def _map(options: argparse.Namespace) -> Task:
    return _one_run(partial(map_products, quantity=options.quantity, direction=options.direction), options)


def _compare(options: argparse.Namespace) -> Task:
    output = options.output or _beside(options.runs) / "figures"
    return *compare_products(options.runs, options.columns), output


def _ensemble(options: argparse.Namespace) -> Task:
    output = options.output or _beside(options.runs) / "figures"
    runs = [run for run in options.runs if run.resolve() != output.resolve()]  # RUN may be a glob over it
    return *ensemble_products(runs, options.columns, options.level), output


def _beside(runs: Sequence[Path]) -> Path:
    """The directory that holds the runs."""
    beside, *others = {run.parent for run in runs}
    return Path(os.path.commonpath([run.resolve().parent for run in runs])) if others else beside


def _scaling(options: argparse.Namespace) -> Task:
    return *scaling_products(options.files), options.output or _directory(options.files[0]) / "figures"


def _directory(path: Path) -> Path:
    """The directory of a run, or that a file is in."""
    return path.parent if path.is_file() else path


def _figure_products(name: str, figure: Figure) -> Products:
    return {f"{name}.{suffix}": partial(save_figure, figure) for suffix in ("png", "pdf")}


def _write(products: Products, directory: Path, dpi: float | None) -> None:
    """Writes every product, one printed line each; throws OutputError."""
    path = directory
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, write in products.items():
            path = directory / name
            if dpi and path.suffix == ".png":
                write(path, dpi=dpi)
            else:
                write(path)
            print(f"wrote {path}")
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror or error}); choose another place with --output"
        ) from error


def _fail(error: Exception, code: int) -> int:
    print(f"{PROGRAM}: error: {error}", file=sys.stderr)
    return code
