"""How a person names a class on the command line: by its number, or by one of its names."""

import re
from collections.abc import Sequence

from cvexplore.errors import OptionError, UnknownName


def class_number(typed: str, labels: Sequence[str], count: int) -> int:
    """Return the number of a class that was given by its number, its name or one of its names.

    Args:
        typed: what a person typed after ``--target``.
        labels: the names of the classes, each perhaps several with commas between; may be empty.
        count: how many classes there are.

    Raises:
        OptionError: no such number, or several classes of that name.
        UnknownName: no such class; the nearest are offered.
    """
    wanted = typed.strip().lower()
    lower = list(enumerate(each.lower() for each in labels))
    whole = [index for index, each in lower if each == wanted]
    found = whole or [index for index, each in lower if wanted in re.split(r",\s*", each)]
    if len(found) == 1:
        return found[0]
    if found:
        numbers = " and ".join(map(str, found))
        raise OptionError(f"{typed} is a name of the classes {numbers}; give --target a number.")
    if wanted.isdecimal() and int(wanted) < count:
        return int(wanted)
    if wanted.isdecimal() or not labels:
        names = "" if labels else " These weights name no classes."
        raise OptionError(f"--target must be between 0 and {count - 1}, not {typed}.{names}")
    raise UnknownName("class", typed, {part for each in labels for part in each.split(", ")})
