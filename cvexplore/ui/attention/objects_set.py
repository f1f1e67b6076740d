"""The set prediction in numbers: what each query says, and which object it answers for."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from cvexplore import catalog
from cvexplore.ui.attention import Attending
from cvexplore.ui.attention.objects_truth import Truth, speaks_its_language, truth

if TYPE_CHECKING:
    from torch import Tensor

    from cvexplore.training.matching import Matching

_MATCHED = "background-color: rgb(98 100 239 / 32%); font-weight: 700"
_ROW, _MOST_ROWS = 35, 14  # pixels of a table's row, and how many are seen at once
_SOURCE = (
    "Carion et al., End-to-End Object Detection with Transformers, 2020, arXiv 2005.12872, section "
    "3.1, equation 1; the pairing of least cost is Kuhn's Hungarian method, 1955"
)


def every_query(attending: Attending) -> None:
    """Show one row a query: what it says, how surely, its box, and its matched object."""
    from cvexplore.attention.detection import answers, set_prediction

    logits, boxes = set_prediction(attending.all_attention().output)
    said = answers(logits, boxes, catalog.labels(*_named(attending)))
    objects = sum(each.is_object for each in said)
    st.caption(
        f"{len(said)} queries are asked at once, and each answers: {objects} name an object, "
        f"{len(said) - objects} say “no object”. "
        "A box is its centre and its sides, as shares of the picture."
    )
    table: dict[str, list[Any]] = {
        "Query": [each.query + 1 for each in said],
        "Says": [each.says for each in said],
        "Probability": [each.certainty for each in said],
        "Likeliest object": [each.label for each in said],
        "Its probability": [each.score for each in said],
    }
    matched = _matched(attending, logits, boxes)
    if matched is not None:
        found, matching = matched
        names = _numbered(found)
        of_query = dict(zip(matching.queries.tolist(), matching.objects.tolist(), strict=True))
        iou = dict(zip(matching.queries.tolist(), matching.iou.tolist(), strict=True))
        table["Answers for"] = [
            names[of_query[each.query]] if each.query in of_query else "no object" for each in said
        ]
        table["IoU"] = [f"{iou[each.query]:.3f}" if each.query in iou else "–" for each in said]
    table["Box: x, y, width, height"] = [
        "  ".join(f"{side:.3f}" for side in each.box) for each in said
    ]
    bar = st.column_config.ProgressColumn(format="percent", min_value=0.0, max_value=1.0)
    st.dataframe(
        table,
        column_config={
            "Probability": bar,
            "Its probability": bar,
        },
        hide_index=True,
        width="stretch",
        height="content" if len(said) <= _MOST_ROWS else _ROW * (_MOST_ROWS + 1),
    )


def pairing(attending: Attending) -> None:
    """Show what each pair of query and object costs, and the pairing that costs the least."""
    from cvexplore.attention.detection import set_prediction
    from cvexplore.training.matching import BOX, CLASS, OVERLAP

    logits, boxes = set_prediction(attending.all_attention().output)
    matched = _matched(attending, logits, boxes)
    if matched is None:
        st.info(_why_unknown(attending, logits), icon=":material/help:")
        return
    found, matching = matched
    st.markdown(
        "In training each object is paired with one query, so that all pairs together cost the "
        "least; the other queries should say “no object”. A pair costs little if the query gives "
        "the object's class a high probability $\\hat p$ and its box $\\hat b$ fits the object's "
        "box $b$."
    )
    st.latex(
        r"\hat\sigma=\arg\min_{\sigma}\sum_{i}\mathcal L_{\mathrm{match}}\big("
        r"y_i,\hat y_{\sigma(i)}\big),\qquad "
        rf"\mathcal L_{{\mathrm{{match}}}}=-{_factor(CLASS)}\hat p_{{\sigma(i)}}(c_i)"
        rf"+{BOX:g}\,\lVert b_i-\hat b_{{\sigma(i)}}\rVert_1"
        rf"-{OVERLAP:g}\,\mathrm{{GIoU}}(b_i,\hat b_{{\sigma(i)}})"
    )
    st.caption(f"Source: {_SOURCE}.")
    _cost_table(attending, found, matching)
    _pairs(attending, found, matching, logits, boxes)


def _factor(weight: float) -> str:
    return "" if weight == 1 else f"{weight:g}\\,"


def _cost_table(attending: Attending, found: Truth, matching: "Matching") -> None:
    import pandas as pd

    parts = {
        "All": matching.cost,
        "Class": matching.class_part,
        "Box (L1)": matching.box_part,
        "Overlap (GIoU)": matching.overlap_part,
    }
    chosen = st.segmented_control(
        "Cost", list(parts), default="All", required=True, key=f"objects.cost.{attending.key}"
    )
    costs = pd.DataFrame(
        parts[chosen].numpy(),
        index=[f"query {query + 1}" for query in range(len(matching.cost))],
        columns=list(_numbered(found)),
    )
    pairs = set(zip(matching.queries.tolist(), matching.objects.tolist(), strict=True))

    def marked(table: pd.DataFrame) -> pd.DataFrame:
        marks = pd.DataFrame("", index=table.index, columns=table.columns)
        for query, thing in pairs:
            marks.iat[query, thing] = _MATCHED
        return marks

    st.dataframe(costs.style.apply(marked, axis=None).format("{:.2f}"), width="stretch")
    st.caption("Marked: the pairs of the cheapest pairing. It is sought on the sum of all parts.")


def _pairs(
    attending: Attending, found: Truth, matching: "Matching", logits: "Tensor", boxes: "Tensor"
) -> None:
    from cvexplore.attention.detection import answers

    said = answers(logits, boxes, catalog.labels(*_named(attending)))
    queries, objects = matching.queries, matching.objects
    names = _numbered(found)
    parts = {
        "Class": matching.class_part,
        "Box (L1)": matching.box_part,
        "Overlap (GIoU)": matching.overlap_part,
        "Cost": matching.cost,
    }
    table = {
        "Object": [names[each] for each in objects.tolist()],
        "Query": [each + 1 for each in queries.tolist()],
        "Says": [said[each].says for each in queries.tolist()],
        **{name: part[queries, objects].tolist() for name, part in parts.items()},
        "IoU": matching.iou.tolist(),
    }
    number = st.column_config.NumberColumn(format="%.3f")
    st.dataframe(
        table,
        column_config=dict.fromkeys((*parts, "IoU"), number),
        hide_index=True,
        width="stretch",
    )
    others = [each for each in said if each.query not in set(queries.tolist())]
    silent = sum(not each.is_object for each in others)
    st.caption(
        f"Together these pairs cost {matching.cost[queries, objects].sum():.3f}; no other pairing "
        f"costs less. The other {len(others)} queries should say “no object”: {silent} do."
    )


def _matched(
    attending: Attending, logits: "Tensor", boxes: "Tensor"
) -> "tuple[Truth, Matching] | None":
    """Return what is there and the pairing; None where it is unknown or of other classes."""
    from cvexplore.training.matching import match

    found = truth(attending)
    if found is None or not speaks_its_language(attending.subject, found, logits.shape[-1]):
        return None
    return found, match(logits, boxes, found.labels, found.boxes)


def _why_unknown(attending: Attending, logits: "Tensor") -> str:
    if attending.subject.weights == "random":
        return (
            "Queries are paired with objects whose boxes are known, of the classes that the "
            "network learned; random weights learned none. Choose weights that learned from the "
            "data set scenes, and one of its pictures."
        )
    if truth(attending) is None:
        return (
            "Nobody told what is in this picture, so there is nothing to pair the queries with. "
            "Choose a picture of the data set that the network learned from, under Image."
        )
    return (
        f"The network tells {logits.shape[-1] - 1} classes apart that are not the data set's, so "
        "no query can be right about a class. Choose weights that learned from this data set."
    )


def _numbered(found: Truth) -> tuple[str, ...]:
    """Return names of the objects that differ."""
    return tuple(f"{number + 1}: {name}" for number, name in enumerate(found.names))


def _named(attending: Attending) -> tuple[str, str]:
    return attending.subject.name, attending.subject.weights
