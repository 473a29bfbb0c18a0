"""What the tiny app's fork server imports. With TINY_SIGINT=early a Ctrl-C comes while it does so,
to the whole process group as from a terminal.
"""

import os
import signal

import tests.tiny_task

__all__ = ["tests"]

if os.environ["TINY_SIGINT"] == "early":
    os.killpg(0, signal.SIGINT)
