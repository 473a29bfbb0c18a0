"""python -m tests.examples.alone STEPS NAME ...: run examples in one process; print after each what
of a sweep it has brought along.
"""

import importlib
import runpy
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
FOREIGN = ("lightning", "pytorch_lightning", "hydra", "omegaconf")


@contextmanager
def torchvision_or_a_stand_in() -> Iterator[None]:
    """Let denoising-diffusion-pytorch be imported where torchvision cannot be.

    It imports torchvision at its top, and uses it only to read and to write picture files. PyPI's
    builds of torchvision fail at import beside the CPU build of torch. The stand-in is empty, and
    gone afterwards: others ask whether there is a torchvision.
    """
    try:
        importlib.import_module("torchvision")
    except Exception:  # a torchvision built for another torch fails in several ways
        broken = {
            name: sys.modules.pop(name)
            for name in list(sys.modules)
            if name.partition(".")[0] == "torchvision"
        }
        package = ModuleType("torchvision")
        for part in ("transforms", "utils"):
            setattr(package, part, ModuleType(f"torchvision.{part}"))
        package.__spec__ = ModuleSpec("torchvision", None, is_package=True)
        sys.modules["torchvision"] = package
        try:
            yield
        finally:
            del sys.modules["torchvision"]
            sys.modules.update(broken)
    else:
        yield


def load(name: str) -> dict[str, Any]:
    """What an example defines."""
    with torchvision_or_a_stand_in():
        return runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name=name)


if __name__ == "__main__":
    for name in sys.argv[2:]:
        load(name)["main"](steps=int(sys.argv[1]))
        print(name, "brought along:", [module for module in FOREIGN if module in sys.modules])
