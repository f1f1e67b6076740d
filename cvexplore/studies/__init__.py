"""Every way to learn beside its controls, measured: what stands on the page Approaches.

An *entry* is a way to learn with a recipe, a *study* those that may be compared: the same data, the
same measure. Results are rows of ``results.csv``, which ``make approaches`` makes again.
"""
