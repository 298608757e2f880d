"""What the Render reconciler costs at 1 to 200 services: requests, deploys and waits, on a clock that is not slept on.

`python -m benchmarks` prints the tables; with `--write` it renews them, and the picture, in docs/.
"""
