"""`python -m rehearsal.plugins NAME ENGINE`: one stand-in plugin, as the engine starts it."""

import os
import sys

from . import language, servicer
from .catalog import make_provider, version
from .estate import FOLDER_VARIABLE
from .install import LANGUAGE

name, *addresses = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
estate_folder = os.environ.get(FOLDER_VARIABLE, "")
if name == LANGUAGE:
    language.serve(addresses[0])
elif not estate_folder and name != "command":
    sys.exit(f"{FOLDER_VARIABLE} must name the folder of the rehearsal's estate")
else:
    servicer.serve(make_provider(name, estate_folder, addresses[0] if addresses else ""), version(name))
