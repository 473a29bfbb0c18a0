"""What Eqs. 2-8 predict, what was measured, and a verdict on each claim by a stated rule. Arrays over t have index t - 1."""

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
        samplers: The distributions whose learning is predicted and measured, by name; the first is uniform.
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

    @property
    def norm(self) -> Floats:
        """The measured gradient norm at every t, its logarithm interpolated between the measured steps: shape (T,)."""
        t = np.arange(1, len(self.log_snr) + 1)
        return np.exp(np.interp(t, self.steps, np.log(np.maximum(self.column("norm"), 1e-300))))

    def predicted(self, sampler: TimestepSampler) -> Floats:
        """C(t) = p(t) SNR(t) (Eq. 6) as shares of its sum: shape (T,)."""
        c = sampler.pmf * self.snr
        return c / c.sum()

    def measured(self, sampler: TimestepSampler) -> Floats:
        """p(t) E||grad l_t|| as shares of its sum: shape (T,)."""
        c = sampler.pmf * self.norm
        return c / c.sum()

    def places(self) -> dict[str, dict[str, float]]:
        """The mean t of draws, of learning as predicted, and of learning as measured, by sampler."""
        t = np.arange(1, len(self.log_snr) + 1)
        return {
            name: {"draws": float(s.pmf @ t), "predicted": float(self.predicted(s) @ t), "measured": float(self.measured(s) @ t)}
            for name, s in self.samplers.items()
        }

    def claims(self) -> list[Claim]:
        return [proportional(self), aligned(self), dominated(self), linear(self), placed(self), shifted(self)]

    def summary(self) -> dict[str, Any]:
        return {"claims": [asdict(c) for c in self.claims()], "places": self.places(), "rows": [dict(r) for r in self.rows]}


def proportional(theory: Theory) -> Claim:
    """Eq. 3."""
    seen = np.isfinite(theory.log_snr[theory.steps - 1])
    x, y = theory.log_snr[theory.steps - 1][seen], np.log(theory.column("norm")[seen])
    fit, rank = stats.linregress(x, y), stats.spearmanr(x, y)
    half = float(fit.stderr) * float(stats.t.ppf(0.975, len(x) - 2))
    verdict = HOLDS if 0.9 <= fit.slope <= 1.1 else DIRECTION if rank.statistic > 0 and rank.pvalue < 0.01 else FAILS
    decades = lambda v: (v.max() - v.min()) / np.log(10)
    return Claim(
        "3",
        "the gradient norm of step t is proportional to SNR(t)",
        verdict,
        f"norm ~ SNR^{fit.slope:.3f} [{fit.slope - half:.3f}, {fit.slope + half:.3f}], rank correlation {rank.statistic:+.2f}: "
        f"over the steps measured SNR spans {decades(x):.1f} decades, the norm {decades(y):.1f}",
        "holds: exponent in 0.9..1.1; in direction only: rank correlation above 0 with p < 0.01",
    )


def aligned(theory: Theory) -> Claim:
    """The text before Eq. 3."""
    high = theory.log_snr[theory.steps - 1] >= 0
    value, error = theory.column("alignment"), theory.column("alignment_se")
    mean = {k: float(value[k == high].mean()) if (k == high).any() else float("nan") for k in (True, False)}
    # The same records stand behind every step, so errors are taken as fully shared, which is the cautious side.
    se = {k: float(error[k == high].mean()) if (k == high).any() else float("nan") for k in (True, False)}
    gap, doubt = mean[True] - mean[False], 2 * (se[True] + se[False])
    verdict = HOLDS if gap > doubt and mean[True] > 2 * se[True] else FAILS if gap < -doubt else UNKNOWN
    return Claim(
        "3, text",
        "gradients align across samples where SNR is high, less where it is low",
        verdict,
        f"mean cosine between two records' gradients: {mean[True]:.3f} (se {se[True]:.3f}) at SNR >= 1, "
        f"{mean[False]:.3f} (se {se[False]:.3f}) below",
        "holds: above 0 and larger at SNR >= 1 by twice the sum of the standard errors; does not hold: smaller by as much",
    )


def dominated(theory: Theory) -> Claim:
    """Eqs. 4 and 5."""
    uniform = next(iter(theory.samplers.values()))
    early = max(1, round(len(theory.log_snr) / 100))
    high = theory.log_snr >= 0
    predicted, measured = theory.predicted(uniform), theory.measured(uniform)
    share, due = float(measured[high].sum()), float(high.mean())
    verdict = HOLDS if share > 0.5 and measured[:early].sum() > 0.5 * predicted[:early].sum() else DIRECTION if share > due else FAILS
    return Claim(
        "4, 5",
        "with uniform t, the sum of gradients is dominated by the steps of high SNR",
        verdict,
        f"steps of SNR >= 1 are {due:.0%} of the draws and {share:.0%} of the summed norm (predicted {predicted[high].sum():.1%}); "
        f"the first {early} steps {measured[:early].sum():.1%} (predicted {predicted[:early].sum():.0%})",
        "holds: more than half of the norm at SNR >= 1, and of the first 1 % of steps at least half of what is predicted; "
        "in direction only: more than their share of the draws",
    )


def linear(theory: Theory) -> Claim:
    """Eq. 5's derivative in p(t)."""
    ratio = theory.column("mean_norm") / theory.column("norm")
    return Claim(
        "5, text",
        "the contribution of a step is linear in p(t)",
        HOLDS if ratio.min() > 0.9 else "holds for the mean norm only",
        f"training follows the mean gradient, not the mean norm; its norm is {ratio.mean():.0%} of the mean norm ({ratio.min():.0%} to "
        f"{ratio.max():.0%} over t), the rest cancels between records",
        "the mean of norms over draws is linear in p by definition; holds: the norm of the mean gradient is above 90 % of it at every t",
    )


def placed(theory: Theory) -> Claim:
    """Eq. 6."""
    places = theory.places()
    gap = {name: p["measured"] - p["predicted"] for name, p in places.items()}
    worst = max(gap, key=lambda k: abs(gap[k]))
    order = float(stats.spearmanr([p["predicted"] for p in places.values()], [p["measured"] for p in places.values()]).statistic)
    near = all(abs(v) <= 0.05 * len(theory.log_snr) for v in gap.values())
    follows = max(abs(p["measured"] - p["draws"]) for p in places.values())
    return Claim(
        "6",
        "learning happens where C(t) = p(t) SNR(t) is",
        HOLDS if near else DIRECTION if order > 0.9 else FAILS,
        f"mean t of learning in {worst}: predicted {places[worst]['predicted']:.0f}, measured {places[worst]['measured']:.0f} (draws "
        f"{places[worst]['draws']:.0f}); over all, learning is within {follows:.0f} steps of the draws, and within "
        f"{max(map(abs, gap.values())):.0f} of C(t); rank agreement {order:+.2f}",
        "holds: every sampler's mean t within 5 % of T of the predicted one; in direction only: same order (rank correlation > 0.9)",
    )


def eq_8(sampler: IntervalSampler) -> Floats:
    """dp(t)/d mu by Eq. 8, (t - mu) / sigma^2 p(t) of the untruncated normal, at the middle of each step's interval: shape (T,)."""
    t = np.arange(1, sampler.timesteps + 1) - 0.5
    return np.asarray((t - sampler.mu) / sampler.sigma**2 * stats.norm.pdf(t, sampler.mu, sampler.sigma))


def drawn_derivative(sampler: IntervalSampler) -> Floats:
    """dp(t)/d mu, sigma fixed, of the distribution that is really drawn from, tail mass and all: shape (T,)."""
    edges = (np.arange(sampler.timesteps + 1) - sampler.mu) / sampler.sigma
    density = stats.norm.pdf(edges) / sampler.sigma
    inside, below, above = -np.diff(density), -density[0], density[-1]  # of each step's mass, and of the tails'
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
            true, formula = drawn_derivative(sampler), eq_8(sampler)
            errors[name] = float(np.abs(true - formula).sum() / np.abs(true).sum())
    if not errors:
        return Claim("8", "moving mu moves C(t) by SNR (t - mu) / sigma^2 p(t)", UNKNOWN, "no interval was asked for", "")
    exact = [v < 0.02 for v in errors.values()]
    verdict = HOLDS if all(exact) else "holds only where no tail is cut off" if any(exact) else FAILS
    return Claim(
        "8",
        "moving mu moves C(t) by SNR(t) (t - mu) / sigma^2 p(t)",
        verdict,
        "the formula is of the normal before truncation; against the distribution drawn from, its error is "
        + ", ".join(f"{v:.1%} in {k}" for k, v in errors.items()),
        "holds: summed error below 2 % of the summed derivative for every interval",
    )
