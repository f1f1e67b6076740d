"""Attention: what every query of every layer looks at, in any network, and proof that it does.

    recording = record(model, image)
    for layer in recording.layers:
        print(layer.name, layer.weights.shape, layer.reconstruction_error)

``record`` watches one forward pass. ``locate`` says where on the image each token lies; it depends
on the network and the size of the image alone, so it is worth keeping.
"""

from cvexplore.attention.locating import Locations, locate
from cvexplore.attention.recording import record
from cvexplore.attention.records import (
    KINDS,
    PADDING,
    TOKEN,
    AttentionLayer,
    Located,
    Places,
    Products,
    Recording,
)

__all__ = [
    "KINDS",
    "PADDING",
    "TOKEN",
    "AttentionLayer",
    "Located",
    "Locations",
    "Places",
    "Products",
    "Recording",
    "locate",
    "record",
]
