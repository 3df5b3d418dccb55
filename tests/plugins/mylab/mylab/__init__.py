"""An example of what a lab of its own adds to cae-mnd."""
