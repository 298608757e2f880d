"""How well releasing goes: the plan's figures (5.5, 9.2) and DORA's, from the deployments recorded at GitHub."""
