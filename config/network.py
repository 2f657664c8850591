"""How commands that check who asks reach GitHub and other tools, whatever the environment says."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, field_validator

from connectors.errors import BadInput

_REDIRECTING = {
    "requests_ca_bundle",
    "curl_ca_bundle",
    "ssl_cert_file",
    "ssl_cert_dir",
    "sslkeylogfile",
    "hostaliases",
    "localdomain",
    "res_options",
}
"""Variables, beside `*_proxy`, that send requests elsewhere, trust other servers, or reveal what is sent."""


class SignIn(BaseModel):
    """The setting `sign_in`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    proxy: str | None = None
    """`http://proxy.example.com:3128`; None: no proxy."""
    ca_file: Path | None = None
    """Certificate authorities to trust, in PEM form; None: the public ones."""

    @field_validator("proxy")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "http://none")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
            raise ValueError("proxy is an address like http://proxy.example.com:3128, without a password")
        return value


def use_network_of(sign_in: SignIn) -> None:
    """Makes this process reach others as the settings say, whatever its environment and ~/.netrc say."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.lower() in _REDIRECTING:
            del os.environ[name]
    os.environ["NETRC"] = os.devnull
    if sign_in.proxy:
        os.environ |= {"http_proxy": sign_in.proxy, "https_proxy": sign_in.proxy}
    if sign_in.ca_file:
        os.environ |= {"REQUESTS_CA_BUNDLE": str(sign_in.ca_file), "SSL_CERT_FILE": str(sign_in.ca_file)}


def check_proxies(addresses: Iterable[str]) -> None:
    """Raises BadInput where the environment names a SOCKS proxy for one of these addresses.

    A night ignores such variables, and would reach the address without the proxy.
    """
    from requests.utils import get_environ_proxies, select_proxy

    mistakes = []
    for address in addresses:
        proxy = select_proxy(address, get_environ_proxies(address)) or ""
        if proxy.lower().startswith("socks"):
            variable = next(name for name, value in os.environ.items() if value == proxy)
            mistakes.append(
                f"{variable}: Sightline cannot use a SOCKS proxy, and would reach {address} without it; "
                "name an HTTP proxy in HTTPS_PROXY, or the host in NO_PROXY"
            )
    if mistakes:
        raise BadInput(mistakes)
