"""Trains the runs of twotower on many machines.

Shapes in this package: B pairs in a batch, K candidates of a step (the B positives, then the drawn
negatives), D width of the embeddings, O width of a tower's output, U users, I items, M entries of the
bank, L members of the longest list, R rows of a table, S shards. `docs/methods.md` has the formulas.
"""

__version__ = "0.1.0"
