"""What people and workflows run around a release: `python -m gate --help`. Declares nothing and changes no resource.

Settings come from the stack, tokens from the environment only, and no secret is printed or written.
"""

VERSION = "1.0.0"
"""Raised with every entry of CHANGELOG.md."""
