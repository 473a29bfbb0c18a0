"""record.json, a run's result.

schema            3; raised when a field changes its meaning
name, sweep       the run's folder and its sweep's
fingerprint       hash of `keys`
keys              stage -> key (memctl.keys)
seed              of control
start             base, or scratch: what control started from
ci                {low, high} of the cell, or null for a reference run
split             hash; examples read, dropped (why: how many), duplicates; n_train, n_heldout,
                  unused; shape of an example
sampler           null (no control), or its parameters, mode, clip, stratified, `statistics` (the
                  distribution as it really is; ess: effective sample size a draw) and `realised`
                  (draws; realised and nominal share between `edges`; chi2_p of the test that they
                  agree; ess of the weights drawn)
base              path of a checkpoint made elsewhere, or null; saw_heldout: whether it may have
                  been trained on held-out examples
training          base and control: steps, and loss, the mean over the last epoch under that
                  training's own t
metrics           metric -> {value, low, high}: low and high are the ends of a 95 % interval, or
                  null
absent            metric -> why it was not taken
probe             one row a bin of t: losses on train and held-out with the same noise, membership
                  AUC, distances to the empirical-optimal denoiser (memctl.probes.probe); its means
                  over t are the metrics probe_loss (held-out), probe_gap and probe_auc
along             one row a checkpoint along control (empty without along.points): step, and metrics
                  of its samples, metric -> {value, low, high}
yardsticks        heldout, copies, blurred, mean, floor -> metric -> {value, low, high}
answers           question -> {question, yes, text, effect, low, high, p, detectable, limit}, as
                  `memctl.answers.answer` has them
verdict           word, reason, also (other words), as `memctl.answers.verdict` has them
science           every setting that decides the numbers
environment       versions, device, threads, host, W&B; finished and measured (UTC)
seconds           stage -> wall-clock seconds in the attempt that did it
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from memctl.keys import digest
from memctl.runs.kinds import NUMBER, Each, fits

if TYPE_CHECKING:  # a second's import, and commands that only read records start without
    from memctl.metrics.measure import Measure

SCHEMA = 3
Measures = dict[str, dict[str, float | None]]
# Said of a run that has `smoke` in its record.
SMOKE = "a smoke run, to see that everything works: its numbers mean nothing"
YARDSTICKS = ("heldout", "copies", "blurred", "mean", "floor")

MEASURE = dict.fromkeys(("value", "low", "high"), NUMBER)
EFFECTS = ("effect", "low", "high", "p", "detectable", "limit")
ANSWER = {"question": str, "text": str, "yes": object, **dict.fromkeys(EFFECTS, NUMBER)}
RECORD = {  # what every reader may rely on
    "name": str,
    "sweep": str,
    "fingerprint": str,
    "keys": Each(str),
    "seed": int,
    "split": {"hash": str, "n_train": int, "n_heldout": int},
    "training": Each({"loss": NUMBER, "steps?": NUMBER}),
    "metrics": Each(MEASURE),
    "absent?": Each(str),
    "yardsticks": Each(Each(MEASURE)),
    "probe?": [Each(NUMBER)],
    "along?": [{"step": int, "metrics": Each(MEASURE)}],
    "base?": {"path": (str, type(None)), "saw_heldout?": object},
    "answers?": Each(ANSWER),
    "environment": dict,
    "seconds": Each(NUMBER),
    "science": {
        "data": {"name": str},
        **dict.fromkeys(("model?", "diffusion?", "base?", "use?", "control?", "generate?"), dict),
        **dict.fromkeys(("metrics?", "weighting?", "probe?"), (dict, type(None))),
    },
}
OR_NULL = {
    "sampler": {"name": str, "statistics?": Each(NUMBER), "realised?": (dict, type(None))},
    "ci": {"low": (int, float), "high": (int, float)},
    "verdict?": {"word": str, "reason": str, "also": [str]},
}


def is_complete(record: Mapping[str, Any]) -> bool:
    """Whether a record has its fields, of their kinds, so that it can be read as one."""
    null = {name for name in ("sampler", "ci", "verdict") if record.get(name, 0) is None}
    others = {name: of for name, of in OR_NULL.items() if name.rstrip("?") not in null}
    return fits(record, {**RECORD, **others})


def identity(record: Mapping[str, Any]) -> str:
    """What makes two runs one run, whatever versions of the metrics they were measured by: the key
    of its samples (of a former format, which has none, its fingerprint), and the settings of the
    metrics.
    """
    samples = record["keys"].get("generate", record["fingerprint"])
    return digest([samples, {**record["science"].get("metrics", {}), "versions": None}])


def measures(values: Mapping[str, "Measure"]) -> Measures:
    """Measures as JSON, which has no NaN."""
    known = lambda value: None if value is None or value != value else value
    return {
        name: {end: known(value) for end, value in measure._asdict().items()}
        for name, measure in values.items()
    }


def named(values: Measures) -> dict[str, float | None]:
    """Measures under one-level names: `f_mem`, `f_mem_low`, `f_mem_high`; ends where there are."""
    out = {}
    for name, measure in values.items():
        out[name] = measure["value"]
        ends = {f"{name}_{end}": measure[end] for end in ("low", "high")}
        out |= {k: v for k, v in ends.items() if v is not None}
    return out


def flat(record: Mapping[str, Any]) -> dict[str, float]:
    """The record's own numbers under one-level names, for tables and W&B: `metrics/f_mem`,
    `sampler/lambda`, ...; not the yardsticks, which it shares with others of its sweep.
    """
    sampler = record["sampler"] or {}
    numbers = {f"sampler/{k}": v for k, v in sampler.get("statistics", {}).items()}
    numbers |= {f"metrics/{k}": v for k, v in named(record["metrics"]).items()}
    for name, answer in record.get("answers", {}).items():
        numbers |= {f"answers/{name}_{end}": answer[end] for end in EFFECTS}
    numbers |= {
        f"training/{stage}_loss": values["loss"] for stage, values in record["training"].items()
    }
    numbers |= {f"seconds/{stage}": seconds for stage, seconds in record["seconds"].items()}
    return {k: float(v) for k, v in numbers.items() if v is not None}
