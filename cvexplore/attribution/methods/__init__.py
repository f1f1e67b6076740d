"""The methods, a file an idea; each registers itself with ``cvexplore.attribution.METHODS``."""
