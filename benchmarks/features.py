"""Capturing one layer against one plain forward pass of the same network."""

import warnings

from benchmarks.pairs import in_turn, ratio, table

LAYERS = {
    "alexnet": "features.1",
    "resnet50": "layer3.2.bn2",
    "densenet121": "features.denseblock3",
    "efficientnet_b0": "features.4",
    "vit_b_16": "encoder.layers.encoder_layer_6",
    "swin_t": "features.5.1",
}
ROUNDS = 15


def main() -> None:
    import torch
    import torchvision

    from cvexplore.figures.sheet import sheet
    from cvexplore.interpret.activations import capture, feature_maps

    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    rows = []
    image = torch.randn(1, 3, 224, 224)
    for name, layer in LAYERS.items():
        model = torchvision.models.get_model(name).eval()

        def plain(model: torch.nn.Module = model) -> None:
            with torch.inference_mode():
                model(image)

        taken = in_turn(
            {
                "plain": plain,
                "capture": lambda model=model, layer=layer: capture(model, image, [layer]),
            },
            ROUNDS,
        )
        rows.append([name, layer, f"{ratio(taken['capture'], taken['plain']):.2f}"])
    heads = ["model", "layer", "capture / plain forward"]
    table("features: one layer, correct under in-place operations", heads, rows)

    resnet = torchvision.models.resnet50().eval()
    maps = feature_maps(resnet, image, "layer1").maps.numpy()
    taken = in_turn({"sheet": lambda: sheet(maps)}, ROUNDS)
    milliseconds = sorted(taken["sheet"])[ROUNDS // 2] * 1e3
    shape = " × ".join(map(str, maps.shape))
    table("features: one sheet of all channels", ["maps", "ms"], [[shape, f"{milliseconds:.0f}"]])
