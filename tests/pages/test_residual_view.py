"""What a residual block adds, where its sum is not what its stage returns."""

from typing import Any

from streamlit.testing.v1 import AppTest

from cvexplore import catalog, images
from cvexplore.interpret.activations import capture
from cvexplore.interpret.channels import ordered
from cvexplore.interpret.residual import residuals
from cvexplore.ui import cached
from cvexplore.ui.cached import Subject
from cvexplore.ui.features import Looking
from cvexplore.ui.pictures import Picture

# The stage goes on behind its last sum: it returns 672 channels, the sum has 112.
SSD, STAGE = "torchvision/ssdlite320_mobilenet_v3_large", "backbone.features.0"


def page(looking) -> None:
    from cvexplore.ui.features import adding

    adding.show(looking, looking.layer)


def test_the_channels_to_choose_from_are_those_of_the_sum() -> None:
    subject = Subject(SSD, "random")
    photo = images.sample_image("coffee")
    looking = Looking(subject, Picture(photo, "coffee", "coffee"), STAGE)
    app = AppTest.from_function(page, args=(looking,), default_timeout=60).run()
    assert not app.exception
    last = residuals(catalog.traced(SSD), STAGE)[-1]
    prepared = images.prepare(photo, catalog.preparation(SSD, "random"))
    path, call = last.sum
    maps = capture(cached.network(subject), prepared, [path]).layers[path][call][0]
    busiest = ordered(maps.numpy(), "activity")[:12]
    picker: Any = app.get("button_group")[0]
    assert picker.options == [str(each) for each in busiest]
    picker.set_value(int(busiest[-1])).run()
    assert not app.exception
