"""The forward process, the training objective and the reverse process: diffusers' schedulers do the
mathematics.
"""
