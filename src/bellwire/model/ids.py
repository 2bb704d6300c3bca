"""Sortable ids (RFC 9562, version 7), made from the time and a random number that the caller brings."""

from __future__ import annotations

from datetime import datetime

RANDOM_BITS = 74


def uuid7(now: datetime, random: int) -> str:
    """The id for this moment; ``random`` supplies its lower 74 bits, and what exceeds them is cut off."""
    milliseconds = int(now.timestamp() * 1000) & (1 << 48) - 1
    rand_a = random >> 62 & 0xFFF
    rand_b = random & (1 << 62) - 1
    digits = f"{milliseconds << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
