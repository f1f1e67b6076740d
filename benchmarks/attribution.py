"""Attribution against one forward-and-backward pass, against Captum called bare, and its estimates.

The processor's time is compared, not the clock's: the jobs of a network take turns on one thread.
"""

import time
import warnings
from typing import Any

from benchmarks.pairs import in_turn, ratio, table

NETWORKS = ("timm/tf_efficientnet_lite0", "torchvision/resnet50", "torchvision/vit_b_16")
QUICK = ("saliency", "Grad-CAM")
SLOW = ("integrated gradients", "occlusion", "KernelSHAP")  # whose estimates are compared
ROUNDS = 9


def main() -> None:
    import torch

    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    heads = ["network", *QUICK, "Captum's saliency", "Captum's Grad-CAM"]
    table("attribution / one forward and backward pass", heads, [_quick(name) for name in NETWORKS])
    heads = ["network", *(f"{name}, s" for name in SLOW)]
    table("taken, after what was estimated", heads, [_estimated(NETWORKS[0])])


def _quick(name: str) -> list[str]:
    import torch
    from captum.attr import LayerGradCam, Saliency

    from cvexplore.attribution import attribute
    from cvexplore.plugins import Choice

    asked = _asked(name)
    last = _last_maps(asked)

    def both_ways() -> object:
        image = asked.leaf()
        return torch.autograd.grad(asked.model(image)[0, asked.target], image)

    jobs: dict[str, Any] = {
        "both ways": both_ways,
        **{each: lambda each=each: attribute(asked, Choice(each)) for each in QUICK},
        "Captum's saliency": lambda: Saliency(asked.model).attribute(
            asked.leaf(), target=asked.target
        ),
    }
    if last is not None:
        cam = LayerGradCam(asked.model, last)
        jobs["Captum's Grad-CAM"] = lambda: cam.attribute(asked.leaf(), target=asked.target)
    taken = in_turn(jobs, ROUNDS, time.process_time)
    ratios = [f"{ratio(taken[job], taken['both ways']):.2f}" for job in list(jobs)[1:]]
    return [name, *ratios, *["-"] * (4 - len(ratios))]


def _last_maps(asked: Any) -> Any:
    """Return the module that Grad-CAM is taken of, where Captum alone can take it."""
    from cvexplore.attribution.layers import default_layer

    module = asked.model.get_submodule(default_layer(asked))
    kept: list[Any] = []
    hook = module.register_forward_hook(lambda *called: kept.append(called[-1]))
    asked.score(asked.image)
    hook.remove()
    return module if kept[0].dim() == 4 else None


def _estimated(name: str) -> list[str]:
    from cvexplore.attribution import attribute, method
    from cvexplore.attribution.speed import speed
    from cvexplore.plugins import Choice

    asked, cells = _asked(name), []
    pace = speed(asked)
    for each in map(Choice, SLOW):
        estimate = pace.seconds(method(each).cost(asked))
        cells.append(f"{attribute(asked, each).seconds:.1f} of {estimate:.1f}")
    return [name, *cells]


def _asked(name: str) -> Any:
    import torch

    from cvexplore import catalog, images
    from cvexplore.attribution import Asked

    bundled = "bundled" if "lite0" in name else "random"
    torch.manual_seed(0)
    model = catalog.build(name, weights=bundled).eval().requires_grad_(False)
    for last in (model.heads.head,) if name.endswith("vit_b_16") else ():
        torch.nn.init.normal_(last.weight)  # it is zero until it is trained: no slope at all
    ready = catalog.preparation(name, bundled)
    image = images.prepare(images.sample_image("chelsea"), ready)
    with torch.no_grad():
        target = int(model(image).argmax())
    return Asked(model, image, target, ready.mean, ready.std)
