"""`python -m sweeps` is `cae`."""

from sweeps.cli import main

main(prog_name="cae")
