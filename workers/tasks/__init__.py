"""One verb per file; each loads, decides, acts, records."""
