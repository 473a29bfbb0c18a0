"""What a sweep is, in a sentence."""

from memctl.analysis.controls import UNIFORM, settings
from memctl.analysis.sweep_results import SweepResults, differing_settings
from memctl.runs.record import SMOKE

OVER_CELLS = (
    "Does the interval of diffusion steps from which training draws decide whether the model copies"
    " its training data?"
)
OVER_CONTROLS = "Which control makes the model copy less of its training data, and at what loss?"
DIFFERENT = "In which settings do these sweeps differ?"
OTHERWISE = "Do the models of these runs copy their training data?"
SAW_HELDOUT = (
    ". CAUTION: the base was not made on this split and may have seen the held-out examples:"
    " dcr_share, dcr_p and delta_nn then call copying fair"
)
NAMED = 6  # reference runs, at most


def question(sweep: SweepResults) -> str:
    """What the sweep asks."""
    found = {setting.control for setting in settings(sweep)} - {UNIFORM}
    if found - {"interval"}:
        return OVER_CONTROLS
    return OVER_CELLS if len(sweep.cells) > 1 else OTHERWISE


def headline(sweep: SweepResults) -> str:
    """The data, the runs, the sizes and the samples, and what must be known before the numbers."""
    samples = next(iter(sweep.records.values()))["science"]["generate"]["samples"]
    n_train, n_heldout = (
        ", ".join(map(str, sorted({record["split"][key] for record in sweep.records.values()})))
        for key in ("n_train", "n_heldout")
    )
    return (
        f"{sweep.dataset}: {len(sweep.cells)} cells, other runs: {reference_names(sweep)};"
        f" {n_train} train and {n_heldout} held-out examples{dropped_examples(sweep)},"
        f" {samples} samples a run{cautions(sweep)}"
    )


def reference_names(sweep: SweepResults) -> str:
    """The runs that are no cells, by name."""
    names = list(sweep.table[sweep.table.kind != "cell"].name)
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return (", ".join(names[:NAMED]) or "none") + more


def dropped_examples(sweep: SweepResults) -> str:
    """How many examples the split left out, and why."""
    split = next(iter(sweep.records.values()))["split"]
    counts = {**split.get("dropped", {}), "duplicate": split.get("duplicates", 0)}
    listed = ", ".join(f"{n} {reason}" for reason, n in counts.items() if n)
    return f" ({listed} left out)" if listed else ""


def cautions(sweep: SweepResults) -> str:
    """That runs differ in more than their cells, or that a base may know the held-out examples."""
    differing = differing_settings(sweep.records)
    smoke = any(record.get("smoke") for record in sweep.records.values())
    text = f". CAUTION: {SMOKE}" if smoke else ""
    if differing:
        text += (
            f". CAUTION: runs differ in {', '.join(differing)}; correlations are over all of them"
        )
    if any(record.get("base", {}).get("saw_heldout") for record in sweep.records.values()):
        text += SAW_HELDOUT
    return text
