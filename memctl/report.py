"""python -m memctl.report SWEEP: a sweep's answer, finished or not.

Writes into SWEEP/report: table.csv and table.parquet (one row a run), correlations.csv,
verdicts.csv, overview.png, a heat-map of each main metric or of those asked for, and index.html; of
runs on disjoint halves halves.csv; of a sweep over cells scorecard.csv (the paper's claims),
parity.csv, associations.csv, regressions.csv, mirror_pairs.csv, boxes.png (its Fig. 3 c, d) and
losses.png (its Fig. 7, and what one fixed model would show). Prints the main numbers. Of several
sweeps, of a data set each, also pooled/parity.csv and associations.csv beside them.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import pandas as pd
from matplotlib.figure import Figure

from memctl.analysis.answers import answers
from memctl.analysis.inference import associations
from memctl.analysis.losses import losses
from memctl.analysis.parity import boxes, parity
from memctl.analysis.statistics import correlations
from memctl.analysis.studied import MAIN, STUDIED, TITLES
from memctl.analysis.sweep_results import SweepResults, mixed, read
from memctl.analysis.verdict import summary
from memctl.errors import UserError
from memctl.files import atomic, cannot_write
from memctl.registry import closest
from memctl.reporting import figures, page

SEEN = (
    ". CAUTION: the base was not made on this split and may have seen the held-out examples:"
    " dcr_share, dcr_p and delta_nn then call copying fair"
)


def write(directory: Path, out: TextIO, metrics: Sequence[str] = MAIN) -> None:
    """Write the report of the sweep in `directory` and print its main numbers to `out`.

    Raises:
        UserError: nothing to report on, an unknown metric, or a folder that cannot be written.
    """
    sweep = read(directory)
    for metric in metrics:
        if metric not in sweep.metrics:
            raise UserError(
                f"no metric {metric}{closest(metric, sweep.metrics)}; there are"
                f" {', '.join(sweep.metrics)}"
            )
    folder = directory / "report"
    related = correlations(sweep.cells if sweep.plain else sweep.cells[:0], sweep.metrics)
    main = main_numbers(sweep, related)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from None
    found = answers(sweep)
    for name, frame in (("table", sweep.table), ("correlations", related), *found.items()):
        with atomic(folder / f"{name}.csv") as file:
            frame.to_csv(file, index=False)
    with atomic(folder / "table.parquet") as file:
        sweep.table.to_parquet(file)
    overview(sweep, folder / "overview.png", MAIN)
    for metric in metrics:
        overview(sweep, folder / f"heatmap_{metric}.png", [metric])
    if "scorecard" in found:
        floor = sweep.floor(next(iter(sweep.records)), MAIN[0])
        title = f"{TITLES[MAIN[0]]}, by third of location and by width; grey: fresh real data"
        read_losses = losses(sweep)
        figures.losses(read_losses[read_losses.kind == "cell"], folder / "losses.png")
        figures.boxes(
            boxes(sweep.cells, MAIN[0], sweep.timesteps), floor, title, folder / "boxes.png"
        )
    lead = headline(sweep)
    page.write(sweep, folder / "index.html", lead, main, related, found)
    shown = main.to_string(index=False, float_format=lambda v: f"{v:.4g}", na_rep="-")
    print(f"\n{lead}\n\n{shown}\n\nverdicts: {summary(found['verdicts'])}\n", file=out)
    if "halves" in found:
        shown = found["halves"].to_string(
            index=False, float_format=lambda v: f"{v:.3f}", na_rep="-"
        )
        print(f"disjoint halves, from the same noise:\n{shown}\n", file=out)
    if "scorecard" in found:
        print(f"the paper's claims, on this sweep:\n{card(found['scorecard'])}\n", file=out)
    for name, state in sweep.unfinished.items():
        print(f"not in these numbers: {name} ({state})", file=out)
    print(
        f"report:  {folder / 'index.html'}\npicture: {folder / 'overview.png'}",
        file=out,
        flush=True,
    )


def pool(directories: Sequence[Path], out: TextIO) -> None:
    """Pool sweeps of several data sets as the paper does, and print its correlation over all.

    Raises:
        UserError: two sweeps of one data set, or a sweep whose cells are of several splits or used
            in several ways.
    """
    named = {directory.resolve().name: read(directory) for directory in directories}
    sources = [next(iter(sweep.records.values()))["science"]["data"] for sweep in named.values()]
    if len({(source["name"], source.get("digest")) for source in sources}) < len(directories):
        raise UserError(
            "sweeps to pool must be of a data set each; these are of"
            f" {', '.join(source['name'] for source in sources)}"
        )
    for name, sweep in named.items():
        if not sweep.plain:
            raise UserError(
                f"{name} has cells of several splits, or used in several ways, and cannot be pooled"
            )
    tables = {name: sweep.cells for name, sweep in named.items()}
    found = parity(tables)
    metrics = [
        metric
        for metric in STUDIED
        if all(f"metrics/{metric}" in table for table in tables.values())
    ]
    folder = directories[0].resolve().parent / "pooled"
    pooled = {
        "parity": found,
        "associations": associations(
            tables, metrics, {name: sweep.yardsticks for name, sweep in named.items()}
        ),
    }
    for name, frame in pooled.items():
        with atomic(folder / f"{name}.csv") as file:
            frame.to_csv(file, index=False)
    shown = found[
        ["axis", "pooling", "n", "pearson", "low", "high", "paper", "paper_low", "paper_high"]
    ]
    text = shown.to_string(index=False, float_format=lambda v: f"{v:+.3f}", na_rep="-")
    print(
        f"\n{MAIN[0]} over the cells of {', '.join(named)}:\n{text}\n\ntables:  {folder}",
        file=out,
        flush=True,
    )


def card(claims: pd.DataFrame) -> str:
    """The scorecard as text, a line a claim."""
    lines = []
    for row in claims.to_dict("records"):
        value, low, high = (float(row[key]) for key in ("value", "low", "high"))
        here = (
            f"{value:.3g}" + (f" [{low:.3g}, {high:.3g}]" if low == low else "")
            if value == value
            else "-"
        )
        lines.append(
            f"  {row['verdict']:15s} {row['claim']}: {row['number']} {here} (paper: {row['paper']})"
        )
    return "\n".join(lines)


def headline(sweep: SweepResults) -> str:
    """What the sweep is, in a sentence."""
    first = next(iter(sweep.records.values()))
    split, samples = first["split"], first["science"]["generate"]["samples"]
    sizes = {
        key: sorted({record["split"][key] for record in sweep.records.values()})
        for key in ("n_train", "n_heldout")
    }
    n_train, n_heldout = (", ".join(map(str, values)) for values in sizes.values())
    others = list(sweep.table[sweep.table.kind != "cell"].name)
    references = f"{', '.join(others[:6]) or 'none'}{f' and {len(others) - 6} more' if len(others) > 6 else ''}"
    differing = mixed(sweep.records)
    seen = (
        ""
        if not any(r.get("base", {}).get("saw_heldout") for r in sweep.records.values())
        else SEEN
    )
    warning = (
        f". CAUTION: runs differ in {', '.join(differing)}; correlations are over all of them"
        if differing
        else ""
    )
    out = {**split.get("dropped", {}), "duplicate": split.get("duplicates", 0)}
    left = ", ".join(f"{n} {why}" for why, n in out.items() if n)
    apart = f" ({left} left out)" if left else ""
    return (
        f"{first['science']['data']['name']}: {len(sweep.cells)} cells, other runs: {references};"
        f" {n_train} train and {n_heldout} held-out examples{apart}, {samples} samples a"
        f" run{warning}{seen}"
    )


def main_numbers(sweep: SweepResults, related: pd.DataFrame) -> pd.DataFrame:
    """The main metrics: their range over the cells (or all controlled runs), the references, the
    yardsticks, and the correlations.
    """
    rows = []
    for metric in MAIN:
        values = sweep.compared.get(f"metrics/{metric}", pd.Series(dtype=float))
        known = {name: sweep.yardsticks[name].get(metric) for name in sweep.yardsticks}
        floor = known.get("floor")
        row: dict[str, object] = {"metric": metric, "min": values.min(), "max": values.max()}
        for kind in ("uniform", "base"):
            row[kind] = sweep.table.loc[sweep.table.kind == kind, f"metrics/{metric}"].mean()
        row |= {
            name: m["value"] if (m := known.get(name)) else None
            for name in ("heldout", "copies", "blurred", "mean")
            if known
        }
        row["floor"] = f"{floor['low']:.3g} to {floor['high']:.3g}" if floor else None
        for axis in ("location", "width"):
            found = related[(related.metric == metric) & (related.axis == axis)].iloc[0]
            row[f"r({axis})"] = (
                f"{found.pearson:+.2f} [{found.low:+.2f}, {found.high:+.2f}]"
                if found.pearson == found.pearson
                else None
            )
        rows.append(row)
    return pd.DataFrame(rows)


def overview(sweep: SweepResults, path: Path, metrics: Sequence[str]) -> None:
    """Heat-maps of metrics over the cells, side by side; under each title the references, exact
    copies and the noise floor.

    Runs of other distributions, or of cells used in several ways, stand in a list instead, in the
    order of their mean t.
    """
    columns = min(2, len(metrics))
    figure = Figure(
        figsize=(6.2 * columns, 5.2 * -(-len(metrics) // columns)), layout="constrained"
    )
    axes = figure.subplots(-(-len(metrics) // columns), columns, squeeze=False).flat
    cells = sweep.cells.groupby(["low", "high"], as_index=False).mean(numeric_only=True)
    for axis, metric in zip(axes, metrics, strict=True):
        column = f"metrics/{metric}"
        beside: dict[str, float | None] = {
            k: sweep.table.loc[sweep.table.kind == k, column].mean() for k in ("uniform", "base")
        }
        beside |= {
            k: m["value"] for k in ("copies",) if (m := sweep.yardsticks.get(k, {}).get(metric))
        }
        note = "   ".join(f"{k} {v:.3g}" for k, v in beside.items() if v is not None and v == v)
        if floor := sweep.yardsticks.get("floor", {}).get(metric):
            note += f"\nfresh real data would read {floor['low']:.4g} to {floor['high']:.4g}"
        title = f"{TITLES.get(metric, metric)}\n{note}"
        if len(cells) and sweep.plain:
            figures.triangle(
                axis, list(cells[["low", "high", column]].itertuples(index=False, name=None)), title
            )
        else:
            runs = sweep.compared if len(sweep.compared) and sweep.splits == 1 else sweep.table
            runs = runs.reindex(
                columns=[
                    "name",
                    column,
                    f"{column}_low",
                    f"{column}_high",
                    "n_train",
                    "sampler/mean",
                ]
            )
            runs = runs.sort_values(["n_train", "sampler/mean"], na_position="first")
            rows = [
                (*row[:4], *sweep.floor(row[0], metric))
                for row in runs.itertuples(index=False, name=None)
            ]
            figures.dots(axis, rows, title)
    figures.save(figure, path)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m memctl.report", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument(
        "sweep",
        type=Path,
        nargs="+",
        help="a sweep's folder, such as runs/mitdb208; several are pooled too",
    )
    parser.add_argument(
        "--metric", action="append", help="draw the heat-map of this metric (repeatable)"
    )
    arguments = parser.parse_args()
    try:
        for sweep in arguments.sweep:
            write(sweep, sys.stdout, arguments.metric or MAIN)
        if len(arguments.sweep) > 1:
            pool(arguments.sweep, sys.stdout)
    except UserError as error:
        sys.exit(f"memctl: {error}")


if __name__ == "__main__":
    main()
