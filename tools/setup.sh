#!/bin/sh
# Runs tools.setup with the first Python that can make a virtual environment; make's only entrance to the set-up.
# Candidates are run, not just looked up: a version manager's shim may be on PATH for a Python that is not installed.
cd "${0%/*}/.." || exit 1

for python in venv/bin/python python3.13 python3.12 python3.11 python3; do
    if "$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        exec "$python" -m tools.setup "$@"
    fi
done

# None will do; the one that is there says why.
if python3 -c '' >/dev/null 2>&1; then
    exec python3 -m tools.setup "$@"
fi
echo "setup: no Python found; install Python 3.11 or newer, so that python3 is on PATH" >&2
exit 1
