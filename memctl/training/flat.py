"""The weights of a small network as parts of one tensor.

What the optimiser and the moving average do to each of them alike is then one operation a step. One
a tensor takes longer to begin than to do, where there are 120 of some 1,600 numbers.
"""

import copy
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

# Weights of a network for which it is done: with more, and on other devices, the work itself is
# what takes time.
MOST = 1_000_000


def can_be_part(p: nn.Parameter) -> bool:
    """Whether it is trained, in float32 on the CPU, and lies in memory without gaps."""
    dense = torch.empty_like(p).stride() == p.stride()
    return p.requires_grad and p.dtype is torch.float32 and p.device.type == "cpu" and dense


class Flat:
    """Parameters that are updated alike.

    Attributes:
        own: They themselves.
        updated: What an optimiser is to be given: the one parameter that they and their gradients
            are parts of, or, where that would not pay, they themselves.
    """

    def __init__(self, parameters: Iterable[nn.Parameter]) -> None:
        self.own = list(parameters)
        self.updated = self.own
        size = sum(p.numel() for p in self.own)
        if 0 < size <= MOST and all(map(can_be_part, self.own)):
            whole = nn.Parameter(torch.empty(size))
            whole.grad = torch.zeros_like(whole)
            self.gradients = self.parts(whole.grad)
            for parameter, value in zip(self.own, self.parts(whole.data), strict=True):
                parameter.data = value.copy_(parameter.data)
            self.updated = [whole]

    def __deepcopy__(self, memo: dict[int, Any]) -> "Flat":
        return Flat(copy.deepcopy(self.own, memo))  # parameters know not of what they are parts

    @property
    def is_one(self) -> bool:
        return self.updated is not self.own

    def parts(self, whole: Tensor) -> list[Tensor]:
        """What of a tensor of all belongs to each parameter, laid out in memory as it is."""
        pieces = whole.split([p.numel() for p in self.own])
        return [x.as_strided(p.shape, p.stride()) for x, p in zip(pieces, self.own, strict=True)]

    def release(self) -> None:
        """Give each parameter memory of its own again, and no gradient."""
        if self.is_one:
            for parameter in self.own:
                parameter.data, parameter.grad = parameter.data.clone(), None

    def zero_grad(self, optimizer: Optimizer) -> None:
        """What `optimizer.zero_grad()` is for, which would take the gradients out of the whole."""
        optimizer.zero_grad(set_to_none=not self.is_one)
        if self.is_one and self.own[0].grad is not self.gradients[0]:  # as before the first step
            for parameter, gradient in zip(self.own, self.gradients, strict=True):
                parameter.grad = gradient

    def keep_state(self, optimizer: Optimizer) -> None:
        """Have an optimiser of `updated` give and take its state as one of the single parameters:
        a training is resumed also where they are not one.
        """
        if self.is_one:
            optimizer.register_state_dict_post_hook(self._apart)
            optimizer.register_load_state_dict_pre_hook(self._together)

    def _apart(self, _: Optimizer, state: Mapping[str, Any]) -> dict[str, Any]:
        each = {
            name: [value.clone() for _ in self.own] if name == "step" else self.parts(value)
            for name, value in state["state"].get(0, {}).items()
        }
        numbers = range(len(self.own))
        return {
            "state": {i: {k: v[i] for k, v in each.items()} for i in numbers} if each else {},
            "param_groups": [{**state["param_groups"][0], "params": list(numbers)}],
        }

    def _together(self, _: Optimizer, state: Mapping[str, Any]) -> dict[str, Any]:
        each = state["state"]
        names: Iterable[str] = next(iter(each.values()), ())
        return {
            "state": {0: {k: self._joined(each, k) for k in names}} if each else {},
            "param_groups": [{**state["param_groups"][0], "params": [0]}],
        }

    def _joined(self, each: Mapping[int, Mapping[str, Tensor]], name: str) -> Tensor:
        if name == "step":  # of all the same
            return next(iter(each.values()))[name]
        whole = torch.zeros_like(self.updated[0].data)  # as of one that had no gradient
        parts = self.parts(whole)
        for i, values in each.items():
            parts[i].copy_(values[name])
        return whole
