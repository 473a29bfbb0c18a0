"""An answer to one question about a set of samples, before any word is given."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

NAN = float("nan")


@dataclass(frozen=True)
class Answer:
    """What was asked, what is true, by how much, and what could have been seen.

    Attributes:
        question: In words.
        yes: True or False; None where the data are too few to tell.
        text: The answer in a sentence, with its numbers.
        effect, low, high: A share of the samples (or, of variety, of the held-out examples) and its
            95 % interval; what share it is, the text says. NaN where there is none.
        p: Of the test behind `yes`; NaN where there is none.
        detectable: The effect that this sample would have shown in 4 of 5 cases; above 1 where it
            is too small to show any; NaN as above.
        limit: What HEALTHY asks to be small: the upper end of the effect if it is no less than 0,
            of copies also of those that are changed by nearly as much as neighbours differ.
    """

    question: str
    yes: bool | None
    text: str
    effect: float = NAN
    low: float = NAN
    high: float = NAN
    p: float = NAN
    detectable: float = NAN
    limit: float = NAN

    def as_json(self) -> dict[str, Any]:
        """Its fields, None for NaN."""
        return {k: None if v != v else v for k, v in asdict(self).items()}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Answer":
        """What `as_json` gave."""
        known = dict(content)
        for name in ("effect", "low", "high", "p", "detectable", "limit"):
            known[name] = NAN if known[name] is None else known[name]
        return cls(**known)


def percent(share: float, up: bool = False) -> str:
    """A share in per cent, two digits of it; with `up` never less than it is."""
    value = 100 * share
    digits = 0 if abs(value) >= 9.95 or not value else 1 if abs(value) >= 0.095 else 2
    rounded = round(value, digits)
    if up and rounded < value:
        rounded += 10.0**-digits
    return f"{rounded:.{digits}f} %"


def span(low: float, high: float) -> str:
    """An interval of shares in per cent."""
    return f"{percent(low).removesuffix(' %')} to {percent(high, up=True)}"


def power(share: float) -> str:
    """What would have been seen, of `Answer.detectable`."""
    if share > 1:
        return "even all of them might not have been seen"
    return f"{percent(share, up=True)} would have been seen"


def as_p(p: float) -> str:
    """A p as text."""
    return f"p {p:.2g}"
