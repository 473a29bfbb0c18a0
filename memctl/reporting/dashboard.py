"""A sweep's W&B workspace: which panels it has, of which of its runs."""

from typing import Any

from memctl.analysis.studied import MAIN
from memctl.analysis.sweep_results import SweepResults
from memctl.errors import UserError

CURVES = 50  # runs that a panel of curves shows


def workspace(sweep: SweepResults, entity: str, project: str) -> Any:
    """The workspace (`wandb_workspaces.workspaces.Workspace`) of a sweep's runs; nothing is asked
    of a server before it is saved.

    Raises:
        UserError: wandb-workspaces is not installed.
    """
    try:
        import wandb_workspaces.reports.v2 as wr
        import wandb_workspaces.workspaces as ws
    except ImportError:
        raise UserError(
            "a dashboard needs wandb-workspaces: pip install 'memctl[dashboard]'"
        ) from None
    metrics = [name for name in MAIN if name in sweep.metrics]
    cell, low, high = wr.Config("location"), wr.Config("ci.low"), wr.Config("ci.high")
    value = lambda metric: wr.SummaryMetric(f"metrics/{metric}")
    column = wr.ParallelCoordinatesPlotColumn
    columns = [column(metric=m) for m in (low, high, wr.Config("seed"), *map(value, metrics))]

    def curve(title: str, over: str, of: str) -> Any:
        """Curves of all runs, those of cells of one location as one."""
        return wr.LinePlot(title=title, x=over, y=[of], groupby=cell, max_runs_to_show=CURVES)

    triangle = [wr.ScatterPlot(title=metric, x=low, y=high, z=value(metric)) for metric in metrics]
    shown = {
        "Triangle": triangle,
        "Cells": [wr.ParallelCoordinatesPlot(columns=columns)],
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
        runset_settings=ws.RunsetSettings(filters=[ws.Metric("Group") == sweep.directory.name]),
    )


def specification(built: Any) -> dict[str, Any]:
    """What would be saved, as JSON."""
    out: dict[str, Any] = built._to_model().model_dump(mode="json", by_alias=True)
    return out
