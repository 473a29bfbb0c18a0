"""make bench: what the same work costs in memctl and in other code.

Ratios within one run are what to compare; times are noisy beside other work, which is measured too.
Works that are compared take turns, after rounds that are not counted; a row has their median, least
and largest. All but sweeps is on one thread. Each part is written to bench.json as it ends.

"""

import argparse
import importlib
import json
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from docs.numbers.times import processor
from memctl.exits import plain_exit
from tests.benchmarks.timing import Others, Rows, Size, adopt


@dataclass(frozen=True)
class Part:
    """A function of its name in a module of its name, and about how many minutes it takes on 2
    quiet cores, and with --quick.
    """

    about: str
    minutes: float
    quick: float


PARTS = {
    "signals": Part("time to quality, against Trainer1D", 26, 1.5),
    "images": Part("8, 16 and 64 px, against diffusers", 7, 1.5),
    "evaluation": Part("metrics, against SciPy and others", 1, 0.2),
    "sweep": Part("12 cells, a shell loop, a former commit", 14, 3),
    "machine": Part("FLOP/s, memory, growth", 6, 3),
    "pieces": Part("what the pieces cost, printed alone", 2, 2),
}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=__doc__
        + "\n".join(
            f"{name:12s}{part.about}: about {part.minutes:g} min ({part.quick:g} with --quick)"
            for name, part in PARTS.items()
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help="all but `pieces` unless given")
    parser.add_argument(
        "--quick", action="store_true", help="tiny sizes, to see that all works; numbers are none"
    )
    parser.add_argument("--rounds", type=int, default=9, help="of the shortest works (9)")
    parser.add_argument(
        "--out",
        type=Path,
        help="folder of bench.json (runs/bench, which `make tables` reads; with --quick"
        " runs/bench/quick)",
    )
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.parts if name not in PARTS]:
        parser.error(f"there is no part {unknown[0]}; there are {', '.join(PARTS)}")
    if arguments.rounds < 2:
        parser.error(f"--rounds={arguments.rounds} must be at least 2")
    out = arguments.out or Path("runs/bench/quick" if arguments.quick else "runs/bench")
    size = Size(2 if arguments.quick else arguments.rounds, arguments.quick)
    chosen = arguments.parts or [name for name in PARTS if name != "pieces"]
    stopped = f"stopped; the parts that ended are in {out / 'bench.json'}"
    with plain_exit(stopped):
        import torch  # here: a stop during imports has no traceback
        from threadpoolctl import threadpool_limits

        from memctl.training import compute

        torch.set_num_threads(1)
        threadpool_limits(1)
        compute.keep_memory()
        adopt()
        for name in chosen:
            take(name, size, out)


def take(name: str, size: Size, out: Path) -> None:
    """Run a part and write what it found."""
    part = PARTS[name]
    minutes = part.quick if size.quick else part.minutes
    print(f"\n{name}: {part.about}; about {minutes:g} min on 2 quiet cores", flush=True)
    run = getattr(importlib.import_module(f"tests.benchmarks.{name}"), name)
    began, others = time.monotonic(), Others()
    rows, busy = run(size), others.cores()
    spent = (time.monotonic() - began) / 60
    print(f"{name} took {spent:.1f} min; others kept {busy:.1f} cores busy", flush=True)
    if busy > 0.5:
        print("  so its times say little, and its ratios are rough", flush=True)
    if rows:
        write(name, rows, out, busy)


def write(part: str, rows: Rows, out: Path, busy: float) -> None:
    """Put rows into bench.json in the place of the part's former ones."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / "bench.json"
    known = json.loads(path.read_text()) if path.exists() else []
    on = {
        "others": round(busy, 2),
        "cores": os.cpu_count(),
        "processor": processor(),
        "date": datetime.now(UTC).date().isoformat(),
    }
    new = [{"part": part, **row, **on} for row in rows]
    kept = [row for row in known if row["part"] != part]
    path.write_text(json.dumps([*kept, *new], indent=1))


if __name__ == "__main__":
    main()
