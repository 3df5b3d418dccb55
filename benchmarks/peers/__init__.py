"""The same autoencoder trained as one would without this project: one module a peer, each with `stepper(work)`."""
