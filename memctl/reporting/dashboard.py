"""A sweep's W&B workspace and W&B report: which panels they have, of which of its runs."""

from collections.abc import Iterable
from dataclasses import replace
from types import ModuleType
from typing import Any

from memctl.analysis.front import has_front
from memctl.analysis.studied import MAIN
from memctl.analysis.sweep_results import SweepResults
from memctl.errors import UserError
from memctl.reporting.headline import OVER_CONTROLS, headline, question
from memctl.reporting.interactive import maps
from memctl.reporting.page import claims, said
from memctl.reporting.sections.answer import ANSWER
from memctl.reporting.sections.front import FRONT
from memctl.reporting.sections.scorecard import SCORECARD

CURVES = 50  # runs that a panel of curves shows


def library() -> tuple[ModuleType, ModuleType]:
    """Of wandb-workspaces what makes reports, and what makes workspaces.

    Raises:
        UserError: it is not installed.
    """
    try:
        import wandb_workspaces.reports.v2 as reports
        import wandb_workspaces.workspaces as workspaces
    except ImportError:
        raise UserError(
            "a dashboard needs wandb-workspaces: pip install 'memctl[dashboard]'"
        ) from None
    return reports, workspaces


def workspace(sweep: SweepResults, entity: str, project: str) -> Any:
    """The workspace (`wandb_workspaces.workspaces.Workspace`) of a sweep's runs; nothing is asked
    of a server before it is saved.

    Raises:
        UserError: wandb-workspaces is not installed.
    """
    wr, ws = library()
    metrics = [name for name in MAIN if name in sweep.metrics]
    cell, low, high = wr.Config("location"), wr.Config("ci.low"), wr.Config("ci.high")
    value = lambda metric: wr.SummaryMetric(f"metrics/{metric}")

    def curve(title: str, over: str, of: str) -> Any:
        """Curves of all runs, those of cells of one location as one."""
        return wr.LinePlot(title=title, x=over, y=[of], groupby=cell, max_runs_to_show=CURVES)

    triangle = [wr.ScatterPlot(title=metric, x=low, y=high, z=value(metric)) for metric in metrics]
    shown = {
        "Triangle": triangle,
        "Cells": [parallel(wr, metrics)],
        "Curves": [
            curve("loss", "control/step", "control/loss"),
            *(
                curve(f"{metric} along training", "along/step", f"along/{metric}")
                for metric in metrics
                if any(record.get("along") for record in sweep.records.values())
            ),
        ],
        "Over t": [
            curve("held-out less train loss", "probe/t", "probe/gap"),
            curve("membership AUC", "probe/t", "probe/auc"),
            curve("share of draws", "timesteps/t", "timesteps/realised"),
        ],
        "Samples": [
            wr.MediaBrowser(media_keys=["pictures/samples"], num_columns=3),
            wr.MediaBrowser(media_keys=["pictures/suspects"], num_columns=3),
        ],
        "The sweep": [
            *drawn(wr, sweep),
            wr.MediaBrowser(media_keys=["report"], num_columns=1),
            wr.WeavePanelSummaryTable(table_name="tables/scorecard"),
            wr.WeavePanelSummaryTable(table_name="tables/table"),
        ],
    }
    return ws.Workspace(
        entity=entity,
        project=project,
        name=sweep.directory.name,
        sections=[ws.Section(name=name, panels=p, is_open=True) for name, p in shown.items()],
        settings=ws.WorkspaceSettings(max_runs=CURVES),
        runset_settings=ws.RunsetSettings(filters=where(Group=sweep.directory.name)),
    )


def where(**values: str) -> str:
    """A filter of runs by what W&B knows of each; written out, for the library's own objects leave
    quotes in a value as they are.
    """
    return " and ".join(f'Metric("{key}") == {value!r}' for key, value in values.items())


def parallel(wr: ModuleType, metrics: Iterable[str]) -> Any:
    """A line a run over its interval, its seed and its metrics."""
    known = [wr.Config(key) for key in ("ci.low", "ci.high", "seed")]
    known += [wr.SummaryMetric(f"metrics/{metric}") for metric in metrics]
    columns = [wr.ParallelCoordinatesPlotColumn(metric=metric) for metric in known]
    return wr.ParallelCoordinatesPlot(columns=columns)


def drawn(wr: ModuleType, sweep: SweepResults) -> list[Any]:
    """Panels of the maps and the front that the sweep's own run has."""
    names = [*maps(sweep), *(["front"] if has_front(sweep) else [])]
    return [wr.MediaBrowser(media_keys=[name], num_columns=1) for name in names]


def report(sweep: SweepResults, entity: str, project: str, workspace: str = "") -> Any:
    """The report (`wandb_workspaces.reports.v2.Report`) of a sweep: question, answer, the paper's
    claims, maps, front and all runs; nothing is asked of a server before it is saved.

    Args:
        workspace: The address of the sweep's workspace, where there is one.

    Raises:
        UserError: wandb-workspaces is not installed.
    """
    wr, _ = library()
    sections = [replace(section, figure=None) for section in (ANSWER, FRONT, SCORECARD)]
    parts = [part for section in sections if (part := section.fill(sweep))]
    asked = question(sweep)
    answer, *more = said(parts, asked == OVER_CONTROLS)
    name = sweep.directory.name
    # Without a project of their own, which a server would be asked for, they are of the report's.
    runs = wr.Runset(name="all runs", filters=where(Group=name))
    own = wr.Runset(name="the sweep's own", filters=where(Group=name, JobType="sweep"))
    blocks = [wr.P(headline(sweep)), wr.H2(asked), wr.CalloutBlock(answer)]
    blocks += [wr.P(line) for line in more if line]
    blocks += [wr.P([wr.Link("The workspace", workspace), " has all panels."])] if workspace else []
    for part in parts:
        if part.section.name == SCORECARD.name:
            text = markdown(claims(part.table))
            blocks += [wr.H2(part.section.title), wr.MarkdownBlock(text), wr.P(part.section.note)]
    table = wr.WeavePanelSummaryTable(table_name="tables/table")
    blocks += [
        wr.H2("The sweep"),
        wr.PanelGrid([own], panels=[*drawn(wr, sweep), table]),
        wr.H2("All runs"),
        wr.PanelGrid([runs], panels=[parallel(wr, [m for m in MAIN if m in sweep.metrics])]),
    ]
    title = f"sweep {name}"[:128]  # W&B's limit
    return wr.Report(project, entity, title=title, blocks=blocks, width="fixed")


def markdown(rows: Iterable[dict[str, str]]) -> str:
    """The scorecard as a table of Markdown."""
    lines = ["| verdict | claim | here | paper |", "|---|---|---|---|"]
    for row in rows:
        cells = [row[key].replace("|", "\\|") for key in ("verdict", "claim", "here", "paper")]
        cells[0] = f"{row['mark']} {cells[0]}"
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def specification(built: Any) -> dict[str, Any]:
    """What would be saved, as JSON."""
    out: dict[str, Any] = built._to_model().model_dump(mode="json", by_alias=True)
    return out
