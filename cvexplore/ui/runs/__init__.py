"""One run: watched, steered, understood and kept."""
