"""A bot token goes to the hosts of its cloud and to no other."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from yarl import URL

from bellwire.errors import ConfigError
from bellwire.teams.clouds import CLOUDS, Cloud, bare, checked_tenant, custom

PUBLIC = CLOUDS["public"]
SIMULATED = custom(
    login_url="http://127.0.0.1:9000",
    openid_metadata_url="http://127.0.0.1:9000/openid",
    service_hosts=["127.0.0.1:9000", "teams.example", "[::1]:7", "localhost:9000"],
)

ADMITTED = [
    (PUBLIC, "https://smba.trafficmanager.net/emea/11111111-1111-1111-1111-111111111111/"),
    (PUBLIC, "https://smba.trafficmanager.net/amer-client-ss.msg/"),
    (PUBLIC, "https://smba.trafficmanager.net/teams"),
    (PUBLIC, "https://smba.trafficmanager.net"),
    (PUBLIC, "https://SMBA.TrafficManager.net:443/teams/"),
    (PUBLIC, "https://smba.infra.gcc.teams.microsoft.com/teams"),
    (CLOUDS["gcc"], "https://smba.infra.gcc.teams.microsoft.com/teams"),
    (CLOUDS["gcch"], "https://smba.infra.gov.teams.microsoft.us/teams"),
    (CLOUDS["dod"], "https://smba.infra.dod.teams.microsoft.us/teams"),
    (SIMULATED, "http://127.0.0.1:9000/emea/1/"),
    (SIMULATED, "https://127.0.0.1:9000/"),
    (SIMULATED, "http://localhost:9000/"),
    (SIMULATED, "http://[::1]:7/"),
    (SIMULATED, "https://teams.example/x"),
    (SIMULATED, "https://teams.example:8443/x"),
]

REFUSED = [
    (PUBLIC, f"https://{'a' * 64}.teams.microsoft.com/"),
    (PUBLIC, "https://" + "a." * 120 + "teams.microsoft.com/"),
    (PUBLIC, "http://smba.trafficmanager.net/teams/"),
    (PUBLIC, "https://evil.trafficmanager.net/teams/"),
    (PUBLIC, "https://x.smba.trafficmanager.net/"),
    (PUBLIC, "https://smba.trafficmanager.net.evil.example/"),
    (PUBLIC, "https://evilteams.microsoft.com/"),
    (PUBLIC, "https://teams.microsoft.com/"),
    (PUBLIC, "https://smba.trafficmanager.net:8443/"),
    (PUBLIC, "https://smba.trafficmanager.net:0443/"),
    (PUBLIC, "https://smba.trafficmanager.net:/"),
    (PUBLIC, "https://smba.trafficmanager.net./teams/"),
    (PUBLIC, "https://user@smba.trafficmanager.net/"),
    (PUBLIC, "https://smba.trafficmanager.net@evil.example/"),
    (PUBLIC, "https://smba.trafficmanager.net:443@evil.example/"),
    (PUBLIC, "https://evil.example/smba.trafficmanager.net/"),
    (PUBLIC, "https://evil.example#@smba.trafficmanager.net/"),
    (PUBLIC, "https://evil.example?@smba.trafficmanager.net/"),
    (PUBLIC, "https://evil.example\\@smba.trafficmanager.net/"),
    (PUBLIC, "https:\\\\smba.trafficmanager.net\\"),
    (PUBLIC, "https://smba.trafficmanager.net/teams?x=1"),
    (PUBLIC, "https://smba.trafficmanager.net/teams#x"),
    (PUBLIC, "https://smba.trafficmanager.net/te ams"),
    (PUBLIC, "https://smba.trafficmanager.net/teams\r\nHost: evil.example"),
    (PUBLIC, "https://smba.trafficmanager.net/%zz"),
    (PUBLIC, " https://smba.trafficmanager.net/"),
    (PUBLIC, "https://smba.trafficmanager.net/\n"),
    (PUBLIC, "https://smba\u3002trafficmanager.net/"),
    (PUBLIC, "https://\uff53mba.trafficmanager.net/"),
    (PUBLIC, "https://smba.trafficmanager.net\u200b/"),
    (PUBLIC, "https://smba.traf\u017fficmanager.net/"),
    (PUBLIC, "https://smba.infra.gov.teams.microsoft.us/teams"),
    (PUBLIC, "//smba.trafficmanager.net/"),
    (PUBLIC, "smba.trafficmanager.net"),
    (PUBLIC, "ftp://smba.trafficmanager.net/"),
    (PUBLIC, "https://smba..trafficmanager.net/"),
    (PUBLIC, "https:///smba.trafficmanager.net/"),
    (PUBLIC, "https://.teams.microsoft.com/"),
    (PUBLIC, "https://smba.trafficmanager.net/" + "x" * 3000),
    (PUBLIC, ""),
    (CLOUDS["gcch"], "https://smba.trafficmanager.net/teams/"),
    (SIMULATED, "http://127.0.0.1:9001/"),
    (SIMULATED, "http://127.0.0.1/"),
    (SIMULATED, "http://127.0.0.2:9000/"),
    (SIMULATED, "http://0177.0.0.1:9000/"),
    (SIMULATED, "http://2130706433:9000/"),
    (SIMULATED, "http://127.1:9000/"),
    (SIMULATED, "http://teams.example/"),
    (SIMULATED, "http://[::1]:8/"),
    (SIMULATED, "http://[::ffff:127.0.0.1]:9000/"),
    (SIMULATED, "https://a.teams.example/"),
]


@pytest.mark.parametrize(("cloud", "url"), ADMITTED, ids=lambda value: value if isinstance(value, str) else value.name)
def test_a_service_url_of_the_cloud_is_admitted(cloud: Cloud, url: str) -> None:
    assert cloud.admits(url)


@pytest.mark.parametrize(("cloud", "url"), REFUSED, ids=lambda value: repr(value)[:60])
def test_every_other_address_is_refused(cloud: Cloud, url: str) -> None:
    assert not cloud.admits(url)


NASTY = [
    "",
    "@",
    ".",
    "\\",
    "#",
    "?",
    "%2f",
    "%40",
    "\t",
    "\n",
    " ",
    "\x00",
    "\u3002",
    "\uff0f",
    "\u2100",
    "..",
    "\u200d",
]
HOSTS = [
    "smba.trafficmanager.net",
    "x.teams.microsoft.com",
    "127.0.0.1",
    "localhost",
    "[::1]",
    "teams.example",
    "evil.example",
]
SCHEMES = ["https://"] * 4 + ["http://", "HTTPS://", "https:", "//", "ftp://"]
PORTS = ["", ":443"] * 3 + [":9000", ":80", ":7", ":0", ":"]
PATHS = ["", "/", "/teams/", "/a/@evil.example", "/../x", "//evil.example", "/%2f", ";x"]


def mixed(*parts: list[str]) -> st.SearchStrategy[str]:
    """A URL put together from good and bad parts, with something nasty at any seam."""
    seams = st.lists(st.sampled_from(NASTY), min_size=len(parts), max_size=len(parts)) | st.just([""] * len(parts))
    chosen = st.tuples(*[st.sampled_from(part) for part in parts])
    return st.tuples(chosen, seams).map(lambda both: "".join(part + seam for part, seam in zip(*both, strict=True)))


URLS = mixed(SCHEMES, HOSTS, PORTS, PATHS) | mixed(SCHEMES, HOSTS, ["@", "#", "?", "/"], HOSTS, PORTS, PATHS)


@settings(max_examples=1000)
@given(URLS | st.text(max_size=60).map("https://smba".__add__))
def test_no_string_leads_a_token_to_a_host_outside_the_list(url: str) -> None:
    """Whatever is admitted goes, by the reading of two other parsers as well, to a listed host over https."""
    admitted = PUBLIC.admits(url)
    event(f"admitted: {admitted}")
    if admitted:
        split, dialled = urlsplit(url), URL(url, encoded=True)
        assert split.hostname in ("smba.trafficmanager.net", "x.teams.microsoft.com")
        assert (dialled.host or "").lower() == split.hostname
        assert (split.scheme, dialled.scheme.lower(), split.username, dialled.user) == ("https", "https", None, None)
        assert (split.port or 443, dialled.port) == (443, 443)


@settings(max_examples=1000)
@given(URLS)
def test_a_custom_cloud_admits_its_own_hosts_alone(url: str) -> None:
    if SIMULATED.admits(url):
        split = urlsplit(url)
        place = f"{split.hostname}:{split.port or (443 if split.scheme == 'https' else 80)}"
        assert place in ("127.0.0.1:9000", "localhost:9000", "::1:7") or split.hostname == "teams.example"
        assert split.scheme == "https" or split.hostname != "teams.example"


def test_only_the_trailing_slash_of_a_service_url_does_not_count() -> None:
    assert bare("https://a.example/x/") == bare("https://a.example/x")
    assert bare("https://a.example/x") != bare("https://a.example/X")


@pytest.mark.parametrize(
    ("name", "tenant", "url"),
    [
        ("public", None, "https://login.microsoftonline.com/botframework.com/oauth2/v2.0/token"),
        ("gcc", "t", "https://login.microsoftonline.com/t/oauth2/v2.0/token"),
        ("gcch", None, "https://login.microsoftonline.us/MicrosoftServices.onmicrosoft.us/oauth2/v2.0/token"),
        ("dod", "t", "https://login.microsoftonline.us/t/oauth2/v2.0/token"),
    ],
)
def test_tokens_are_asked_for_at_the_home_tenant_or_the_shared_one(name: str, tenant: str | None, url: str) -> None:
    assert CLOUDS[name].token_url(tenant) == url


def test_every_cloud_admits_its_own_default_and_spare_service_url() -> None:
    for cloud in (*CLOUDS.values(), SIMULATED):
        assert cloud.admits(cloud.default_service_url)
        assert cloud.spare_service_url is None or cloud.admits(cloud.spare_service_url)


def test_a_custom_cloud_asks_at_its_base() -> None:
    assert SIMULATED.token_url("t") == "http://127.0.0.1:9000/t/oauth2/v2.0/token"


def test_a_custom_cloud_expects_the_public_issuer_and_scope_unless_told_otherwise() -> None:
    assert (SIMULATED.token_issuer, SIMULATED.bot_scope) == (PUBLIC.token_issuer, PUBLIC.bot_scope)
    told = custom(
        login_url="https://login.example",
        openid_metadata_url="https://login.example/openid",
        service_hosts=("teams.example",),
        token_issuer="https://issuer.example",
        bot_scope="api://scope/.default",
    )
    assert (told.token_issuer, told.bot_scope) == ("https://issuer.example", "api://scope/.default")


def test_a_custom_cloud_without_addresses_names_the_missing_settings() -> None:
    with pytest.raises(ConfigError) as raised:
        custom(login_url=None, openid_metadata_url=None, service_hosts=())
    for setting in ("LOGIN_URL", "OPENID_METADATA_URL", "SERVICE_HOSTS"):
        assert f"BELLWIRE_CLOUD__{setting}" in str(raised.value)


@pytest.mark.parametrize(
    "entry", ["http://127.0.0.1:1", "a b", "host/path", "host:99999", "user@host", "", "*.example"]
)
def test_a_service_host_that_is_no_host_is_a_wrong_setting(entry: str) -> None:
    with pytest.raises(ConfigError) as raised:
        custom(login_url="https://l.example", openid_metadata_url="https://l.example/o", service_hosts=[entry])
    assert raised.value.field == "BELLWIRE_CLOUD__SERVICE_HOSTS"


@pytest.mark.parametrize("url", ["http://login.example", "login.example", "https://u:p@login.example", "https://l/?q"])
def test_secrets_are_not_sent_in_the_clear_to_another_machine(url: str) -> None:
    with pytest.raises(ConfigError) as raised:
        custom(login_url=url, openid_metadata_url="https://l.example/o", service_hosts=["a.example"])
    assert raised.value.field == "BELLWIRE_CLOUD__LOGIN_URL"


@pytest.mark.parametrize("tenant", ["", "a/b", "..", "a b", "?x", "a\n"])
def test_a_tenant_that_would_change_the_address_is_a_wrong_setting(tenant: str) -> None:
    with pytest.raises(ConfigError):
        checked_tenant(tenant, field="BELLWIRE_SENDERS__ALERTS__TENANT_ID")
