"""The views of the Robustness page, a file each: how little it takes to change the answer.

Each view is a function ``show(explaining)``, with the same values as on the Attribution page.
"""
