"""After a crash: finds what exists at a vendor but not in the state, and imports it (`python -m gate recover`).

A `pulumi up` that is killed between a vendor's create and the state's write leaves an orphan. The next `up` then fails
(GitHub's variables, rulesets and protections, Vercel's variables: "already exists") or silently makes a second one
(Auth0's applications). Objects at Render do not need this: `bin/render apply` looks them up by name itself.
"""
