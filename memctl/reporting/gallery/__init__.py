"""Samplers side by side: what `python -m memctl.samplers` reads, measures and draws.

No part of the library imports it.
"""
