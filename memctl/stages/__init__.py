"""A run as a chain of keyed stages: base -> control -> generate -> {along, probe,
measure}.

Each stage is one file; `runner` does what is left of a chain, whatever its stages are; `run` is the
chain of a run, `memctl.keys` what decides each stage's numbers.
"""
