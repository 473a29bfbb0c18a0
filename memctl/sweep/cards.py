"""python -m memctl.sweep.cards [NAME ...]: what torch can do with the GPUs of these names, a line
of JSON each; without names with all that it sees.

In a process of its own, and in one more for each GPU: to ask starts CUDA, which neither a command
nor its fork server may, and CUDA has one view of the GPUs for each process.
"""

import json
import multiprocessing
import sys
from typing import Any


def count(answers: Any) -> None:
    import torch

    answers.put(torch.cuda.device_count())


def card(name: str, answers: Any) -> None:
    """Try a GPU: it is usable where it computes."""
    import os

    os.environ["CUDA_VISIBLE_DEVICES"] = name
    import torch

    try:
        assert torch.ones(8, device="cuda").sum().item() == 8
        about = torch.cuda.get_device_properties(0)
        answers.put({"name": name, "title": about.name, "memory": about.total_memory})
    except Exception as error:
        why = next(iter(str(error).splitlines()), "") or type(error).__name__
        answers.put({"name": name, "problem": why[:200]})


def main() -> None:
    """Answers as far as they come: who asks has a time limit."""
    import torch  # once, for all that is forked

    context, names = multiprocessing.get_context("fork"), sys.argv[1:]
    if torch.version.cuda is None and torch.version.hip is None:
        problem = f"torch {torch.__version__} is built for CPUs alone"
        for name in names or [""]:
            print(json.dumps({"name": name, "problem": problem}), flush=True)
        return
    if not names:
        answers = context.SimpleQueue()
        process = context.Process(target=count, args=(answers,))
        process.start()
        names = [str(number) for number in range(answers.get())]
        process.join()
    for name in names:
        answers = context.SimpleQueue()
        process = context.Process(target=card, args=(name, answers))
        process.start()
        process.join()
        found = {"name": name, "problem": f"trying it ended with {process.exitcode}"}
        print(json.dumps(found if answers.empty() else answers.get()), flush=True)


if __name__ == "__main__":
    main()
