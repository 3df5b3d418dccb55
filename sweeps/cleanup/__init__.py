"""Order after a kill, and deletion for good.

`clean.clean` closes and removes what is of no use; `delete.delete` removes a sweep.
"""
