"""Render over REST, without Pulumi: what people declare, and how Render is made to match it.

It is run as a program (`python -m blueprint apply|observe|destroy`), and `gate` uses it as a library. Its modules:

- What is declared: `spec` (the document), `service` and `service_parts`, `objects` (all others), `sources` (variables),
  `kinds_of_text` (single values), `fields` (where the API has a field), `kinds` (where it keeps an object).
- What is done: `reconcile` (with all objects), `declared` (with one), `datastores`, `projects`, `holders` (groups, and
  all that has variables), `services` (also the adopted ones), `owned`, `variables` (values of references), `marker`
  (what was applied last).
- How it is sent: `workspace` (look-ups, and creation that never happens twice), `client`, `sending`, `errors`.
- Besides: `prices`, and `syncs` for Blueprints that Render itself still syncs.
"""
