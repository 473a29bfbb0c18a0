"""Training by Lightning: the module, its counter-based batches, the callbacks, and the base
checkpoint's cache.
"""
