"""The training form, part by part: what a run will do, chosen, previewed and measured."""
