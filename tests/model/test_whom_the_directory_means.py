"""Of all that the directory finds by one name, the one person who is meant; or why nobody can be written to."""

from __future__ import annotations

import pytest

from bellwire.model.directory import DirectoryUser, only
from bellwire.model.reason import Reason

MEMBER = DirectoryUser(aad_object_id="a")
OTHER = DirectoryUser(aad_object_id="b")
GUEST = DirectoryUser(aad_object_id="c", guest=True)
DISABLED = DirectoryUser(aad_object_id="d", enabled=False)


@pytest.mark.parametrize(
    ("found", "meant"),
    [
        ([MEMBER], MEMBER),
        ([], Reason.NO_SUCH_PERSON),
        ([GUEST], Reason.GUEST),
        ([DISABLED], Reason.ACCOUNT_DISABLED),
        ([MEMBER, OTHER], Reason.SEVERAL_PEOPLE),
        ([GUEST, DISABLED], Reason.SEVERAL_PEOPLE),
    ],
)
def test_one_person_is_meant_or_there_is_a_reason(found: list[DirectoryUser], meant: DirectoryUser | Reason) -> None:
    assert only(found) == meant


@pytest.mark.parametrize("leftover", [GUEST, DISABLED])
def test_an_account_of_earlier_days_does_not_stand_in_the_way(leftover: DirectoryUser) -> None:
    assert only([leftover, MEMBER]) == MEMBER
