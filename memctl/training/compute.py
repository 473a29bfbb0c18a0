"""Where and how a network computes: device, precision, memory format, compilation.

How, not what: no fingerprint knows of it.
"""

import ctypes
import sys
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import torch
from torch import nn

from memctl.config import COMPUTING, Trainer
from memctl.errors import UserError

# Parameters from which compiling pays, and from which bfloat16 does on CPUs that multiply matrices
# in it: networks for 64 pixels, and for 32 pixels, not for digits.
LARGE, WIDE = 10_000_000, 1_000_000

# Settings of glibc's mallopt(3): blocks of up to 32 MiB are cut from the heap, and up to 256 MiB
# that are free at its end are kept. Otherwise each step hands its activations back to the system,
# and gets them anew page by page.
MALLOC = {-3: 2**25, -1: 2**28}  # M_MMAP_THRESHOLD, M_TRIM_THRESHOLD


@dataclass(frozen=True)
class Compute:
    """The choices for a network on this machine.

    Attributes:
        device: The one device.
        bf16: Whether layers compute in bfloat16; weights, losses and the reverse process stay in
            float32.
        memory_format: Layout forced on the network, or None for its own.
        compile: Whether torch.compile runs on the network.
    """

    device: torch.device
    bf16: bool = False
    memory_format: torch.memory_format | None = None
    compile: bool = False

    @classmethod
    def of(cls, how: Trainer, network: nn.Module) -> "Compute":
        """Raises: UserError, for a value that is none, or a device that is not there."""
        for key, values in COMPUTING.items():
            if str(getattr(how, key)).lower() not in values:
                raise UserError(
                    f"trainer.{key}={getattr(how, key)} must be {', '.join(values[:-1])} or"
                    f" {values[-1]}"
                )
        device = accelerator_device(how.accelerator)
        parameters = sum(p.numel() for p in network.parameters())
        if device.type == "cuda":
            native = torch.cuda.is_bf16_supported(including_emulation=False)
        else:  # with AVX512_BF16 alone, without AMX, all networks are slower in it
            amx = device.type == "cpu" and torch.cpu._is_amx_tile_supported()
            native = amx and parameters > WIDE
        compiles = parameters > LARGE and device.type == "cuda" and find_spec("triton") is not None
        return cls(
            device,
            native if how.precision == "auto" else how.precision == "bf16",
            {"channels_last": torch.channels_last, "contiguous": torch.contiguous_format}.get(
                how.memory_format
            ),
            compiles if how.compile == "auto" else str(how.compile).lower() == "true",
        )

    def place(self, network: nn.Module) -> nn.Module:
        """The network on the device, in its memory format, compiled if so chosen (in place: its
        state keeps its names).
        """
        network = network.to(self.device)
        if self.memory_format is not None:
            network = network.to(memory_format=self.memory_format)  # type: ignore[call-overload]
        if self.compile:
            network.compile()
        return network

    def autocast(self) -> AbstractContextManager[Any]:
        """Forward passes in here compute in the chosen precision."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16)

    @property
    def plugin(self) -> Any:
        """The precision as Lightning's Trainer calls it."""
        return "bf16-mixed" if self.bf16 else "32-true"


def keep_memory() -> None:
    """Have this process keep memory that it has freed, for the next step: under Linux's C library,
    elsewhere it stays as it is.
    """
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):
        for name, value in MALLOC.items():
            library.mallopt(name, value)


def accelerator_device(name: str) -> torch.device:
    """The one device of this process: auto takes CUDA or Apple's MPS where there is one.

    Raises: UserError.
    """
    if name in ("auto", "gpu", "cuda") and torch.cuda.is_available():
        return torch.device("cuda", 0)
    if name in ("auto", "gpu", "mps") and torch.backends.mps.is_available():
        return torch.device("mps", 0)
    if name not in ("auto", "cpu"):
        raise UserError(f"trainer.accelerator={name} is not on this machine; use auto or cpu")
    return torch.device("cpu")
