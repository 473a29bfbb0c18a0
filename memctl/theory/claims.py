"""What Eqs. 2-8 predict, what was measured, and a verdict on each claim by a stated rule."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import stats

from memctl.samplers import IntervalSampler
from memctl.samplers.base import Floats
from memctl.theory.derivatives import drawn_derivative, eq_8
from memctl.theory.learning import Theory

HOLDS, DIRECTION, FAILS, UNKNOWN = "holds", "in direction only", "does not hold", "can't tell"


@dataclass(frozen=True)
class EquationClaim:
    """What an equation of the paper says, the verdict by `rule`, and the numbers behind it."""

    equation: str
    says: str
    verdict: str
    measured: str
    rule: str


def claims(theory: Theory) -> list[EquationClaim]:
    """All of them, in the paper's order."""
    return [
        proportionality(theory),
        alignment(theory),
        dominance(theory),
        linearity(theory),
        location(theory),
        shift(theory),
    ]


def summary(theory: Theory) -> dict[str, Any]:
    """Claims, mean steps of learning and the measured rows, for theory.json."""
    return {
        "claims": [asdict(claim) for claim in claims(theory)],
        "places": theory.places(),
        "rows": [dict(row) for row in theory.rows],
    }


def both(mean_norm: str, mean_gradient: str) -> str:
    """One verdict where the paper's measure, E||grad||, and the gradient that training follows
    agree; else each.
    """
    if mean_norm == mean_gradient:
        return mean_norm
    return f"{mean_norm} for the mean norm, {mean_gradient} for the mean gradient"


def proportionality(theory: Theory) -> EquationClaim:
    """Eq. 3."""
    log_snr = theory.log_snr[theory.steps - 1]
    finite = np.isfinite(log_snr)
    x, y = log_snr[finite], np.log(np.maximum(theory.column("norm")[finite], 1e-300))

    def exponent(part: np.ndarray) -> float:
        return float(np.polyfit(x[part], y[part], 1)[0]) if part.sum() > 2 else float("nan")

    everywhere, high, low = exponent(x > -np.inf), exponent(x >= 0), exponent(x < 0)
    rank = float(stats.spearmanr(x, y).statistic) if np.ptp(y) else 0.0
    verdict = DIRECTION if rank > 0.5 else FAILS
    if all(0.9 <= s <= 1.1 for s in (everywhere, high, low)):
        verdict = HOLDS
    power = lambda s: f"SNR^{s:.2f}" if s == s else "unknown"
    decades = lambda v: (v.max() - v.min()) / np.log(10)
    return EquationClaim(
        "3",
        "the gradient norm of step t is proportional to SNR(t)",
        verdict,
        f"norm ~ {power(everywhere)} ({power(high)} where SNR >= 1, {power(low)} below), rank"
        f" correlation {rank:+.2f}: over the steps measured SNR spans {decades(x):.1f} decades, the"
        f" norm {decades(y):.1f}",
        "holds: exponent in 0.9..1.1 overall and on both sides of SNR = 1; in direction only: rank"
        " correlation above 0.5",
    )


def alignment(theory: Theory) -> EquationClaim:
    """The text before Eq. 3."""
    says = "gradients align across samples where SNR is high, less where it is low"
    rule = (
        "holds: above 0 and larger at SNR >= 1 by twice the sum of the standard errors; does not"
        " hold: smaller by as much"
    )
    high = theory.log_snr >= 0
    if high.all() or not high.any():
        side = "at or above" if high.all() else "below"
        return EquationClaim("3, text", says, UNKNOWN, f"every step has an SNR {side} 1", rule)
    value, error = theory.at_every_t("alignment"), theory.at_every_t("alignment_se")
    # The same examples stand behind every step, so errors are taken as fully shared, which is the
    # cautious side.
    mean, se = ({k: float(v[high == k].mean()) for k in (True, False)} for v in (value, error))
    gap, uncertainty = mean[True] - mean[False], 2 * (se[True] + se[False])
    verdict = FAILS if gap < -uncertainty else UNKNOWN
    if gap > uncertainty and mean[True] > 2 * se[True]:
        verdict = HOLDS
    measured = (
        f"mean cosine between two examples' gradients, over t: {mean[True]:.3f} (se {se[True]:.3f})"
        f" at SNR >= 1, {mean[False]:.3f} (se {se[False]:.3f}) below"
    )
    return EquationClaim("3, text", says, verdict, measured, rule)


def dominance(theory: Theory) -> EquationClaim:
    """Eqs. 4 and 5."""
    uniform = next(iter(theory.samplers.values()))
    early = max(1, round(len(theory.log_snr) / 100))
    high, predicted = theory.log_snr >= 0, theory.predicted(uniform)
    due = float(high.mean())
    norm, gradient = (theory.measured(uniform, key) for key in ("norm", "mean_norm"))

    def verdict(measured: Floats) -> str:
        share = float(measured[high].sum())
        dominates = share > 0.5 and measured[:early].sum() > 0.5 * predicted[:early].sum()
        return HOLDS if dominates else DIRECTION if share > 1.1 * due else FAILS

    return EquationClaim(
        "4, 5",
        "with uniform t, the sum of gradients is dominated by the steps of high SNR",
        both(verdict(norm), verdict(gradient)),
        f"steps of SNR >= 1 are {due:.0%} of the draws, {norm[high].sum():.0%} of the summed mean"
        f" norm and {gradient[high].sum():.0%} of the mean gradient's (predicted"
        f" {predicted[high].sum():.1%}); the first {early} steps {norm[:early].sum():.1%} and"
        f" {gradient[:early].sum():.1%} (predicted {predicted[:early].sum():.0%})",
        "holds: more than half at SNR >= 1, and of the first 1 % of steps at least half of what is"
        " predicted; in direction only: more than 1.1 times their share of the draws",
    )


def linearity(theory: Theory) -> EquationClaim:
    """Eq. 5's derivative in p(t)."""
    norm, mean_norm = theory.at_every_t("norm"), theory.at_every_t("mean_norm")
    ratio = mean_norm / np.maximum(norm, 1e-300)
    return EquationClaim(
        "5, text",
        "the contribution of a step is linear in p(t)",
        HOLDS if ratio.min() > 0.9 else "holds for the mean norm only",
        "training follows the mean gradient, not the mean norm; its norm, summed over t, is"
        f" {mean_norm.sum() / norm.sum():.0%} of the mean norm's sum ({ratio.min():.0%} to"
        f" {ratio.max():.0%} over t), the rest cancels between examples",
        "the mean of norms over draws is linear in p by definition; holds: the norm of the mean"
        " gradient is above 90 % of it at every t",
    )


def location(theory: Theory) -> EquationClaim:
    """Eq. 6."""
    places = theory.places()
    predicted = np.array([place["predicted"] for place in places.values()])

    def verdict(key: str) -> str:
        measured = np.array([place[key] for place in places.values()])
        if np.abs(measured - predicted).max() <= 0.05 * len(theory.log_snr):
            return HOLDS
        if not np.ptp(predicted) or not np.ptp(measured):
            return FAILS
        return DIRECTION if stats.spearmanr(predicted, measured).statistic > 0.9 else FAILS

    worst = max(places, key=lambda k: abs(places[k]["measured"] - places[k]["predicted"]))
    p = places[worst]
    far = {
        key: max(abs(place[key] - place["draws"]) for place in places.values())
        for key in ("measured", "followed")
    }
    return EquationClaim(
        "6",
        "learning happens where C(t) = p(t) SNR(t) is",
        both(verdict("measured"), verdict("followed")),
        f"mean t of learning in {worst}: predicted {p['predicted']:.0f}, by the mean norm"
        f" {p['measured']:.0f}, by the mean gradient {p['followed']:.0f} (draws {p['draws']:.0f});"
        f" in all, within {far['measured']:.0f} and {far['followed']:.0f} steps of the draws",
        "holds: every sampler's mean t within 5 % of T of the predicted one; in direction only:"
        " same order (rank correlation > 0.9)",
    )


def shift(theory: Theory) -> EquationClaim:
    """Eq. 8."""
    says = "moving mu moves C(t) by SNR(t) (t - mu) / sigma^2 p(t)"
    errors = {}
    for name, sampler in theory.samplers.items():
        if isinstance(sampler, IntervalSampler):
            true, formula = theory.snr * drawn_derivative(sampler), theory.snr * eq_8(sampler)
            errors[name] = float(np.abs(true - formula).sum() / np.abs(true).sum())
    if not errors:
        return EquationClaim("8", says, UNKNOWN, "no interval was asked for", "")
    exact = [v < 0.02 for v in errors.values()]
    verdict = "holds only where no tail is cut off" if any(exact) else FAILS
    return EquationClaim(
        "8",
        says,
        HOLDS if all(exact) else verdict,
        "the formula is of the normal before truncation; against the distribution drawn from, its"
        " error is " + ", ".join(f"{v:.1%} in {k}" for k, v in errors.items()),
        "holds: summed error below 2 % of the summed derivative for every interval",
    )
