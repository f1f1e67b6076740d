"""A design as a word that fits into a link, and back."""

import base64
import binascii
import json
import zlib

from cvexplore.designs import MOST_BYTES, Design, from_json, to_json
from cvexplore.errors import DesignError

MOST_LETTERS = 8_000  # of a word: longer links are cut off on their way


def to_word(design: Design) -> str:
    """Return the design as letters, digits, - and _.

    Raises:
        DesignError: it is too large for a link.
    """
    dense = json.dumps(json.loads(to_json(design)), separators=(",", ":"))
    word = base64.urlsafe_b64encode(zlib.compress(dense.encode(), 9)).decode().rstrip("=")
    if len(word) > MOST_LETTERS:
        raise DesignError("This design is too large for a link: download it as a file instead.")
    return word


def from_word(word: str) -> Design:
    """Return the design in a link.

    Raises:
        DesignError: there is none in it, or one that is too large.
    """
    if len(word) > MOST_LETTERS:
        raise DesignError(f"A design's link has at most {MOST_LETTERS:,} letters.")
    unpacking = zlib.decompressobj()
    try:
        packed = base64.b64decode(word + "=" * (-len(word) % 4), altchars=b"-_", validate=True)
        # No more than a design may have is ever unpacked, whatever the word claims to hold.
        text = unpacking.decompress(packed, MOST_BYTES + 1)
    except (binascii.Error, zlib.error, ValueError):
        raise DesignError("This link holds no design; perhaps a part of it is missing.") from None
    if not unpacking.eof and len(text) <= MOST_BYTES:
        raise DesignError("This link holds no design; perhaps a part of it is missing.")
    return from_json(text)
