"""memctl's samplers in a plain training loop of diffusers: one line changes.

    python docs/examples/plain_diffusers.py

A DDPM learns scikit-learn's handwritten digits (8 x 8 pixels) in seconds on a CPU.
"""

import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler, UNet2DModel
from sklearn.datasets import load_digits

from memctl.samplers import LaplaceSampler, NoiseSchedule


def main(steps: int = 120, batch_size: int = 32) -> list[float]:
    """Train, say how it goes, and return the loss of every step."""
    torch.manual_seed(0)
    digits = (
        torch.tensor(load_digits().images, dtype=torch.float32).unsqueeze(1) / 8 - 1
    )  # from 0..16 to [-1, 1]
    scheduler = DDPMScheduler(beta_schedule="squaredcos_cap_v2")
    model = UNet2DModel(
        sample_size=8,
        in_channels=1,
        out_channels=1,
        layers_per_block=1,
        block_out_channels=(8, 16),
        down_block_types=("DownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "UpBlock2D"),
        norm_num_groups=4,
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3)

    # New: most draws go where signal and noise are about equally strong. "Where" depends on the
    # scheduler's betas.
    sampler = LaplaceSampler(schedule=NoiseSchedule.of(scheduler), mu=0.0, b=1.0)

    losses = []
    for step in range(1, steps + 1):
        x = digits[torch.randint(0, len(digits), (batch_size,))]
        noise = torch.randn_like(x)
        # Was: t = torch.randint(0, scheduler.config.num_train_timesteps, (len(x),),
        # device=x.device)
        t = sampler.sample(len(x), device=x.device)
        loss = F.mse_loss(model(scheduler.add_noise(x, noise, t), t).sample, noise)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if step % max(steps // 5, 1) == 0:
            print(f"step {step}: loss {loss.item():.3f}, middle t {int(t.median())}")
    return losses


if __name__ == "__main__":
    main()
