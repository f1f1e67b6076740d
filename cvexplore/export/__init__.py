"""Taking a network along: as code, as an ONNX file, as weights, as a design.

    print(code("cvexplore/resnet", {"depth": 18}))
    model = cv.build("timm/tf_efficientnet_lite0", weights="bundled").eval()
    save_onnx(model, origin("timm/tf_efficientnet_lite0", "bundled"), Path("lite0.onnx"))

Nothing here imports torch before it is needed.
"""

from cvexplore.export.code import code, design, has_design
from cvexplore.export.onnx_file import OnnxFile
from cvexplore.export.onnx_file import obstacle as obstacle_to_onnx
from cvexplore.export.onnx_file import save as save_onnx
from cvexplore.export.tensors import origin
from cvexplore.export.tensors import save as save_safetensors

__all__ = [
    "OnnxFile",
    "code",
    "design",
    "has_design",
    "obstacle_to_onnx",
    "origin",
    "save_onnx",
    "save_safetensors",
]
