"""Generators that look at the training vectors themselves: fitted once for each distribution, with fixed seeds.

What they draw from is that of `cae.sampling`, and the same standard-normal draws serve them. Where the data are normal
their points are nearly those of `mnd`, but for `knn`, which draws no new ones.
"""
