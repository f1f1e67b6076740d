"""Four ways from the attention of layers to the network's answer, in formulas and words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Method:
    """One way from layers to the network, in words."""

    formula: str
    says: str
    not_shown: str
    source: str


METHODS = {
    "Rollout": Method(
        r"\begin{gathered} \hat A_l = \tfrac12 A_l + \tfrac12 I \\ "
        r"R = \hat A_L \cdots \hat A_2\, \hat A_1 \end{gathered}",
        "How much of each place reaches the answer, if every layer only averaged tokens and let "
        "half of each pass by on its residual connection.",
        "It knows nothing of values, dense layers and classes: it is the same for every answer.",
        "Abnar and Zuidema 2020, arXiv 2005.00928; fusing and discarding: vit-explain, 2020",
    ),
    "Relevance": Method(
        r"\begin{gathered} \bar A_l = \operatorname{mean}_h\,(\nabla\! A_l \odot A_l)^{+} \\ "
        r"R \leftarrow R + \bar A_l\, R \end{gathered}",
        "Rollout of those weights only that raise the score of the class.",
        "What speaks against the class is cut off, and a slope says what a small change would do, "
        "not what would happen without the place.",
        "Chefer, Gur and Wolf 2021, arXiv 2103.15679",
    ),
    "LeGrad": Method(
        r"\frac1L \sum_l \frac{1}{h\,N} \sum_{h,\,i} "
        r"\Bigl(\frac{\partial y}{\partial A_l}\Bigr)^{+}_{h,\,i,\,\cdot}",
        "How much the score of the class would rise if more attention went to each place.",
        "It does not follow where a place got its content from. The paper has each layer's own "
        "tokens answer; here all layers answer for the final score, since few heads can be asked "
        "earlier.",
        "Bousselham et al. 2024, arXiv 2404.03214, with the final score for all layers",
    ),
    "Flow": Method(
        r"\begin{gathered} \max\text{-flow}\,(\text{token}_L \to \text{patch}_0) \\ "
        r"c_l = \tfrac12 A_l + \tfrac12 I \end{gathered}",
        "How much can flow from the token down to each patch, if weights are the widths of pipes.",
        "In a deep network there are so many ways that most patches get all that the token can "
        "give, and the map turns even.",
        "Abnar and Zuidema 2020, arXiv 2005.00928",
    ),
}
CAUTION = (
    "Attention is not an explanation by itself: other weights can give the same answer "
    "(Jain and Wallace 2019, arXiv 1902.10186). The experiments of Feature maps change the image "
    "and look."
)
