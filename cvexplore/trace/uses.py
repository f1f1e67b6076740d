"""What each learned tensor is for, as its module, its name and its place in the network say.

A weight is told by the class of the module that owns it. Attention is told by its parts: a module
with a ``q``, a ``qkv``, a ``to_query`` attends, and the dense layers that lead in and out of it are
its projections. Every bias is a bias, attention's too.
"""

from collections.abc import Iterator
from functools import lru_cache

from torch import nn

# What libraries call the parts that make queries, keys and values, and that lead out again.
_INTO = frozenset(
    """
    q k v qk kv qkv qkvs wq wk wv to_q to_k to_v to_qk to_kv to_qkv q_proj k_proj v_proj kv_proj
    qkv_proj query key value to_query to_key to_value in_proj_weight q_proj_weight
    """.split()
)
_OUT = frozenset("proj proj_out out_proj o_proj c_proj to_out project merge output".split())

_NORMS = (
    nn.modules.batchnorm._NormBase,
    nn.LayerNorm,
    nn.GroupNorm,
    nn.RMSNorm,
)
_DENSE = (nn.Linear, nn.Bilinear, nn.RNNBase, nn.RNNCellBase)
_EMBEDDED = ("pos", "token", "embed", "table", "quer", "latent", "rel_", "_rel", "biases")
_SCALES = ("weight", "gamma", "scale", "gain")
_SHIFTS = ("bias", "beta", "shift")


def learned(model: nn.Module) -> list[tuple[str, nn.Parameter, str]]:
    """Return each parameter once, with its path and what it is for, one of ``records.USES``.

    One that has no shape yet, since its lazy layer never ran, is left out.
    """
    found: dict[int, tuple[str, nn.Parameter, str]] = {}
    met: set[nn.Module] = set()
    waiting = [("", model, False)]
    while waiting:
        path, module, projects = waiting.pop()
        if module in met:
            continue
        met.add(module)
        for name, parameter in module._parameters.items():
            if parameter is None or isinstance(parameter, nn.UninitializedParameter):
                continue
            if id(parameter) not in found:
                use = _use_of(path, module, name, parameter, projects)
                found[id(parameter)] = _below(path, name), parameter, use
        if module._modules:
            waiting += reversed(list(_inside(path, module, projects)))
    return list(found.values())


def _inside(path: str, module: nn.Module, projects: bool) -> Iterator[tuple[str, nn.Module, bool]]:
    """Yield a module's parts, and whether they are a projection of attention."""
    parts = module._modules
    attends = not _INTO.isdisjoint(parts) or not _INTO.isdisjoint(module._parameters)
    for name, part in parts.items():
        if part is not None:
            yield _below(path, name), part, _is_projection(name, part) if attends else projects


def _is_projection(name: str, part: nn.Module) -> bool:
    """Say whether a part of attention leads into it or out of it."""
    return name in _INTO or name in _OUT or (isinstance(part, nn.Linear) and "mlp" not in name)


def _use_of(
    path: str, module: nn.Module, name: str, parameter: nn.Parameter, projects: bool
) -> str:
    shape = parameter.shape
    axes = len(shape)
    if type(module).__name__ == "ParametrizationList":
        name = path.rpartition(".")[2]  # of "conv.parametrizations.weight", not "original0"
    sees_one_place = axes < 3 or max(shape[2:]) == 1
    return _use(type(module), name, axes, sees_one_place, projects)


@lru_cache(maxsize=4096)  # networks have thousands of parameters of a few dozen sorts
def _use(kind: type, name: str, axes: int, sees_one_place: bool, projects: bool) -> str:
    """Return what a parameter of this name is for in a module of this class."""
    called = kind.__name__.lower()
    if issubclass(kind, _NORMS) or ("norm" in called and axes == 1):
        return _of_norm(name)
    if issubclass(kind, (nn.Embedding, nn.EmbeddingBag)):
        return "embeddings"
    if any(word in name for word in _EMBEDDED):
        return "embeddings"
    filters = issubclass(kind, nn.modules.conv._ConvNd) or "conv" in called
    if called == "parametrizationlist":
        filters = axes > 2
    elif issubclass(kind, nn.MultiheadAttention):
        projects = True
    elif not (filters or issubclass(kind, _DENSE) or "linear" in called):
        return "embeddings" if "embed" in called else "biases" if "bias" in name else "other"
    if "bias" in name:
        return "biases"
    if name == "gain":  # of standardised weights
        return "normalisation scale"
    if "weight" not in name:
        return "other"
    if projects and (sees_one_place or not filters):
        return "attention projections"
    return "filter weights" if filters else "dense weights"


def _of_norm(name: str) -> str:
    if any(word in name for word in _SHIFTS):
        return "normalisation shift"
    return "normalisation scale" if any(word in name for word in _SCALES) else "other"


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
