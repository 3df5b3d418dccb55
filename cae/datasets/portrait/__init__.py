"""Drawn head-and-shoulder portraits: factors in, photographs out."""

from cae.datasets.portrait.compose import portrait
from cae.datasets.portrait.traits import Traits, people, traits

__all__ = ["Traits", "people", "portrait", "traits"]
