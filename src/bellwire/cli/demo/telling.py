"""Tells the demo's story in the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console, Group
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from bellwire.cli.demo.cast import Part
from bellwire.cli.demo.performance import Performance
from bellwire.cli.demo.play import Check, Scene
from bellwire.cli.demo.stage import Stage
from bellwire.cli.tables import books_identity, books_table, fact_table, plain_table, state_text
from bellwire.client import Person
from bellwire.model.reach import Way
from bellwire.simulator.chat import Kind

SURFACES = {
    Kind.TEAMS: "Teams chat",
    Kind.COPILOT: "Copilot in Teams",
    Kind.M365: "M365 Copilot",
    Kind.AGENT: "agent's chat",
    Kind.GROUP: "group chat",
    Kind.CHANNEL: "channel",
}
WAYS = {
    Way.TEAMS_CHAT: "in the Teams chat",
    Way.OPEN_CHAT: "by opening the Teams chat",
    Way.FLOW: "by the flow",
    Way.TEAM_ROSTER: "by opening the Teams chat as a member of a team",
}


def tell_opening(out: Console, stage: Stage) -> None:
    """What runs, and where."""
    out.print(Rule("Bellwire: one message, one person, their own Teams chat", style="blue"))
    facts = fact_table()
    facts.add_row("Teams (simulated)", stage.simulator.url)
    facts.add_row("Bellwire", stage.url)
    facts.add_row("arrived", "what the simulated Teams' own ledger says; Bellwire is not asked")
    out.print(facts)


def tell_scene(out: Console, number: int, scene: Scene) -> None:
    """One part, as it happened."""
    title = Text.assemble((f"{number} {scene.part.name} ", "bold"), (scene.part.role, "italic"))
    facts = fact_table()
    if scene.part.past:
        facts.add_row("before", "; ".join(past.told for past in scene.part.past))
    elif scene.part.in_group:
        facts.add_row("before", "writes in a group chat that the bot is in")
    elif scene.part.agent is not None:
        facts.add_row("before", scene.part.agent.value)
    facts.add_row("known", _known(scene.known, scene.part))
    facts.add_row("became", _became(scene))
    facts.add_row("arrived", _arrived(scene))
    facts.add_row("", marks(scene.checks))
    out.print()
    out.print(title)
    out.print(Padding(Group(Text(scene.part.point, style="bright_black"), facts), (0, 0, 0, 2)))


def tell_ending(out: Console, performance: Performance) -> None:
    """Who saw what, the books, and whether every expectation held."""
    every = [*(check for scene in performance.scenes for check in scene.checks), *performance.checks]
    failed = [check for check in every if not check.held]
    books = performance.books
    out.print()
    out.print(Rule("Where it all arrived, as Teams' ledger has it", style="blue"))
    out.print(_matrix(performance.scenes))
    out.print(Rule("The books", style="blue"))
    out.print(Group(books_table(books), books_identity(books), marks(performance.checks)))
    out.print()
    if failed:
        out.print(Text(f"{len(failed)} of {len(every)} expectations did not hold.", style="bold red"))
    else:
        out.print(Text(f"All {len(every)} expectations held.", style="bold green"))


def marks(checks: Iterable[Check]) -> Text:
    """Expectations with ✓ and ✗."""
    parts = [Text.assemble(("✓ ", "green") if check.held else ("✗ ", "bold red"), check.expected) for check in checks]
    return Text("   ").join(parts)


def _known(person: Person | None, part: Part) -> Text:
    reach = next((one for one in person.senders if one.sender == part.sender), None) if person is not None else None
    if reach is None:
        return Text("nobody by this id" if part.agent is None else "nothing yet; the flow will tell")
    seen = f"seen on {', '.join(reach.seen_on)}" if reach.seen_on else "never seen"
    if not reach.reachable:
        return Text.assemble(("not reachable", "red"), f", {seen}: {reach.reason}")
    return Text.assemble(("reachable", "green"), f" {WAYS[Way(str(reach.way))]}, {seen}")


def _became(scene: Scene) -> Text:
    if scene.refusal is not None:
        return Text.assemble(("refused", "yellow"), f": {scene.refusal.detail} ", (scene.refusal.remedy, "italic"))
    delivery = scene.delivery
    assert delivery is not None, "a part that was not refused has a delivery"
    asked = "Teams" if scene.part.agent is None else "the flow"
    tries = f"{delivery.attempt_count} request{'s' if delivery.attempt_count != 1 else ''} to {asked}"
    told = Text.assemble(state_text(delivery.state), f" after {scene.milliseconds:.0f} ms, {tries}")
    if delivery.reason:
        told.append_text(Text.assemble(f": {delivery.fact} ", (str(delivery.remedy), "italic")))
    return told


def _arrived(scene: Scene) -> Text:
    if not scene.arrived:
        return Text("nowhere")
    return Text(
        ", ".join(SURFACES[kind] + (f" {count} times" if count > 1 else "") for kind, count in scene.arrived.items())
    )


def _matrix(scenes: Sequence[Scene]) -> Table:
    table = plain_table("person", *SURFACES.values(), "as expected")
    for scene in scenes:
        counts = (scene.arrived[kind] for kind in SURFACES)
        table.add_row(
            scene.part.name,
            *(Text(f"{count}", style="bold green") if count else Text("·", style="bright_black") for count in counts),
            marks([Check("", all(check.held for check in scene.checks))]),
        )
    return table
