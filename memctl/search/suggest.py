"""Which setting to try next, from those that are known: Optuna's samplers, asked one setting at a
time.

A suggestion is a function of what is known, of what is at work and of its number: the study is
built for it and forgotten, and its sampler is seeded by the number. So a search that was stopped
suggests what it would have suggested, and needs no store besides the runs.

    gp       Gaussian processes of both objectives, the most expected hypervolume (Daulton 2020)
    tpe      density ratios of good and other settings (Bergstra 2011, Ozaki 2022)
    nsga2    a genetic algorithm (Deb 2002), in populations of POPULATION
    random   chance
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from memctl.errors import UserError
from memctl.search.space import Setting, Space

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

STARTUP = 8  # settings that chance chooses, before there is something to learn from
POPULATION = 8
SEEDS = 10_000  # between searches, more than any has suggestions
ATTEMPTS = 1000  # after which no setting is thought to be left
METHODS = ("gp", "tpe", "nsga2", "random")


def optuna() -> Any:
    """The library. Raises: UserError where it is not installed."""
    try:
        import optuna as library
    except ImportError:
        raise UserError("memctl tune needs Optuna: pip install 'optuna>=5,<6'") from None
    library.logging.set_verbosity(library.logging.ERROR)
    return library


def sampler(method: str, seed: int) -> "BaseSampler":
    """Optuna's sampler of a method."""
    samplers = optuna().samplers
    if method == "gp":
        return samplers.GPSampler(seed=seed, n_startup_trials=2 * STARTUP)  # both ways round
    if method == "tpe":
        return samplers.TPESampler(seed=seed, n_startup_trials=STARTUP)
    if method == "nsga2":
        return samplers.NSGAIISampler(seed=seed, population_size=POPULATION)
    return samplers.RandomSampler(seed=seed)


def suggest(
    space: Space,
    known: Mapping[Setting, Sequence[float]],
    at_work: Sequence[Setting],
    seed: int,
    method: str = "gp",
) -> Setting:
    """The setting to try next, none of those known or at work.

    Args:
        known: Two objectives to be small, in [0, 1], by setting, in the order of their making.
        at_work: Settings that are being tried.
        seed: Another one for each suggestion.
    """
    library = optuna()
    study = library.create_study(directions=["minimize"] * 2, sampler=sampler(method, seed))
    unit = {axis: library.distributions.FloatDistribution(0, 1) for axis in space.axes}
    create = partial(library.trial.create_trial, distributions=unit)
    # A model that is to be the same both ways round is told so.
    places = slice(None) if method == "gp" else slice(1)
    for k, (setting, values) in enumerate(known.items()):
        # What NSGA-II notes of its own trials.
        generation = {"NSGAIISampler:generation": k // POPULATION}
        for point in space.points(setting)[places]:
            told = [float(value) for value in values]
            study.add_trial(create(params=point, values=told, system_attrs=generation))
    for setting in at_work:
        for point in space.points(setting)[places]:
            study.add_trial(create(params=point, state=library.trial.TrialState.RUNNING))
    chance = sampler("random", seed)  # goes on where what is known is suggested again
    for _ in range(ATTEMPTS):
        setting = space.setting(study.ask(unit).params)
        if setting not in known and setting not in at_work:
            return setting
        study.sampler = chance
    raise UserError("the search knows every setting there is; give it fewer --trials")
