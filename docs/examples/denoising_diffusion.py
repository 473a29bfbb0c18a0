"""memctl's samplers in denoising-diffusion-pytorch: its `forward` takes the steps as `times`.

    pip install denoising-diffusion-pytorch
    python docs/examples/denoising_diffusion.py

A small Unet learns scikit-learn's handwritten digits (8 x 8 pixels) in seconds on a CPU.
"""

import torch
from denoising_diffusion_pytorch import GaussianDiffusion, Unet
from sklearn.datasets import load_digits

from memctl.samplers import LaplaceSampler, NoiseSchedule, ScheduleSampler


def main(steps: int = 60, batch_size: int = 32, weighted: bool = False) -> list[float]:
    """Train, say how it goes, and return the loss of every step.

    Args:
        weighted: Draw uniform t and weight the losses by the sampler's distribution, instead of
            drawing from it.
    """
    torch.manual_seed(0)
    digits = (
        torch.tensor(load_digits().images, dtype=torch.float32).unsqueeze(1) / 16
    )  # to [0, 1], as GaussianDiffusion wants it
    diffusion = GaussianDiffusion(
        Unet(dim=8, dim_mults=(1, 2), channels=1, attn_heads=1),
        image_size=8,
        objective="pred_noise",
    )
    optimizer = torch.optim.AdamW(diffusion.parameters(), lr=4e-3)

    # New: a distribution over log SNR, by the betas that this diffusion really has.
    sampler = LaplaceSampler(schedule=NoiseSchedule.of(diffusion), mu=0.0, b=1.0)
    schedule_sampler = ScheduleSampler(sampler, mode="weight")

    losses = []
    for step in range(1, steps + 1):
        images = digits[torch.randint(0, len(digits), (batch_size,))]
        if weighted:
            times, weights = schedule_sampler.sample(len(images), images.device)
            loss = (diffusion(images, times=times, loss_reduction="none") * weights).mean()
        else:  # was: loss = diffusion(images)
            loss = diffusion(images, times=sampler.sample(len(images), device=images.device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if step % max(steps // 5, 1) == 0:
            print(f"step {step}: loss {loss.item():.3f}{', weighted' if weighted else ''}")
    return losses


if __name__ == "__main__":
    main()
    main(weighted=True)
