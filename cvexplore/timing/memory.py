"""How much memory is free, and the most that a pass held."""

import re
import sys
from pathlib import Path

_SELF = Path("/proc/self/status")
_LIMITS = (  # a container's own limit and use, newer and older kernels
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)
_UNKNOWN = 4 << 30  # taken to be free where the system does not say


def free_bytes(device: str) -> int:
    """Return how much memory a network may take on "cpu" or "cuda"."""
    if device == "cuda":
        import torch

        return torch.cuda.mem_get_info()[0]
    found = [_field(Path("/proc/meminfo"), "MemAvailable") or _UNKNOWN]
    for limit, used in _LIMITS:
        try:
            found.append(int(Path(limit).read_text()) - int(Path(used).read_text()))
        except (OSError, ValueError):  # no such file, or no limit: "max"
            continue
    return max(0, min(found))


class Peak:
    """The most memory held since ``again()``, above what was held when this was made.

    On Linux the kernel keeps a process's high-water mark and lets it be put back. Elsewhere the
    mark is that of the process's whole life, or there is none.
    """

    def __init__(self, device: str) -> None:
        self._device = device
        self._before = _held(device)

    def again(self) -> None:
        """Forget the peak so far, such as that of building the network."""
        if self._device == "cuda":
            import torch

            torch.cuda.reset_peak_memory_stats()
            return
        try:
            _give_back()
            Path("/proc/self/clear_refs").write_text("5")  # proc(5): resets the peak
        except OSError:
            return

    def bytes(self) -> int | None:
        """Return the peak, or None where it cannot be known."""
        peak = _most(self._device)
        if peak is None or self._before is None:
            return None
        return max(0, peak - self._before)


def _held(device: str) -> int | None:
    if device == "cuda":
        import torch

        return torch.cuda.memory_allocated()
    return _field(_SELF, "VmRSS") or _most("cpu")


def _most(device: str) -> int | None:
    if device == "cuda":
        import torch

        return torch.cuda.max_memory_allocated()
    return _field(_SELF, "VmHWM") or _most_of_life()


def _most_of_life() -> int | None:
    try:
        import resource
    except ImportError:  # Windows
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _field(path: Path, name: str) -> int | None:
    """Return a field of a file of the kernel's, in bytes."""
    try:
        found = re.search(rf"^{name}:\s*(\d+) kB$", path.read_text(), flags=re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) * 1024 if found else None


def _give_back() -> None:
    """Return freed memory to the system; else a network's building would count as its use."""
    import ctypes
    import gc

    gc.collect()
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    except (OSError, AttributeError):  # another C library keeps it or not, as it likes
        return
