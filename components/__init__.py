"""The estate as Pulumi components, one module a vendor, and the typed settings that they are declared from."""
