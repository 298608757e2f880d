"""`gate prices`."""

from gate.commands.running import Run, gate_command


@gate_command("prices")
def prices(run: Run) -> None:
    """Show what Render's plans cost.

    The list is in the program, with its date and source; `gate preview` and the budget use it. A plan that it does not
    know is passed on to Render all the same. Asks no vendor and needs no token.

    **Exit codes**

    - `0`: shown
    - `1`: could not be shown

    **Examples**

    - `gate prices`
    - `gate prices --json`
    """
    from blueprint.prices import SOURCE, table
    from gate.common.report import Report, ReportPart

    class Plan(ReportPart):
        kind: str
        plan: str
        dollars_a_month: float | None

    class PriceList(Report):
        source: str
        plans: list[Plan]

        def lines(self) -> list[str]:
            rows = [f"{one.kind:10} {one.plan:22} {_dollars(one.dollars_a_month):>10}" for one in self.plans]
            return [f"US dollars a month; source: {self.source}", *rows]

    plans = [Plan(kind=kind, plan=plan, dollars_a_month=dollars) for kind, plan, dollars in table()]
    run.finish(PriceList(source=SOURCE, plans=plans))


def _dollars(amount: float | None) -> str:
    return "not known" if amount is None else f"{amount:,.2f}"
