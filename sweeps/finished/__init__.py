"""Finished runs found again.

`lookup.fetched` gives one with its files, `sample` makes new faces from it, `rescore` measures it again.
"""
