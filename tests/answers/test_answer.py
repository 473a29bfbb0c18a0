"""Words for numbers."""

import pytest

from memctl.answers.answer import percent, power, span


@pytest.mark.parametrize(
    ("share", "up", "text"),
    [
        (0.0995, False, "10 %"),
        (0.0612, True, "6.2 %"),
        (0.0612, False, "6.1 %"),
        (1.0, True, "100 %"),
        (0.0, False, "0 %"),
    ],
)
def test_shares_have_two_digits_and_bounds_are_never_said_too_low(
    share: float, up: bool, text: str
) -> None:
    assert percent(share, up) == text


def test_a_span_names_the_unit_once() -> None:
    assert span(0.01, 0.021) == "1.0 to 2.1 %"


def test_what_would_have_been_seen_is_never_more_than_all() -> None:
    assert power(0.31) == "31 % would have been seen"
    assert power(2.36) == "even all of them might not have been seen"
