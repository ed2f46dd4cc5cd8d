"""The benchmarks: each prints a ratio against a named baseline that was measured in the same run."""
