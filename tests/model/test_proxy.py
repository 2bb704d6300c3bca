"""Which way a request goes out, by the variables that every tool reads."""

from __future__ import annotations

import traceback

import pytest

from bellwire.errors import ConfigError
from bellwire.model.proxy import Proxies

PROXY = "http://proxy.contoso.example:3128"


def way(host: str, port: int = 443, scheme: str = "https", **environment: str) -> str | None:
    found = Proxies.named_by({"HTTPS_PROXY": PROXY, **environment}).way_to(scheme, host, port)
    return None if found is None else found.place


def test_without_a_variable_everything_is_reached_directly() -> None:
    assert Proxies.named_by({}).way_to("https", "smba.trafficmanager.net", 443) is None


def test_each_scheme_has_a_proxy_of_its_own() -> None:
    assert way("smba.trafficmanager.net") == "proxy.contoso.example:3128"
    assert way("crm.contoso.example", 80, "http") is None
    assert way("crm.contoso.example", 80, "http", HTTP_PROXY="http://other:8080") == "other:8080"


def test_a_variable_in_lower_case_wins() -> None:
    assert way("a.example", https_proxy="http://lower:1") == "lower:1"
    assert way("a.example", https_proxy="") is None
    assert way("a.example", NO_PROXY="*", no_proxy="b.example") == "proxy.contoso.example:3128"


def test_under_cgi_no_caller_can_name_the_proxy() -> None:
    """There a request's header ``Proxy`` becomes the variable HTTP_PROXY (https://httpoxy.org)."""
    asked = {"HTTP_PROXY": "http://evil.example:80", "HTTPS_PROXY": PROXY, "REQUEST_METHOD": "GET"}
    assert list(Proxies.named_by(asked).by_scheme) == ["https"]


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("proxy:3128", "http://proxy:3128"),
        ("http://proxy", "http://proxy:80"),
        ("https://proxy/", "https://proxy:443"),
        (" http://10.0.0.1:8080 ", "http://10.0.0.1:8080"),
        ("http://[fd00::1]:8080", "http://[fd00::1]:8080"),
    ],
)
def test_an_address_may_be_written_in_several_ways(value: str, url: str) -> None:
    assert Proxies.named_by({"HTTPS_PROXY": value}).by_scheme["https"].url == url


@pytest.mark.parametrize(
    "value",
    ["socks5://u:hunter2@proxy:1080", "http://", "http://u:hunter2@proxy:99999", "http://u:hunter2@proxy/path", "x y:1",
     "http://u:hun/ter2@proxy:1", "http://u:hun#ter2@proxy:1"],
)  # fmt: skip
def test_what_is_no_address_is_named_and_not_shown(value: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Proxies.named_by({"HTTPS_PROXY": value})
    assert raised.value.field == "HTTPS_PROXY"
    assert "ter2" not in "".join(traceback.format_exception(raised.value))


def test_user_and_password_are_kept_apart_from_the_address() -> None:
    proxy = Proxies.named_by({"HTTPS_PROXY": "http://us%40er:pa%3Ass@proxy:3128"}).by_scheme["https"]
    assert (proxy.url, proxy.place) == ("http://proxy:3128", "proxy:3128")
    assert proxy.authorization == "Basic dXNAZXI6cGE6c3M="
    assert "dXNAZXI6cGE6c3M=" not in repr(proxy)


@pytest.mark.parametrize(
    ("entry", "host", "port"),
    [
        ("*", "anything.example", 443),
        ("crm.contoso.example", "crm.contoso.example", 443),
        ("contoso.example", "CRM.Contoso.example.", 443),
        (".contoso.example", "crm.contoso.example", 443),
        ("contoso.example.", "crm.contoso.example", 443),
        ("*.contoso.example", "crm.contoso.example", 443),
        ("crm.contoso.example:8443", "crm.contoso.example", 8443),
        ("10.1.2.3", "10.1.2.3", 443),
        ("10.1.2.3:8443", "10.1.2.3", 8443),
        ("10.0.0.0/8", "10.1.2.3", 443),
        ("fd00::/8", "fd00::1", 443),
        ("[fd00::1]:8443", "fd00::1", 8443),
        ("a.example, crm.contoso.example", "crm.contoso.example", 443),
        ("a.example crm.contoso.example", "crm.contoso.example", 443),
    ],
)
def test_no_proxy_means(entry: str, host: str, port: int) -> None:
    assert way(host, port, NO_PROXY=entry) is None


@pytest.mark.parametrize(
    ("entry", "host"),
    [
        ("contoso.example", "notcontoso.example"),
        ("crm.contoso.example", "contoso.example"),
        ("crm.contoso.example:8443", "crm.contoso.example"),
        ("10.0.0.0/8", "11.1.2.3"),
        ("10.0.0.0/8", "10.contoso.example"),
        ("", "contoso.example"),
        (".", "contoso.example"),
        ("1", "10.0.0.1"),
    ],
)
def test_no_proxy_does_not_mean(entry: str, host: str) -> None:
    assert way(host, NO_PROXY=entry) is not None


@pytest.mark.parametrize("host", ["localhost", "teams.localhost", "127.0.0.1", "127.1.2.3", "::1", "169.254.169.254"])
def test_this_machine_and_its_identity_are_never_asked_for_at_a_proxy(host: str) -> None:
    """https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service#proxies"""
    assert way(host, 80, "http", HTTP_PROXY=PROXY) is None
