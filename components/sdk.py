"""Imports the providers' SDKs piece by piece, which saves about a sixth of the CPU until the program starts.

`import pulumi_github` runs over a hundred modules, one for each kind of object that GitHub has. A stack declares eight.
Each SDK has one module for each resource, and its package only gathers them. `import pulumi_github` and
`pulumi_github.Branch` are written as usual and mean the same; only the modules of what is used are run.
"""

import importlib
import importlib.util
import re
import sys
from types import ModuleType
from typing import Any

SDKS = ("pulumi_auth0", "pulumi_github", "pulumiverse_vercel")


def on_demand(package: str) -> None:
    """Let a package run a module when its name is first used. If the package is loaded already, nothing is done."""
    spec = importlib.util.find_spec(package)
    if package in sys.modules or spec is None or spec.loader is None:
        return
    module = importlib.util.module_from_spec(spec)
    module.__getattr__ = lambda name: _found(module, name)  # type: ignore[method-assign]
    sys.modules[package] = module


def _found(package: ModuleType, name: str) -> Any:
    """Return a name that a package has not loaded yet: from its own module, or from the modules of inputs and outputs.

    If none has it, the whole package is run.
    """
    if name.startswith("__"):
        raise AttributeError(name)
    own = re.sub(r"(?<!^)(?=[A-Z])", "_", name.removesuffix("Args").removesuffix("_output")).lower()
    for part in (own, "_inputs", "outputs"):
        if importlib.util.find_spec(f"{package.__name__}.{part}"):
            module = importlib.import_module(f"{package.__name__}.{part}")
            # As the package itself gathers them: the function of `get_branch` hides the module of the same name.
            names = {part: module} | {
                public: getattr(module, public, None) for public in getattr(module, "__all__", ())
            }
            vars(package).update({public: value for public, value in names.items() if value is not None})
            if name in vars(package):
                return vars(package)[name]
    vars(package).pop("__getattr__", None)
    assert package.__spec__ is not None
    assert package.__spec__.loader is not None
    package.__spec__.loader.exec_module(package)
    return getattr(package, name)
