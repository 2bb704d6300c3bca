"""Messages are read once, however many deliveries they go to, and those in use are never dropped."""

from __future__ import annotations

from bellwire.delivery.intake import MESSAGES, Messages
from bellwire.model.message import Message


def messages(*numbers: int) -> dict[str, Message]:
    return {str(number): Message(id=str(number), text=f"Message {number}") for number in numbers}


def test_one_that_is_used_again_stays_when_new_ones_fill_the_house() -> None:
    kept = Messages()
    kept.keep(messages(*range(MESSAGES)), {str(number) for number in range(MESSAGES)})
    new = messages(*range(1000, 1000 + MESSAGES - 1))
    kept.keep(new, {"0", *new})
    assert kept.get("0").text == "Message 0"
    assert len(kept.known()) == MESSAGES


def test_more_than_the_house_holds_stay_while_all_are_used() -> None:
    kept = Messages()
    many = messages(*range(2 * MESSAGES))
    kept.keep(many, many.keys())
    assert kept.known() == many.keys()
