"""Choose a recipe, see what it will do, launch it."""

import streamlit as st

from cvexplore.runs import RunStore, runner
from cvexplore.ui import cached
from cvexplore.ui.messages import told
from cvexplore.ui.training import estimating, launching, planned, presets, rate_finding, recipe
from cvexplore.ui.training.beginning import beginning, keep_in_link
from cvexplore.ui.training.plan import plan

st.title("Train")
st.caption(
    "Choose a network, data and a recipe. A run has its own process: you can close this page."
)

with told():
    store = RunStore()
    runner.ensure()  # it imports torch while the form is filled in, so that a run starts at once
    start = beginning()

# ------------------------------------------------------------------ pick

presets.show(start)
left, right = st.columns([6, 5], gap="large")
with left, told():
    form = recipe.form(start)
    keep_in_link(form.config, form.by_hand, start.run)

# ------------------------------------------------------------------ compute

with left, told():
    data = form.config.dataset
    dataset = cached.dataset(data.name, cached.frozen(dict(data.options)))
    future = plan(form.config, dataset)
    measured = estimating.job(store, form.config)
    images = future.pictures("training")
    estimate = estimating.estimate(store, form.config, measured, images)
    form = form.settled(estimate)

# ------------------------------------------------------------------ show

with form.search, told():
    rate_finding.show(store, start, form.config, possible=future.fit.obstacle is None)
with right, told():
    planned.show(form.config, future, dataset.classes)
    launching.launch(store, start, form.recipes, future.fit.obstacle)
    estimating.show(store, form.config, future, form.speed, estimate, measured)
