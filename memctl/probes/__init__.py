"""Where in t a network knows its training records: read from its predictions, without a sample
being made.

At each step t the network is shown training and held-out records under the same noise. It knows a
step by heart where the loss of training records is lower (`loss`), or where what it takes for x_0
is the training records' own weighted mean, the empirical-optimal denoiser, rather than the record
that was there (`optimal`).
"""
