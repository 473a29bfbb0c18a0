"""One word for a set of samples, from the answers, by stated rules.

    COPYING        it returns single training examples
    FOLLOWS        it follows its training examples as a set, but no single ones
    HELD-OUT SEEN  the samples are as near, or nearer, to held-out examples: the arguments are
                   swapped, or the generator saw both
    COLLAPSED      its samples have less contrast or detail than real ones, repeat each other, or
                   leave out much of what there is
    OFF-MANIFOLD   its samples are farther from the data than real ones, or rougher
    HEALTHY        none of these, and each is bounded: by COPIED, FOLLOWED, UNREAL and LEFT_OUT
    UNDECIDED      none of these, but too few examples or samples to say so; or train and held-out
                   differ as sets, and no comparison of them says anything

The first that is true is given, the others that are true stand in `also`. Each question has a
level: of copying and of following 0.0025, of the others 0.001 or 0.0015, so that of 100 fresh sets
of samples at most 2 are given a word of fault.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil

from memctl.answers.answer import Answer, percent

COPYING, FOLLOWS, HELDOUT_SEEN, COLLAPSED, OFF_MANIFOLD, HEALTHY, UNDECIDED = WORDS = (
    "COPYING",
    "FOLLOWS",
    "HELD-OUT SEEN",
    "COLLAPSED",
    "OFF-MANIFOLD",
    "HEALTHY",
    "UNDECIDED",
)
# The word, the question, and the answer that gives it; in the order of precedence.
RULES = (
    (COPYING, "copies", True),
    (FOLLOWS, "follows", True),
    (HELDOUT_SEEN, "heldout", True),
    (COLLAPSED, "variety", False),
    (OFF_MANIFOLD, "quality", False),
)
COPIED, FOLLOWED, UNREAL, LEFT_OUT = 0.15, 0.35, 0.4, 0.5  # upper ends that HEALTHY allows
BOUNDS = {
    "copies": (COPIED, "copies at most"),
    "follows": (FOLLOWED, "follows at most"),
    "quality": (UNREAL, "could not be real at most"),
    "variety": (LEFT_OUT, "leaves out at most"),
}
RESTS_ON_SIDES = (COPYING, FOLLOWS, HELDOUT_SEEN)


@dataclass(frozen=True)
class Verdict:
    """The word, why it was given, and the other words whose rules hold."""

    word: str
    reason: str
    also: tuple[str, ...] = ()


def verdict(answers: Mapping[str, Answer], n: int, saw_heldout: bool = False) -> Verdict:
    """The word that follows.

    Args:
        answers: As `answers.judge` gives them.
        n: Examples a side, of the smaller.
        saw_heldout: Whether the model may have been trained on held-out examples; their fairness
            then proves nothing, so the word is never HEALTHY.
    """
    true = [word for word, question, yes in RULES if answers[question].yes is yes]
    reasons = {word: answers[question].text for word, question, _ in RULES}
    if answers["sides"].yes:
        true = [word for word in true if word not in RESTS_ON_SIDES]
    if COPYING in true:
        true = [word for word in true if word != FOLLOWS]
    if true:
        return Verdict(true[0], reasons[true[0]], tuple(true[1:]))
    if answers["sides"].yes:
        return Verdict(UNDECIDED, f"do the sides differ? {answers['sides'].text}")
    if saw_heldout:
        return Verdict(UNDECIDED, "it may have been trained on the held-out examples")
    if wide := list(too_wide(answers, n)):
        return Verdict(UNDECIDED, f"no fault seen, but {'; '.join(wide)}")
    return Verdict(HEALTHY, f"no fault seen: {bounds(answers)}")


def bounds(answers: Mapping[str, Answer]) -> str:
    """What may still be, as text."""
    return ", ".join(
        f"{text} {percent(answers[question].limit, up=True)}"
        for question, (_, text) in BOUNDS.items()
    )


def too_wide(answers: Mapping[str, Answer], n: int) -> Iterator[str]:
    """What is not bounded well enough, and how many examples a side would."""
    for question, (most, text) in BOUNDS.items():
        answer = answers[question]
        if not answer.limit <= most:
            reach = answer.limit - max(answer.effect, 0.0)
            room = most - max(min(answer.effect, most / 2), 0.0)
            needed = ceil(n * max(reach / room, 1.0) ** 2 / 10) * 10
            yield (
                f"it {text} {percent(answer.limit, up=True)}, and HEALTHY needs {percent(most)}:"
                f" some {needed:,} examples a side, and as many samples, would decide"
            )


def from_record(content: Mapping[str, object] | None) -> Verdict:
    """The verdict of a record."""
    if not content:
        return Verdict(UNDECIDED, "measured before there were answers; measure it anew")
    also = content.get("also") or ()
    assert isinstance(also, list | tuple)
    return Verdict(str(content["word"]), str(content["reason"]), tuple(map(str, also)))
