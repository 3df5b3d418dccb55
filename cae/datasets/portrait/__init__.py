"""Drawn head-and-shoulder portraits: factors in, photographs out."""

from cae.datasets.portrait.block import only
from cae.datasets.portrait.compose import portraits
from cae.datasets.portrait.details import details
from cae.datasets.portrait.traits import people, traits

__all__ = ["details", "only", "people", "portraits", "traits"]
