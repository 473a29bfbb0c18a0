"""What the sweep says."""

from memctl.analysis.sweep_answer import answer_table
from memctl.analysis.sweep_lines import lines
from memctl.reporting.section import Section

ANSWER = Section(
    name="answer",
    title="Answer",
    note=(
        "One row a run. follows: how far of the way from fresh to copies; near, own: samples that"
        " have a training example to themselves, d1/d2 below 0.6 and 1/3, beyond those that have a"
        " held-out one; change: against the uniform run of the same seed and noise, with 95 %"
        " intervals and p that hold for all runs together; change_seen: what would have been seen"
        " in 4 of 5 cases. It is of these trained models on this split."
    ),
    table=answer_table,
    text=lambda table: "\n".join(lines(table)),
    lead=True,
)
