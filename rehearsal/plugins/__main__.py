"""`python -m rehearsal.plugins NAME ENGINE` runs one stand-in plugin, as the engine starts it."""

import os
import sys

from . import language, servicer
from .catalog import make_provider
from .estate import FOLDER_VARIABLE
from .hosting import LANGUAGE, host

name, *addresses = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
estate_folder = os.environ.get(FOLDER_VARIABLE, "")
if name == LANGUAGE:
    host(language.make_server(language.Host(addresses[0])))
elif not estate_folder and name != "command":
    sys.exit(f"{FOLDER_VARIABLE} must name the folder of the rehearsal's estate")
else:
    provider = make_provider(name, estate_folder)
    provider.engine_address = addresses[0] if addresses else ""
    host(servicer.make_server(provider))
