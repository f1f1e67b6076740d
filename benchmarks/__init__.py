"""What is fast, measured side by side with peers in one run; ratios and medians, never a verdict.

    make bench                   all of it
    python -m benchmarks trace   one part

Pairs are taken back to back and in turn, so that a busy machine slows both. Quote the ratios.
"""
