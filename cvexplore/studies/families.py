"""The studies: each asks one question, with the controls that its answer needs."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from cvexplore.plugins import Choice
from cvexplore.studies.entries import LABELS, Entry, Study, recipe
from cvexplore.training.approaches import standard
from cvexplore.training.approaches.simclr import VIEWS

# One network for all that learns from few labels; 400 steps are enough for any number of them.
_NETWORK: dict[str, Any] = {"options": {"batch_norm": True, "dropout": 0.0}}
_STEPS = {**_NETWORK, "steps": 400}
_SOME = (1, 10, 50)
_TRANSFERRED = (1, 5, 20)
# A network that learns shapes of any place and turn, and stripes that are half as strong as usual:
# with those of full strength it is right on no more striped pictures than chance is.
_STRIPED: dict[str, Any] = {
    "architecture": "cvexplore/resnet_cifar",
    "options": {"width": 8},
    "dataset": Choice("shapes", {"count": 6000, "domain": "both", "contrast": 0.5}),
    "augmentations": (Choice("affine", {"degrees": 30.0, "shift": 0.1, "scale": 0.1}),),
    "epochs": 8,
}
_WAYS = {
    "Only the head": "frozen",
    "Slower towards the image": "discriminative",
    "Layer after layer": "gradual",
    "All of it": "full",
}


def all_studies() -> Iterator[Study]:
    """Yield the studies in the order they are shown."""
    yield _labels()
    yield _vit()
    yield _transfer()
    yield _few_shot()
    yield _domains(
        "digits", "From one kind of digits to another?", {"dataset": Choice("mnist_to_digits")}
    )
    yield _domains(
        "photos",
        "From white on black to digits over photos?",
        {"dataset": Choice("mnist_to_photos"), "augmentations": (), "epochs": 6},
    )
    yield _domains("shapes", "From clean shapes to striped ones?", _STRIPED, weight=0.1)
    yield _tasks()
    yield _distillation()
    yield _dense("segmentation", "mean_iou", "Mean IoU of the classes on held-out pictures")
    yield _dense("detection", "average_precision", "Average precision at an IoU of 0.5")


def _labels() -> Study:
    """Every approach with one network on the same digits."""
    return Study(
        name="labels",
        title="How few labels are enough?",
        metric="accuracy",
        what="Accuracy on 1,000 held-out digits",
        entries=(
            Entry("Supervised", recipe("supervised", **_STEPS), LABELS, control=True),
            Entry(
                "Supervised, augmented",
                recipe("supervised", **_STEPS, augmentations=VIEWS),
                LABELS,
                control=True,
            ),
            Entry("SimCLR + probe", recipe("simclr"), LABELS),
            Entry("Barlow Twins + probe", recipe("barlow_twins"), LABELS),
            Entry("DINO + probe", recipe("dino"), LABELS),
            Entry("Rotation + probe", recipe("rotation"), LABELS),
            Entry("Pseudo-labels", recipe("pseudo_label"), _SOME),
            Entry("FixMatch", recipe("fixmatch"), _SOME),
        ),
        note="The same network, MNIST-5k and split for all; what learns without labels sees all "
        "4,000 pictures, and the labelled ones only to fit a linear map on its features.",
    )


def _vit() -> Study:
    """The masked autoencoder, against the same transformer."""
    mae = standard("mae")
    scratch = replace(
        recipe("supervised"),
        architecture=mae.architecture,
        options=mae.options,
        schedule=mae.schedule,
        weight_decay=0.05,
        steps=400,
    )
    return Study(
        name="masked",
        title="Does filling in masked pictures help a transformer?",
        metric="accuracy",
        what="Accuracy on 1,000 held-out digits",
        entries=(
            Entry("The same ViT from scratch", scratch, _SOME, control=True),
            Entry("MAE, then all of it", scratch, _SOME, before=mae),
            Entry("MAE + probe", mae, _SOME),
        ),
        note="A small vision transformer on MNIST-5k; MAE sees all 4,000 pictures and no label.",
    )


def _transfer() -> Study:
    base = replace(standard("transfer"), every=1)
    scratch = replace(base, weights="random", approach=Choice("supervised"))
    return Study(
        name="transfer",
        title="Which way to go on from MNIST to other digits?",
        metric="accuracy",
        what="Accuracy on held-out digits of scikit-learn",
        entries=(
            Entry("From scratch", scratch, _TRANSFERRED, control=True),
            *(
                Entry(name, replace(base, approach=Choice("transfer", {"way": way})), _TRANSFERRED)
                for name, way in _WAYS.items()
            ),
        ),
        note="The bundled network that learned from MNIST-5k goes on with scikit-learn's digits, "
        "of 8 by 8 pixels and other writers, enlarged.",
    )


def _few_shot() -> Study:
    untaught = recipe("maml", steps=1, learning_rate=1e-6)  # as good as none
    return Study(
        name="few_shot",
        title="Are five pictures of a new class enough?",
        metric="accuracy",
        what="Accuracy, 4-way 5-shot, digits 6 to 9",
        entries=(
            Entry("Nearest centroid", recipe("nearest_centroid"), control=True),
            Entry("Ten steps from random weights", untaught, control=True),
            Entry("Prototypical", recipe("prototypical")),
            Entry("Relation", recipe("relation")),
            Entry("MAML", recipe("maml")),
            Entry("MAML, first order", recipe("maml", option={"order": "first"})),
        ),
        note="All learn from the digits 0 to 5 alone. The nearest centroid is that of a plain "
        "classifier's features: what episodes add is what is above it. Ten steps on an episode's "
        "own pictures, from random weights, is what MAML has to beat.",
    )


def _domains(name: str, title: str, fields: Mapping[str, Any], **mmd: float) -> Study:
    return Study(
        name=f"domains_{name}",
        title=title,
        metric="accuracy",
        what="Accuracy on held-out pictures of the target",
        entries=(
            Entry("Source only", recipe("source_only", **fields), control=True),
            Entry(
                "Source only, joint batches",
                recipe("source_only", **fields, option={"joint": True}),
                control=True,
            ),
            Entry("MMD", recipe("mmd", **fields, option=mmd)),
            Entry("DANN", recipe("dann", **fields)),
            Entry("Self-training", recipe("self_training", **fields)),
            Entry("Target's labels", recipe("target_supervised", **fields), control=True),
        ),
        note="Joint batches only let batch normalisation see the target's pictures: what a method "
        "adds is what is above them. The target's labels are the upper bound. Weights and "
        "augmentations were chosen by looking at seed 0's held-out target pictures; the other "
        "seeds say whether that was luck.",
    )


def _tasks() -> Study:
    return Study(
        name="tasks",
        title="One network for three questions, or three networks?",
        metric="accuracy",
        what="Accuracy of the shape's class",
        entries=(
            Entry("Class alone", recipe("multi_task", option={"only": "class"}), control=True),
            *(
                Entry(f"Three tasks, {name}", recipe("multi_task", option={"weighting": weighting}))
                for name, weighting in (
                    ("equal weights", "equal"),
                    ("weights by hand", "hand"),
                    ("learned uncertainty", "uncertainty"),
                )
            ),
        ),
        note="Class, colour and box of a drawn shape from one network, against its class alone.",
    )


def _distillation() -> Study:
    distilled = recipe("distillation", steps=_STEPS["steps"])
    alone = replace(distilled, approach=Choice("supervised"))
    teacher = recipe("supervised", **_STEPS, augmentations=VIEWS)
    return Study(
        name="distillation",
        title="Does a small student learn more from a teacher than from the labels?",
        metric="accuracy",
        what="Accuracy on held-out digits",
        entries=(
            Entry("The student alone", alone, _SOME, control=True),
            Entry("Distilled", distilled, _SOME, teacher=teacher),
        ),
        note="The student has the labelled pictures; distilled, it also hears what its teacher "
        "makes of all others. The teacher learned from the labels of all pictures but those held "
        "out.",
    )


def _dense(approach: str, metric: str, what: str) -> Study:
    card = standard(approach)
    short = replace(card, epochs=max(1, card.epochs // 4))
    return Study(
        name=approach,
        title=f"How good is {approach} after a minute?",
        metric=metric,
        what=what,
        entries=(
            Entry("A quarter of the epochs", short, control=True),
            Entry("All epochs", card),
        ),
    )
