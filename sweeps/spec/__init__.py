"""What a sweep file says, typed and checked.

`sweep_file.load` reads a `sweep.Sweep`; `grid.expand` and `space.space` say which runs it stands for.
"""
