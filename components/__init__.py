"""The estate as Pulumi components, one module a vendor, and the typed settings that they are declared from."""

from components.sdk import SDKS, on_demand

for _package in SDKS:
    on_demand(_package)
