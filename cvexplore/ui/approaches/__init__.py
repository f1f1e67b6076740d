"""The parts of the page Approaches: the cards, what labels cost, and what was measured."""
