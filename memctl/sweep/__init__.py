"""Sweeps on Hydra: which runs there are, which are left, and who runs them where. Free of torch."""
