"""Many runs: launched as one, laid over each other."""
