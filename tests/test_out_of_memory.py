"""A machine out of memory is one message with advice."""

import errno

import pytest
import torch

from memctl.errors import UserError
from memctl.files import said_plainly


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        MemoryError("Unable to allocate 7.28 TiB for an array"),
        RuntimeError("CUDA out of memory. Tried to allocate 2 GiB\nmore"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
        RuntimeError("could not create a primitive"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
    ],
    ids=str,
)
def test_whoever_was_refused_it(error: Exception) -> None:
    said = r"^out of memory \(.+\)\. Take less at once: a smaller generate"
    with pytest.raises(UserError, match=said), said_plainly():
        raise error
    with pytest.raises(RuntimeError, match="shape"), said_plainly():
        raise RuntimeError("a wrong shape")


def test_torch_says_it_so() -> None:
    with pytest.raises(UserError, match="out of memory"), said_plainly():
        torch.empty(2**60, dtype=torch.uint8)
