"""Imported once by the fork server, so that each run's fresh process starts in a tenth of a second.

Nothing here may touch a GPU: a CUDA context does not survive a fork.
"""

import matplotlib.backends.backend_agg
import sklearn.cluster
import sklearn.decomposition
import wandb

import memctl.stages.run
import memctl.sweep.sweeper
import memctl.task

__all__ = ["matplotlib", "memctl", "sklearn", "wandb"]
