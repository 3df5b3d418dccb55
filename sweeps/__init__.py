"""Define a sweep, plan it, run it, record it."""
