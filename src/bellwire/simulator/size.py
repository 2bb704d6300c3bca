"""How large a message is by Teams' measure: UTF-16, the whole payload, images in base64 left out."""

from __future__ import annotations

import re
from typing import Any

import orjson

LIMIT = 100 * 1024
_EMBEDDED_IMAGE = re.compile(rb"data:image/[a-z+.-]+;base64,[A-Za-z0-9+/=]*")


def too_big(payload: Any, received: int, limit: int) -> bool:
    """Whether the payload, ``received`` bytes on the wire, is over ``limit`` bytes in UTF-16."""
    if 2 * received <= limit:
        return False
    text = _EMBEDDED_IMAGE.sub(b"", orjson.dumps(payload)).decode()
    return len(text.encode("utf-16-le")) > limit
