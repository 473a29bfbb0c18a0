"""What Eqs. 2-8 predict, what was measured, and a verdict on each claim by a stated rule.

Arrays over t have index t - 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import stats

from memctl.samplers import IntervalSampler, TimestepSampler
from memctl.samplers.base import Floats

HOLDS, DIRECTION, FAILS, UNKNOWN = "holds", "in direction only", "does not hold", "can't tell"


@dataclass(frozen=True)
class Claim:
    """A claim of the paper: what it says, the verdict by `rule`, and the numbers behind it."""

    equation: str
    says: str
    verdict: str
    measured: str
    rule: str


@dataclass(frozen=True)
class Theory:
    """A base's gradients at some steps, and the noise schedule they belong to.

    Attributes:
        rows: As `gradients.measure` gives them, in the order of t.
        log_snr: shape (T,).
        samplers: The distributions whose learning is predicted and measured, by name; the first is
            uniform.
    """

    rows: Sequence[Mapping[str, float]]
    log_snr: Floats
    samplers: Mapping[str, TimestepSampler]

    def column(self, key: str) -> Floats:
        return np.array([row[key] for row in self.rows], dtype=np.float64)

    @property
    def steps(self) -> np.ndarray:
        return np.array([int(row["t"]) for row in self.rows])

    @property
    def snr(self) -> Floats:
        return np.exp(self.log_snr)

    def at_every_t(self, key: str) -> Floats:
        """A measured column, linear between the measured steps: shape (T,)."""
        return np.interp(np.arange(1, len(self.log_snr) + 1), self.steps, self.column(key))

    def predicted(self, sampler: TimestepSampler) -> Floats:
        """C(t) = p(t) SNR(t) (Eq. 6) as shares of its sum: shape (T,)."""
        c = sampler.pmf * self.snr
        return c / c.sum()

    def measured(self, sampler: TimestepSampler, key: str = "norm") -> Floats:
        """p(t) E||grad l_t||, the paper's measure of learning, as shares of its sum: shape (T,).

        With key = "mean_norm", p(t) ||E grad l_t||: of the gradient that training follows, in which
        examples may cancel.
        """
        c = sampler.pmf * self.at_every_t(key)
        return c / c.sum() if c.sum() else c

    def places(self) -> dict[str, dict[str, float]]:
        """The mean t, by sampler: of draws, of learning as predicted, as measured by E||grad||, and
        as followed by ||E grad||.
        """
        t = np.arange(1, len(self.log_snr) + 1)
        shares = {
            "draws": lambda s: s.pmf,
            "predicted": self.predicted,
            "measured": self.measured,
            "followed": lambda s: self.measured(s, "mean_norm"),
        }
        return {
            name: {key: float(share(s) @ t) for key, share in shares.items()}
            for name, s in self.samplers.items()
        }

    def claims(self) -> list[Claim]:
        return [
            proportional(self),
            aligned(self),
            dominated(self),
            linear(self),
            placed(self),
            shifted(self),
        ]

    def summary(self) -> dict[str, Any]:
        return {
            "claims": [asdict(c) for c in self.claims()],
            "places": self.places(),
            "rows": [dict(r) for r in self.rows],
        }


def both(mean_norm: str, mean_gradient: str) -> str:
    """One verdict where the paper's measure, E||grad||, and the gradient that training follows
    agree; else each.
    """
    return (
        mean_norm
        if mean_norm == mean_gradient
        else f"{mean_norm} for the mean norm, {mean_gradient} for the mean gradient"
    )


def proportional(theory: Theory) -> Claim:
    """Eq. 3."""
    seen = np.isfinite(theory.log_snr[theory.steps - 1])
    x, y = (
        theory.log_snr[theory.steps - 1][seen],
        np.log(np.maximum(theory.column("norm")[seen], 1e-300)),
    )
    slope = lambda part: (
        float(np.polyfit(x[part], y[part], 1)[0]) if part.sum() > 2 else float("nan")
    )
    everywhere, high, low = slope(x > -np.inf), slope(x >= 0), slope(x < 0)
    rank = float(stats.spearmanr(x, y).statistic) if np.ptp(y) else 0.0
    verdict = (
        HOLDS
        if all(0.9 <= s <= 1.1 for s in (everywhere, high, low))
        else DIRECTION
        if rank > 0.5
        else FAILS
    )
    decades = lambda v: (v.max() - v.min()) / np.log(10)
    return Claim(
        "3",
        "the gradient norm of step t is proportional to SNR(t)",
        verdict,
        f"norm ~ SNR^{everywhere:.2f} (SNR^{high:.2f} where SNR >= 1, SNR^{low:.2f} below), rank"
        f" correlation {rank:+.2f}: over the steps measured SNR spans {decades(x):.1f} decades, the"
        f" norm {decades(y):.1f}",
        "holds: exponent in 0.9..1.1 overall and on both sides of SNR = 1; in direction only: rank"
        " correlation above 0.5",
    )


def aligned(theory: Theory) -> Claim:
    """The text before Eq. 3."""
    high = theory.log_snr >= 0
    value, error = theory.at_every_t("alignment"), theory.at_every_t("alignment_se")
    # The same examples stand behind every step, so errors are taken as fully shared, which is the
    # cautious side.
    mean, se = ({k: float(v[high == k].mean()) for k in (True, False)} for v in (value, error))
    gap, doubt = mean[True] - mean[False], 2 * (se[True] + se[False])
    verdict = (
        HOLDS if gap > doubt and mean[True] > 2 * se[True] else FAILS if gap < -doubt else UNKNOWN
    )
    return Claim(
        "3, text",
        "gradients align across samples where SNR is high, less where it is low",
        verdict,
        f"mean cosine between two examples' gradients, over t: {mean[True]:.3f} (se {se[True]:.3f})"
        f" at SNR >= 1, {mean[False]:.3f} (se {se[False]:.3f}) below",
        "holds: above 0 and larger at SNR >= 1 by twice the sum of the standard errors; does not"
        " hold: smaller by as much",
    )


def dominated(theory: Theory) -> Claim:
    """Eqs. 4 and 5."""
    uniform = next(iter(theory.samplers.values()))
    early = max(1, round(len(theory.log_snr) / 100))
    high, predicted = theory.log_snr >= 0, theory.predicted(uniform)
    due, found = (
        float(high.mean()),
        {key: theory.measured(uniform, key) for key in ("norm", "mean_norm")},
    )

    def verdict(measured: Floats) -> str:
        share = float(measured[high].sum())
        dominates = share > 0.5 and measured[:early].sum() > 0.5 * predicted[:early].sum()
        return HOLDS if dominates else DIRECTION if share > 1.1 * due else FAILS

    first, second = (float(v[high].sum()) for v in found.values())
    return Claim(
        "4, 5",
        "with uniform t, the sum of gradients is dominated by the steps of high SNR",
        both(verdict(found["norm"]), verdict(found["mean_norm"])),
        f"steps of SNR >= 1 are {due:.0%} of the draws, {first:.0%} of the summed mean norm and"
        f" {second:.0%} of the mean gradient's (predicted {predicted[high].sum():.1%}); the first"
        f" {early} steps {found['norm'][:early].sum():.1%} and"
        f" {found['mean_norm'][:early].sum():.1%} (predicted {predicted[:early].sum():.0%})",
        "holds: more than half at SNR >= 1, and of the first 1 % of steps at least half of what is"
        " predicted; in direction only: more than 1.1 times their share of the draws",
    )


def linear(theory: Theory) -> Claim:
    """Eq. 5's derivative in p(t)."""
    norm, mean_norm = theory.at_every_t("norm"), theory.at_every_t("mean_norm")
    ratio = mean_norm / np.maximum(norm, 1e-300)
    return Claim(
        "5, text",
        "the contribution of a step is linear in p(t)",
        HOLDS if ratio.min() > 0.9 else "holds for the mean norm only",
        "training follows the mean gradient, not the mean norm; its norm, summed over t, is"
        f" {mean_norm.sum() / norm.sum():.0%} of the mean norm's sum ({ratio.min():.0%} to"
        f" {ratio.max():.0%} over t), the rest cancels between examples",
        "the mean of norms over draws is linear in p by definition; holds: the norm of the mean"
        " gradient is above 90 % of it at every t",
    )


def placed(theory: Theory) -> Claim:
    """Eq. 6."""
    places = theory.places()

    def verdict(key: str) -> str:
        gaps = [abs(p[key] - p["predicted"]) for p in places.values()]
        spread = np.ptp([p["predicted"] for p in places.values()]) and np.ptp(
            [p[key] for p in places.values()]
        )
        pairs = [(p["predicted"], p[key]) for p in places.values()]
        order = (
            float(stats.spearmanr([a for a, _ in pairs], [b for _, b in pairs]).statistic)
            if spread
            else 0.0
        )
        return (
            HOLDS
            if max(gaps) <= 0.05 * len(theory.log_snr)
            else DIRECTION
            if order > 0.9
            else FAILS
        )

    worst = max(places, key=lambda k: abs(places[k]["measured"] - places[k]["predicted"]))
    p = places[worst]
    far = {
        key: max(abs(q[key] - q["draws"]) for q in places.values())
        for key in ("measured", "followed")
    }
    return Claim(
        "6",
        "learning happens where C(t) = p(t) SNR(t) is",
        both(verdict("measured"), verdict("followed")),
        f"mean t of learning in {worst}: predicted {p['predicted']:.0f}, by the mean norm"
        f" {p['measured']:.0f}, by the mean gradient {p['followed']:.0f} (draws {p['draws']:.0f});"
        f" in all, within {far['measured']:.0f} and {far['followed']:.0f} steps of the draws",
        "holds: every sampler's mean t within 5 % of T of the predicted one; in direction only:"
        " same order (rank correlation > 0.9)",
    )


def eq_8(sampler: IntervalSampler) -> Floats:
    """dp(t)/d mu by Eq. 8, (t - mu) / sigma^2 p(t) of the untruncated normal, at the middle of each
    step's interval: shape (T,).
    """
    t = np.arange(1, sampler.timesteps + 1) - 0.5
    return np.asarray(
        (t - sampler.mu) / sampler.sigma**2 * stats.norm.pdf(t, sampler.mu, sampler.sigma)
    )


def drawn_derivative(sampler: IntervalSampler) -> Floats:
    """dp(t)/d mu, sigma fixed, of the distribution that is really drawn from, tail mass and all:
    shape (T,).
    """
    edges = (np.arange(sampler.timesteps + 1) - sampler.mu) / sampler.sigma
    density = stats.norm.pdf(edges) / sampler.sigma
    inside, below, above = (
        -np.diff(density),
        -density[0],
        density[-1],
    )  # of each step's mass, and of the tails'
    if sampler.tail == "mixture":
        return np.asarray(inside + (below + above) / sampler.timesteps)
    if sampler.tail == "clamp":
        inside[[0, -1]] += [below, above]
        return np.asarray(inside)
    return np.asarray((inside - sampler.pmf * inside.sum()) / sampler.inside)


def shifted(theory: Theory) -> Claim:
    """Eq. 8."""
    errors = {}
    for name, sampler in theory.samplers.items():
        if isinstance(sampler, IntervalSampler):
            true, formula = theory.snr * drawn_derivative(sampler), theory.snr * eq_8(sampler)
            errors[name] = float(np.abs(true - formula).sum() / np.abs(true).sum())
    if not errors:
        return Claim(
            "8",
            "moving mu moves C(t) by SNR (t - mu) / sigma^2 p(t)",
            UNKNOWN,
            "no interval was asked for",
            "",
        )
    exact = [v < 0.02 for v in errors.values()]
    verdict = (
        HOLDS if all(exact) else "holds only where no tail is cut off" if any(exact) else FAILS
    )
    return Claim(
        "8",
        "moving mu moves C(t) by SNR(t) (t - mu) / sigma^2 p(t)",
        verdict,
        "the formula is of the normal before truncation; against the distribution drawn from, its"
        " error is " + ", ".join(f"{v:.1%} in {k}" for k, v in errors.items()),
        "holds: summed error below 2 % of the summed derivative for every interval",
    )
