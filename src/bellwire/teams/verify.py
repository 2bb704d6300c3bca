"""Who calls the bot endpoint: the Bot Connector's token, checked in full (platform reference §4).

Reason codes of ``InvalidToken``, stable:

| code | the token |
|---|---|
| ``missing_token`` | is not there |
| ``malformed_token`` | is no bearer token, no JWT, larger than 16 KB, or lacks a key id or an expiry |
| ``wrong_algorithm`` | is not signed with RS256 |
| ``unknown_key`` | names a key that the cloud does not publish |
| ``bad_signature`` | was not made with that key, or was changed |
| ``expired_token``, ``not_yet_valid`` | is outside its time by more than five minutes |
| ``wrong_issuer``, ``wrong_audience`` | is from someone else, or for another bot |
| ``no_service_url`` | does not say for which service URL it holds |
| ``foreign_service_url`` | holds for another service URL, or for a host that is not the cloud's |
| ``unendorsed_key`` | is signed with a key that may not speak for the activity's channel |
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final, NoReturn

import jwt

from bellwire.errors import InvalidActivity, InvalidToken
from bellwire.teams.clouds import Cloud, bare
from bellwire.teams.keys import SigningKey, SigningKeys

LEEWAY: Final = timedelta(minutes=5)
REMEMBER_FOR: Final = timedelta(minutes=5)
REMEMBER_MOST: Final = 4096
LONGEST_TOKEN: Final = 16 * 1024
ALGORITHM: Final = "RS256"

_SIGNATURE_ONLY: Final[Any] = {
    "verify_signature": True,
    **{f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")},
}


@dataclass(frozen=True, slots=True)
class Claims:
    """What a good token says: for which of our bots it is, for which service URL, and until when."""

    app_id: str
    service_url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Proof:
    """A token that is good in itself; whether it fits an activity is asked anew each time."""

    claims: Claims
    endorsements: frozenset[str] | None
    until: datetime


class Verifier:
    """Checks callers of the bot endpoint. ``app_ids`` are our bots', ``clock`` tells the time in UTC."""

    def __init__(
        self, cloud: Cloud, keys: SigningKeys, app_ids: Iterable[str], *, clock: Callable[[], datetime]
    ) -> None:
        self._cloud = cloud
        self._keys = keys
        self._app_ids = {app_id.lower(): app_id for app_id in app_ids}
        self._clock = clock
        self._remembered: OrderedDict[bytes, _Proof] = OrderedDict()

    async def verify(self, authorization: str | None, activity: Mapping[str, Any]) -> Claims:
        """The claims of the token in the Authorization header, if it allows for this activity.

        Raises:
            InvalidToken: the token fails a check; ``code`` says which.
            InvalidActivity: the token is good, but the activity says no service URL or channel to compare it with.
            Unavailable: the signing keys cannot be had at present; the caller should try again.
        """
        token = _bearer(authorization)
        now = self._clock()
        digest = sha256(token.encode("utf-8", "surrogatepass")).digest()
        proof = self._remembered.get(digest)
        if proof is None or proof.until <= now:
            proof = await self._prove(token, now)
            self._remember(digest, proof)
        self._check_fit(proof, activity)
        return proof.claims

    async def _prove(self, token: str, now: datetime) -> _Proof:
        key = await self._keys.find(_key_id(token))
        if key is None:
            _refuse("unknown_key", "The token's key is not among those that the cloud publishes.")
        claims = self._judge(_signed_claims(token, key), now)
        return _Proof(claims, key.endorsements, min(claims.expires_at, now + REMEMBER_FOR))

    def _judge(self, claims: Mapping[str, Any], now: datetime) -> Claims:
        expires_at = _check_times(claims, now)
        if claims.get("iss") != self._cloud.token_issuer:
            _refuse("wrong_issuer", "The token is not from the cloud's Bot Connector.")
        audience = claims.get("aud")
        named = audience if isinstance(audience, list) else [audience]
        app_id = next(
            (self._app_ids[a.lower()] for a in named if isinstance(a, str) and a.lower() in self._app_ids), ""
        )
        if not app_id:
            _refuse("wrong_audience", "The token is for another bot.")
        return Claims(app_id, _claimed_service_url(claims), expires_at)

    def _check_fit(self, proof: _Proof, activity: Mapping[str, Any]) -> None:
        service_url, channel_id = _text(activity, "serviceUrl"), _text(activity, "channelId")
        if bare(service_url) != bare(proof.claims.service_url):
            _refuse("foreign_service_url", "The token is for another service URL than the activity's.")
        if not self._cloud.admits(service_url):
            _refuse("foreign_service_url", "The service URL is not on the cloud's list of hosts.")
        channel = channel_id.partition(":")[0].lower()
        if proof.endorsements is None or channel not in proof.endorsements:
            _refuse("unendorsed_key", "The token's key is not endorsed for the activity's channel.")

    def _remember(self, digest: bytes, proof: _Proof) -> None:
        self._remembered[digest] = proof
        self._remembered.move_to_end(digest)
        while len(self._remembered) > REMEMBER_MOST:
            self._remembered.popitem(last=False)


def _bearer(authorization: str | None) -> str:
    if not authorization:
        _refuse("missing_token", "There is no Authorization header.")
    scheme, _, token = authorization.strip().partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > LONGEST_TOKEN:
        _refuse("malformed_token", "The Authorization header is not 'Bearer' and a token of at most 16 KB.")
    return token.strip()


def _key_id(token: str) -> str:
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError):
        _refuse("malformed_token", "The token is not a JWT.")
    if header.get("alg") != ALGORITHM:
        _refuse("wrong_algorithm", "The token is not signed with RS256.")
    key_id = header.get("kid")
    if not isinstance(key_id, str) or not key_id:
        _refuse("malformed_token", "The token names no key.")
    return key_id


def _signed_claims(token: str, key: SigningKey) -> Mapping[str, Any]:
    try:
        return jwt.decode(token, key.key, algorithms=[ALGORITHM], options=_SIGNATURE_ONLY)
    except jwt.InvalidSignatureError:
        _refuse("bad_signature", "The token's signature does not fit.")
    except (jwt.PyJWTError, ValueError, RecursionError):
        _refuse("malformed_token", "The token is not a JWT with claims.")


def _check_times(claims: Mapping[str, Any], now: datetime) -> datetime:
    expires_at = _moment(claims, "exp")
    if expires_at is None:
        _refuse("malformed_token", "The token says no time at which it expires.")
    if expires_at <= now - LEEWAY:
        _refuse("expired_token", "The token has expired.")
    if "nbf" in claims and ((begins_at := _moment(claims, "nbf")) is None or begins_at > now + LEEWAY):
        _refuse("not_yet_valid", "The token is not valid yet.")
    return expires_at


def _moment(claims: Mapping[str, Any], name: str) -> datetime | None:
    seconds = claims.get(name)
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _claimed_service_url(claims: Mapping[str, Any]) -> str:
    """The claim is written ``serviceurl`` or ``serviceUrl``; two that differ are none."""
    said = [value for name, value in claims.items() if name.lower() == "serviceurl"]
    if not said or not isinstance(said[0], str) or any(other != said[0] for other in said):
        _refuse("no_service_url", "The token does not say for which service URL it is.")
    return said[0]


def _text(activity: Mapping[str, Any], name: str) -> str:
    value = activity.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidActivity("It must be a text.", field=name)
    return value


def _refuse(code: str, detail: str) -> NoReturn:
    raise InvalidToken(detail, code=code) from None
