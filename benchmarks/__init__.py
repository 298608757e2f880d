"""Measures what the Render reconciler costs at 1 to 200 services, and where the seconds of a preview go.

`python -m benchmarks` prints tables of requests, deploys and waits; with `--write` it renews them and the picture in
docs/. `python -m benchmarks.profile` measures seconds.
"""
