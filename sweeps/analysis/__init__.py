"""Finished runs compared: cells with means over their seeds, ranked, and what each parameter does.

`comparison.compare` makes a `Comparison`; `answer`, `tables` and `export` say it in words, columns and plain values.
"""
