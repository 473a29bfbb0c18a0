"""memctl: does where a diffusion model learns along its denoising trajectory decide whether it
copies its training data?
"""

__version__ = "0.1.0"
