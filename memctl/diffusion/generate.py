"""The reverse process: sample j depends on seed j alone, so cells are compared pairwise and batches
do not matter.

(A batch of another size may take other kernels and differ in the last digits.)
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from memctl.config import Diffusion, Generate
from memctl.diffusion.guidance import Guidance
from memctl.diffusion.schedule import reverse_process


@torch.inference_mode()
def generate(
    network: Callable[[Tensor, Tensor], Tensor],
    diffusion: Diffusion,
    how: Generate,
    seeds: Sequence[int],
    shape: Sequence[int],
    device: torch.device,
    clip: float | None = None,
    on_step: Callable[[int], None] = lambda n: None,
    guidance: Guidance | None = None,
) -> Tensor:
    """Run the reverse process from the noise of each seed.

    Args:
        seeds: One a sample; each seeds the sample's initial noise and, for ddpm, its noise of every
            step.
        shape: Of one sample, (channels, *dims).
        clip: See `reverse_process`.
        on_step: Called with the number of samples after each step.
        guidance: Leads the samples away from training examples.

    Returns:
        Shape (len(seeds), *shape), float32, on the CPU.
    """
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    x = torch.stack([torch.randn(tuple(shape), generator=g) for g in generators]).to(device)
    scheduler = reverse_process(diffusion, how, clip)
    for t in scheduler.timesteps.tolist():
        steps = torch.full((len(x),), t, device=device, dtype=torch.long)
        prediction = guidance(network, x, steps) if guidance else network(x, steps).float()
        x = scheduler.step(prediction, t, x, generator=generators).prev_sample
        on_step(len(x))
    return x.cpu()
