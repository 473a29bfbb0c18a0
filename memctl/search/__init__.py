"""The search for intervals that copy less at least loss: where to look next, from what is known.
Free of torch, but for a Gaussian process of Optuna's.
"""
