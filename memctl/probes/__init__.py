"""Where in t a network knows its training examples: read from its predictions, without a sample
being made.

At each step t the network is shown training and held-out examples under the same noise. It knows a
step by heart where the loss of training examples is lower (`loss`), or where what it takes for x_0
is the training examples' own weighted mean, the empirical-optimal denoiser, rather than the example
that was there (`optimal`).
"""
