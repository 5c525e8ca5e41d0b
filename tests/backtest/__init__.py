"""Time splits of real exports: what a release said, against what people reported in the months after it."""
