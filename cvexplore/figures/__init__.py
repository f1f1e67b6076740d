"""Pictures of values: pure functions from what the core computed to figures and PNG sheets."""
