"""The verdicts: on bases made so that the paper is right, or wrong, each claim must say so."""

import numpy as np
import pytest

from memctl.samplers import IntervalSampler, NoiseSchedule, UniformSampler
from memctl.theory.claims import DIRECTION, FAILS, HOLDS, UNKNOWN, claims, summary
from memctl.theory.derivatives import drawn_derivative, eq_8
from memctl.theory.gradients import steps_of
from memctl.theory.learning import Theory

LOG_SNR = NoiseSchedule().log_snr
STEPS = steps_of(1000, 40)
SAMPLERS = {
    "uniform": UniformSampler(),
    "[100, 200]": IntervalSampler(low=100, high=200),
    "[700, 1000]": IntervalSampler(low=700, high=1000),
}


def theory(
    power: float,
    alignment: tuple[float, float] = (0.5, 0.1),
    mean: float = 0.95,
    samplers: dict = SAMPLERS,
) -> Theory:
    """A base whose gradient norm is SNR^power, with these alignments where SNR is high and low."""
    rows = []
    for t in STEPS:
        snr = float(np.exp(LOG_SNR[t - 1]))
        norm = snr**power
        cosine = alignment[0] if snr >= 1 else alignment[1]
        rows.append(
            {
                "t": t,
                "loss": 1.0,
                "loss_se": 0.1,
                "norm": norm,
                "norm_se": 0.01 * norm,
                "alignment": cosine,
                "alignment_se": 0.02,
                "mean_norm": mean * norm,
            }
        )
    return Theory(rows, LOG_SNR, samplers)


def verdicts(result: Theory) -> list[str]:
    return [claim.verdict for claim in claims(result)]


def test_where_the_paper_is_right_every_claim_holds() -> None:
    inner = {
        "uniform": UniformSampler(),
        "[400, 500]": IntervalSampler(low=400, high=500),
        "[450, 500]": IntervalSampler(low=450, high=500),
    }
    assert verdicts(theory(1.0, samplers=inner)) == [HOLDS] * 6


def test_where_gradients_are_all_alike_no_claim_on_snr_holds() -> None:
    result = verdicts(theory(0.0, alignment=(0.1, 0.1), mean=0.3))
    assert result[:3] == [FAILS, UNKNOWN, FAILS]
    assert result[3] == "holds for the mean norm only"
    assert result[4] == FAILS


def test_a_norm_that_falls_too_slowly_is_right_in_direction_only() -> None:
    result = verdicts(theory(0.17))
    assert (result[0], result[2]) == (DIRECTION, DIRECTION)


def test_a_norm_that_rises_with_noise_is_not_right_in_direction() -> None:
    assert verdicts(theory(-0.2))[0] == FAILS


@pytest.mark.parametrize(
    ("alignment", "verdict"),
    [((0.5, 0.1), HOLDS), ((0.1, 0.5), FAILS), ((0.30, 0.28), UNKNOWN), ((0.02, -0.3), UNKNOWN)],
    ids=str,
)
def test_alignment(alignment: tuple[float, float], verdict: str) -> None:
    assert verdicts(theory(1.0, alignment))[1] == verdict


def test_the_predicted_share_of_the_first_ten_steps_is_the_known_one() -> None:
    """79 % of the summed SNR of the linear schedule lies at t <= 10, and in the right-most cell,
    through its uniform tail, as much.
    """
    result = theory(1.0)
    assert result.predicted(UniformSampler())[:10].sum() == pytest.approx(0.79, abs=0.005)
    assert result.predicted(IntervalSampler(low=900, high=1000))[:10].sum() == pytest.approx(
        0.79, abs=0.005
    )


def test_measured_shares_follow_the_norm() -> None:
    result = theory(1.0)
    for sampler in SAMPLERS.values():
        assert result.measured(sampler).sum() == pytest.approx(1)
    # between the measured steps the norm is interpolated: mean t agrees to 5 steps
    for place in result.places().values():
        assert place["measured"] == pytest.approx(place["predicted"], abs=5)
    flat = theory(0.0).places()
    assert all(p["measured"] == pytest.approx(p["draws"]) for p in flat.values())


def test_zero_terminal_snr_leaves_no_infinities() -> None:
    log_snr = NoiseSchedule(zero_terminal_snr=True).log_snr
    rows = [{**row, "norm": 1.0 + 1 / row["t"]} for row in theory(0.0).rows]
    text = str(summary(Theory(rows, log_snr, SAMPLERS))).lower()
    assert "inf" not in text.replace("information", "")
    assert "nan" not in text


def test_eq_8_is_the_derivative_where_no_tail_is_cut() -> None:
    sampler = IntervalSampler(low=450, high=550)
    np.testing.assert_allclose(
        drawn_derivative(sampler), eq_8(sampler), atol=1e-4 * np.abs(eq_8(sampler)).max()
    )


@pytest.mark.parametrize("tail", ["mixture", "truncate", "clamp", "resample"])
@pytest.mark.parametrize(("low", "high"), [(50, 150), (850, 950), (10, 990)], ids=str)
def test_the_derivative_is_that_of_the_pmf(low: int, high: int, tail: str) -> None:
    ahead, behind = (
        IntervalSampler(low=low + d, high=high + d, tail=tail).pmf for d in (0.01, -0.01)
    )
    result = drawn_derivative(IntervalSampler(low=low, high=high, tail=tail))
    np.testing.assert_allclose(result, (ahead - behind) / 0.02, atol=1e-6 * np.abs(result).max())
    assert result.sum() == pytest.approx(0, abs=1e-12)


def test_the_derivative_at_the_ends_of_the_range() -> None:
    assert all(
        np.isfinite(drawn_derivative(IntervalSampler(low=a, high=b))).all()
        for a, b in ((0, 1000), (0, 100), (900, 1000))
    )


def test_every_claim_states_its_rule_and_numbers() -> None:
    for claim in claims(theory(0.5)):
        assert claim.rule
        assert any(c.isdigit() for c in claim.measured)
