"""All answers about a set of samples."""

from memctl.answers import memorisation, realism
from memctl.answers.answer import Answer
from memctl.metrics.comparison import Comparison


def judge(c: Comparison) -> dict[str, Answer]:
    """Question -> answer: copies, follows, quality, variety, heldout, sides."""
    evidence, beside = memorisation.Evidence.of(c), realism.Beside.of(c)
    return {
        "copies": memorisation.copies(evidence),
        "follows": memorisation.follows(evidence),
        "quality": realism.could_be_real(beside),
        "variety": realism.variety(beside),
        "heldout": memorisation.heldout_seen(evidence),
        "sides": memorisation.unlike_sides(evidence),
    }
