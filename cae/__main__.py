"""`python -m cae` is the console script `cae`, for environments that do not put it on the path.

The only module of this package that knows sweeps; nothing imports it.
"""

from sweeps.cli import main

main(prog_name="cae")
