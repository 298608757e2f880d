"""`python -m gate`, and what `bin/gate` runs."""

import sys

try:
    from gate.cli import main
except ModuleNotFoundError as missing:
    if missing.name and missing.name.partition(".")[0] in ("gate", "components", "blueprint"):
        raise
    sys.exit(
        f"gate: this Python has no {missing.name}: run bin/gate, or activate the project's virtual environment first "
        "(. venv/bin/activate). `make setup` or `pulumi install` creates it"
    )

if __name__ == "__main__":
    sys.exit(main())
