"""DID IT MEMORISE, and is it any good: pure functions on arrays, and a suite that yields named
measures.

Arrays of examples have shape (n, channels, *dims); metrics see them flattened, shape (n, D).
"""
