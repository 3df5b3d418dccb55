"""One page to look through latent spaces and faces: a file that needs nothing else, its decoder runs in the browser."""
