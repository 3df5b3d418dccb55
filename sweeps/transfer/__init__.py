"""Files that travel: archives of sweeps, face grids under readable names, records whose folder moved."""
