"""The word that follows from the answers."""

from dataclasses import replace

import pytest

from memctl.answers.answer import Answer, percent
from memctl.answers.verdict import WORDS, from_record, verdict

FINE = {
    "copies": Answer("?", False, "none seen", 0.0, 0.0, 0.01, 0.5, 0.02, 0.03),
    "follows": Answer("?", False, "not seen", 0.01, -0.05, 0.06, 0.5, 0.1, 0.06),
    "quality": Answer("?", True, "yes", 0.02, -0.02, 0.06, 0.5, 0.1, 0.06),
    "variety": Answer("?", True, "yes", 0.02, -0.02, 0.06, 0.5, 0.1, 0.06),
    "heldout": Answer("?", False, "no", p=0.5),
    "sides": Answer("?", False, "no", p=0.5),
}
FAULTS = {
    "copies": "COPYING",
    "follows": "FOLLOWS",
    "heldout": "HELD-OUT SEEN",
    "variety": "COLLAPSED",
    "quality": "OFF-MANIFOLD",
}


def changed(question: str, **fields: object) -> dict[str, Answer]:
    return FINE | {question: replace(FINE[question], **fields)}


def faulty(*questions: str) -> dict[str, Answer]:
    answers = dict(FINE)
    for question in questions:
        answers[question] = replace(answers[question], yes=not answers[question].yes, text=question)
    return answers


def test_healthy_is_never_said_without_its_bounds() -> None:
    said = verdict(FINE, 250)
    assert said.word == "HEALTHY"
    assert "copies at most 3.0 %" in said.reason
    assert "follows at most 6.0 %" in said.reason


@pytest.mark.parametrize(("question", "word"), FAULTS.items())
def test_a_fault_is_called_by_its_name(question: str, word: str) -> None:
    said = verdict(faulty(question), 250)
    assert (said.word, said.reason, said.also) == (word, question, ())


def test_the_first_word_is_given_and_the_others_stand_beside_it() -> None:
    said = verdict(faulty(*FAULTS), 250)
    assert said.word == "COPYING"
    assert said.also == ("HELD-OUT SEEN", "COLLAPSED", "OFF-MANIFOLD")
    assert list(WORDS[:2]) == ["COPYING", "FOLLOWS"]


@pytest.mark.parametrize("question", ["copies", "follows", "quality", "variety"])
def test_what_is_not_bounded_is_undecided_and_says_what_would_decide(question: str) -> None:
    said = verdict(changed(question, limit=0.6), 70)
    assert said.word == "UNDECIDED"
    assert "examples a side" in said.reason
    needed = int(said.reason.split("some ")[1].split()[0].replace(",", ""))
    assert needed > 70


def test_sides_that_differ_decide_nothing_about_copying() -> None:
    sides = {"sides": replace(FINE["sides"], yes=True, text="they differ")}
    assert verdict(faulty("follows") | sides, 250).word == "UNDECIDED"
    assert verdict(FINE | sides, 250).word == "UNDECIDED"
    assert verdict(faulty("follows", "quality") | sides, 250).word == "OFF-MANIFOLD"


def test_a_generator_that_may_have_seen_held_out_examples_is_never_healthy() -> None:
    assert verdict(FINE, 250, saw_heldout=True).word == "UNDECIDED"
    assert verdict(faulty("copies"), 250, saw_heldout=True).word == "COPYING"


def test_a_record_keeps_it_and_one_without_says_so() -> None:
    content = {"word": "FOLLOWS", "reason": "so", "also": ["COLLAPSED"]}
    assert from_record(content).also == ("COLLAPSED",)
    assert "measure it anew" in from_record(None).reason


def test_answers_survive_json() -> None:
    for answer in FINE.values():
        back = Answer.from_json(answer.as_json())
        assert back.as_json() == answer.as_json()
        assert back.p == answer.p


@pytest.mark.parametrize(
    ("share", "up", "text"),
    [(0.0036, True, "0.4 %"), (0.0036, False, "0.4 %"), (0.00031, True, "0.04 %"),
     (0.123, True, "13 %"), (0.5, True, "50 %"), (-0.02, False, "-2.0 %")],
)  # fmt: skip
def test_shares_are_read_in_per_cent(share: float, up: bool, text: str) -> None:
    assert percent(share, up) == text
