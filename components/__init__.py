"""The estate as Pulumi components, one module for each vendor, and the typed settings that they are declared from."""

from components.sdk import SDKS, on_demand

for _package in SDKS:
    on_demand(_package)
