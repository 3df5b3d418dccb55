"""Convolutional autoencoders for faces: images in, latent vectors and faces out."""
