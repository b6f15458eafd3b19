"""The settings of a connection to an agency, from its connection file and a ledger's `[sink]` table."""

from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from connector.api import PluginConfig, SecretRef
from connector.model import Product
from connector_agency_api.outgoing import WITHHOLDABLE


class AgencyConfig(PluginConfig):
    """One agency. Times in seconds."""

    base_url: str = Field(description="where the agency serves the API, without /v1; https, or http on loopback")
    api_key: SecretRef = Field(description="the key the agency gave you")
    webhook_secrets: tuple[SecretRef, ...] = Field(
        (), description="secrets of your webhook subscription; two while you replace one"
    )
    client_number: Annotated[str, Field(max_length=50)] = Field(
        "", description="your number at the agency; wins over the creditor's agency_client_number"
    )
    product: Product | None = Field(None, description="what is ordered here, instead of what the case says")
    payer_iban: str = Field("", description="the account pay-outs come from, used when the agency does not tell")
    withhold: frozenset[str] = Field(
        frozenset(), description="optional fields that never leave, such as debtor.phone; see the README for the list"
    )
    page_limit: int = Field(100, ge=1, le=500, description="events or pay-outs on a page")
    connect_timeout: float = Field(5, gt=0, le=60, description="for opening a connection")
    read_timeout: float = Field(30, gt=0, le=300, description="for an answer")
    per_minute: int = Field(60, ge=1, description="calls a minute over all processes; keep under the agency's limit")
    per_day: int = Field(20_000, ge=1, description="calls a day over all processes")

    @field_validator("base_url")
    @classmethod
    def _https_or_loopback(cls, value: str) -> str:
        target = urlsplit(value)
        if target.scheme == "https" and target.hostname and not target.username:
            return value.rstrip("/")
        if target.scheme == "http" and _is_loopback(target.hostname or ""):
            return value.rstrip("/")
        raise ValueError("give an https address without a user name (plain http only for this machine)")

    @field_validator("withhold")
    @classmethod
    def _only_optional(cls, value: frozenset[str]) -> frozenset[str]:
        wrong = sorted(value - WITHHOLDABLE)
        if wrong:
            raise ValueError(f"cannot be withheld: {', '.join(wrong)}; possible are {', '.join(sorted(WITHHOLDABLE))}")
        return value


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
