"""Why a layer cannot work, in a person's words instead of a library's.

Libraries say it in many ways: a check with a message, a check with none, a division by zero, an
operation that torch refuses. Here is what they say, and what it means.
"""

import ast
import linecache
import re
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from torch import nn

from cvexplore.errors import CvexploreError

_NOTHING_LEFT = "nothing of the image is left for it; a larger image would do"

_LONGEST_CHECK = 5  # lines of an assertion

# Errors that libraries raise with a sentence; others come up where nobody thought of it.
_SPOKEN = (AssertionError, ValueError, RuntimeError, TypeError, NotImplementedError, CvexploreError)

Say = Callable[[re.Match[str]], str]


def why(error: Exception) -> str:
    """Return the reason of a failure as a clause that begins lower-case and has no full stop."""
    text = str(error).strip().partition("\n")[0]
    for pattern, say in _SAYINGS:
        found = re.search(pattern, text)
        if found:
            return say(found)
    if isinstance(error, ZeroDivisionError):
        return _NOTHING_LEFT
    frames = [frame for frame, _ in _frames(error)]
    return (
        _indivisible(text, frames)
        or (isinstance(error, AssertionError) and _failed_check(error))
        or (text and isinstance(error, _SPOKEN) and _plain(text))
        or f"its parts do not fit together ({_plain(text) or type(error).__name__})"
    )


def failing_layer(error: Exception) -> str | None:
    """Return the class of the innermost layer at work when an error was raised.

    A layer of torch's own is named by what holds it too: "Conv2d of PatchEmbed". None where the
    network itself was at work, and no layer of it.
    """
    modules: list[nn.Module] = []
    for frame, _ in _frames(error):
        owner = frame.f_locals.get("self")
        if isinstance(owner, nn.Module) and (not modules or modules[-1] is not owner):
            modules.append(owner)
    kinds = list(dict.fromkeys(type(module).__name__ for module in modules))
    if len(kinds) < 2:
        return None
    by_torch = type(modules[-1]).__module__.startswith("torch.nn.")
    return f"{kinds[-1]} of {kinds[-2]}" if by_torch else kinds[-1]


def patches_do_not_fit(patch: int, size: int) -> str:
    """Return that an image cannot be cut into such patches, and which sizes near it can be."""
    near = [str(each * patch) for each in (size // patch, size // patch + 1) if each]
    return f"patch size {patch} does not divide image size {size}; {' and '.join(near)} would do"


# ------------------------------------------------------------------ what libraries say


def _times(text: str) -> str:
    """Return "8 × 8" for "8 x 8", "(8, 8)", "kT: 2 kH: 7" and the like."""
    numbers = re.findall(r"-?\d+", text)
    return " × ".join("…" if each == "-1" else each for each in numbers)


def _side(text: str) -> int:
    """Return the first number of "14" and "(14, 14)": images and patches are square here."""
    return int(re.findall(r"\d+", text)[0])


def _too_small(size: str, kernel: str) -> str:
    return (
        f"its {_times(kernel)} window is larger than the {_times(size)} values it is given; "
        "a larger image would do"
    )


def _takes(needs: str, gets: str, what: str) -> str:
    return f"it takes {needs} {what} and is given {gets}"


_SAYINGS: tuple[tuple[str, Say], ...] = (
    (
        r"padded input size per channel: \((.+?)\)\. Kernel size: \((.+?)\)",
        lambda m: _too_small(m[1], m[2]),
    ),
    (r"input image \((.+?)\) smaller than kernel size \((.+?)\)", lambda m: _too_small(m[1], m[2])),
    (
        r"Given input size: \(\d+x(.+?)\)\. Calculated output size",
        lambda m: f"of {_times(m[1])} values it would leave nothing; a larger image would do",
    ),
    (r"negative dimension|non-empty|0 elements|zero elements", lambda _: _NOTHING_LEFT),
    (
        r"(?i)(?:input height|input width|img_size) \(([\d, ]+)\) should be divi\w+ by "
        r"patch.size \(([\d, ]+)\)",
        lambda m: patches_do_not_fit(_side(m[2]), _side(m[1])),
    ),
    (
        r"Input (?:height|width) \((\d+)\) doesn't match model \((\d+)\)",
        lambda m: f"it is built for image size {m[2]}, not {m[1]}",
    ),
    (
        r"Input size \((.+?)\) of block \d+ is not divisible by partition size (\d+)",
        lambda m: f"windows of {m[2]} × {m[2]} do not divide its {_times(m[1])} map",
    ),
    (
        r"parameter '(\w+)' expected value (.+) but got (.+) instead",
        lambda m: f"{m[1]} is fixed at {m[3]} in this network",
    ),
    (
        r"had torch\.Size\(\[(.+?)\]\); but expected shape should be broadcastable to \[(.+?)\]",
        lambda m: f"({m[1]}) and ({m[2]}) meet in it and do not fit together",
    ),
    (
        r"size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\)",
        lambda m: f"{m[1]} and {m[2]} values meet in it and do not fit together",
    ),
    (
        r"shape '\[(.+?)\]' is invalid for input of size (\d+)",
        lambda m: f"{int(m[2]):,} values cannot be laid out as {_times(m[1])}",
    ),
    (
        r"two dimensions of batch2 tensor to be: \[(.+?)\] but got: \[(.+?)\]",
        lambda m: f"({m[1]}) and ({m[2]}) meet in it and do not fit together",
    ),
    (
        r"shapes cannot be multiplied \(\d+x(\d+) and (\d+)x\d+\)",
        lambda m: _takes(m[2], m[1], "values a position"),
    ),
    (
        r"to have (\d+) channels, but got (\d+) channels",
        lambda m: _takes(m[1], m[2], "channels"),
    ),
    (
        r"normalized_shape=\[(.+?)\].* got input of size ?\[(?:.*, )?(\d+)\]",
        lambda m: _takes(m[1], m[2], "values a position"),
    ),
    (
        r"must be tuple of ints, but found element of type float",
        lambda _: "it takes whole numbers and is given a fraction",
    ),
    (r"invalid channel dimensions", lambda _: "its channels cannot be split into its groups"),
    (
        r"unexpected keyword argument '(\w+)'",
        lambda m: f"it has no option {m[1]}",
    ),
)


# ------------------------------------------------------------------ what their code says


def _frames(error: BaseException) -> Iterator[tuple[FrameType, int]]:
    """Yield the frames an error went through, the outermost first, and the lines in them."""
    step = error.__traceback__
    while step is not None:
        yield step.tb_frame, step.tb_lineno
        step = step.tb_next


def _indivisible(text: str, frames: list[FrameType]) -> str | None:
    """Return what "dim should be divisible by num_heads" means, with the numbers."""
    found = re.search(
        r"(\w+)(?: \(?(\d+)\)?)? (?:must|should|needs to) be (?:divisible by|a multiple of) "
        r"(\w+)(?: \(?(\d+)\)?)?",
        text,
    )
    if found is None:
        return None
    whole, size, part, number = found.groups()
    size = size or _value(whole, frames)
    number = number or _value(part, frames)
    return _not_a_divisor(whole, size, part, number)


def _not_a_divisor(whole: str, size: Any, part: str, number: Any) -> str:
    if size is None or number is None:
        return f"{_words(part)} must divide {_words(whole)}"
    counted = {"num_heads": "heads", "heads": "heads", "groups": "groups", "num_groups": "groups"}
    bare = part.removeprefix("self.")
    if bare in counted:
        return f"{number} {counted[bare]} do not divide {_words(whole)} {size}"
    return f"{_words(part)} {number} does not divide {_words(whole)} {size}"


def _value(name: str, frames: list[FrameType]) -> int | None:
    """Return the number that a name stands for where the error was raised."""
    for frame in frames[:-3:-1]:  # the innermost may be a function that only checks
        for space in (frame.f_locals, getattr(frame.f_locals.get("self"), "__dict__", {})):
            if isinstance(space.get(name), int):
                return space[name]
    return None


def _failed_check(error: AssertionError) -> str | None:
    """Return what an assertion without a message demands, read from the line that failed."""
    if str(error).strip():
        return None
    own = [each for each in _frames(error) if not _only_passes_on(each[0])]
    check = _check(*own[-1]) if own else None
    tests = check.values if isinstance(check, ast.BoolOp) else [check]
    for test in tests:
        match test:
            case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
                said = _unequal(left, right, own[-1][0])
            case ast.Compare(left=left, ops=[ast.In()], comparators=[right]):
                allowed = ast.unparse(right).strip("()[]")
                said = f"{_words(ast.unparse(left))} must be one of {allowed}"
            case _:
                said = test and f"it demands that {ast.unparse(test)}"
        if said:
            return said
    return None


def _only_passes_on(frame: FrameType) -> bool:
    """Say whether a frame is torch's or ours, or that of a function that only checks."""
    part = frame.f_globals.get("__name__", "")
    return part.partition(".")[0] in ("torch", "cvexplore") or frame.f_code.co_name == "_assert"


def _check(frame: FrameType, line: int) -> ast.expr | None:
    """Return the condition of the ``assert`` or ``_assert`` that begins on a line."""
    source = ""
    for further in range(_LONGEST_CHECK):
        source += linecache.getline(frame.f_code.co_filename, line + further, frame.f_globals)
        try:
            statement = ast.parse(source.strip()).body[0]
        except (SyntaxError, IndexError):
            continue
        match statement:
            case ast.Assert(test=test) | ast.Expr(value=ast.Call(args=[test, *_])):
                return test
        return None
    return None


def _unequal(left: ast.expr, right: ast.expr, frame: FrameType) -> str | None:
    """Return how two things that should be equal differ; None where they are equal."""
    match left, right:
        case ast.BinOp(left=whole, op=ast.Mod(), right=part), ast.Constant(value=0):
            size, number = _evaluated(whole, frame), _evaluated(part, frame)
            if size and number and size % number == 0:
                return None
            return _not_a_divisor(ast.unparse(whole), size, ast.unparse(part), number)
    is_, needs = _evaluated(left, frame), _evaluated(right, frame)
    if is_ is not None and is_ == needs:
        return None
    name = _words(ast.unparse(left))
    if needs is None or is_ is None:
        return f"{name} must be {_words(ast.unparse(right))}"
    return f"{name} must be {needs}, not {is_}"


def _evaluated(node: ast.expr, frame: FrameType) -> Any:
    """Return what a name, or a part of something named, stands for in a frame."""
    match node:
        case ast.Name(id=name):
            return frame.f_locals.get(name, frame.f_globals.get(name))
        case ast.Attribute(value=owner, attr=name):
            return getattr(_evaluated(owner, frame), name, None)
        case ast.Subscript(value=owner, slice=ast.Constant() | ast.UnaryOp() as place):
            return _evaluated(owner, frame)[ast.literal_eval(place)]
        case ast.Constant(value=value):
            return value
    return None


def _words(name: str) -> str:
    known = {
        "dim": "width",
        "embed_dim": "width",
        "num_heads": "number of heads",
        "x.shape": "the size of its input,",
        "H": "height",
        "W": "width",
    }
    bare = name.removeprefix("self.").partition("[")[0]
    return known.get(bare, bare.replace("_", " ").strip())


def _plain(text: str) -> str:
    """Return a library's own sentence as a clause."""
    text = text.strip("'\" ").rstrip(".!")
    if not text:
        return ""
    is_a_name = not re.match(r"[A-Z][a-z]*[ ,]", text)
    return text if is_a_name else text[0].lower() + text[1:]
