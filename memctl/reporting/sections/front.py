"""Copying against quality: every setting, its control a colour."""

from memctl.analysis.front import has_front, hypervolumes, points
from memctl.analysis.front_lines import lines
from memctl.reporting.front import draw
from memctl.reporting.section import Section

FRONT = Section(
    name="front",
    title="Less copying at least loss",
    note=(
        "One row a setting, seeds averaged; its control is what it changes against the uniform run."
        " 95 % intervals are over seeds where any setting has several (their spread pooled), else"
        " of the samples. lost: how much worse than the uniform run of the same seed; as_good: it"
        " reads as fresh samples do, or is not shown to be worse; front_A_B: how often it is on the"
        " front of A and B when each setting reads another value of its interval."
    ),
    table=points,
    figure=lambda sweep, table: draw(table),
    text=lambda table: "\n".join(lines(table)),
    needs=has_front,
    lead=True,
)

HYPERVOLUMES = Section(
    name="hypervolumes",
    title="What each control gains over the uniform run",
    note=(
        "The part of the box from (copying of fresh samples, no loss) to (copying_at, loss_at), the"
        " uniform run's copying and three times its loss, that a control's settings dominate: 0"
        " gains nothing, 1 is all that could be gained. 95 % intervals by the bootstrap over what"
        " each setting reads; seen: before what chance adds to the best of many is taken off."
    ),
    table=lambda sweep: hypervolumes(points(sweep)),
    needs=has_front,
)
