"""A sweep's report: its folder, its page, and what it prints."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import TextIO

from memctl.analysis.studied import MAIN
from memctl.analysis.sweep_results import SweepResults, read
from memctl.errors import UserError
from memctl.files import atomic, cannot_write
from memctl.registry import closest
from memctl.reporting import page
from memctl.reporting.figures import optional, save
from memctl.reporting.headline import headline
from memctl.reporting.section import Part, Section, columns
from memctl.reporting.sections import SECTIONS
from memctl.reporting.sections.overview import overview


def write(
    directory: Path,
    out: TextIO,
    metrics: Sequence[str] = MAIN,
    sections: Sequence[Section] = SECTIONS,
) -> None:
    """Write the report of the sweep in `directory` and print its main numbers to `out`.

    Args:
        metrics: Those that get a heat-map of their own.
        sections: What the report consists of, in this order.

    Raises:
        UserError: nothing to report on, an unknown metric, or a folder that cannot be written.
    """
    sweep = read(directory)
    check_metrics(sweep, metrics)
    folder = directory / "report"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from None
    parts = [part for section in sections if (part := section.fill(sweep))]
    write_files(sweep, parts, folder)
    for metric in metrics:
        with optional(path := folder / f"heatmap_{metric}.png"):
            save(overview(sweep, [metric]), path)
    page.write(sweep, folder / "index.html", headline(sweep), parts)
    print(folded(terminal(sweep, parts, folder), columns()), file=out, flush=True)


def check_metrics(sweep: SweepResults, metrics: Sequence[str]) -> None:
    """Raises: UserError for a metric that no run has."""
    for metric in metrics:
        if metric not in sweep.metrics:
            raise UserError(
                f"no metric {metric}{closest(metric, sweep.metrics)}; there are"
                f" {', '.join(sweep.metrics)}"
            )


def write_files(sweep: SweepResults, parts: Sequence[Part], folder: Path) -> None:
    """The sweep's runs as table.csv and table.parquet; of every part its NAME.csv and NAME.png."""
    with atomic(folder / "table.csv") as file:
        sweep.table.to_csv(file, index=False)
    with atomic(folder / "table.parquet") as file:
        sweep.table.to_parquet(file)
    write_parts(parts, folder)


def write_parts(parts: Sequence[Part], folder: Path) -> None:
    """Of every part its NAME.csv and NAME.png."""
    for part in parts:
        if len(part.table):
            with atomic(folder / f"{part.section.name}.csv") as file:
                part.table.to_csv(file, index=False)
        if part.figure:
            with optional(path := folder / f"{part.section.name}.png"):
                save(part.figure, path)


def folded(text: str, width: int | None) -> str:
    """The text in lines of at most that width, broken between words."""
    if width is None:
        return text
    return "\n".join(
        fill(line, width, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False)
        for line in text.splitlines()
    )


def terminal(sweep: SweepResults, parts: Sequence[Part], folder: Path) -> str:
    """What is printed: the headline, the parts that have a text, the runs that are missing, and
    last what leads the page.
    """
    texts = [part.said for part in parts if not part.section.lead]
    last = [part.said for part in parts if part.section.lead]
    missing = [
        f"not in these numbers: {name} ({state})" for name, state in sweep.unfinished.items()
    ]
    missing += [f"left out: {name} ({why})" for name, why in sweep.strangers.items()]
    missing += [
        f"damaged: {files} of {name}; its numbers stand, and the sweep's command makes again what"
        " can be made again"
        for name, files in sweep.damaged.items()
    ]
    files = [f"report:  {folder / 'index.html'}", f"picture: {folder / 'overview.png'}"]
    blocks = [headline(sweep), *texts, "\n".join([*missing, *files]), *last]
    return "\n" + "\n\n".join(filter(None, blocks))
