"""Pairs of models that share no training example."""

from memctl.analysis.halves import halves
from memctl.reporting.section import Section

HALVES = Section(
    name="halves",
    title="Disjoint halves",
    note=(
        "Runs alike but for which half they were trained on, from the same noise: s_ab near 1 says"
        " that both learned the distribution, or (see the verdicts) nothing; m near 1 with s_ab as"
        " of unrelated samples that each memorised its half."
    ),
    table=halves,
    text=lambda table: (
        "disjoint halves, from the same noise:\n"
        + table.to_string(index=False, float_format=lambda v: f"{v:.3f}", na_rep="-")
    ),
)
