"""The settings of the stand-in, given as text with `--set key=value`."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from connector.errors import ConfigError

_Codes = Annotated[
    tuple[str, ...], BeforeValidator(lambda text: tuple(filter(None, str(text).replace(" ", "").split(","))))
]
_LOOPBACK = r"^(http://(127\.0\.0\.1|localhost)(:[1-9][0-9]{0,4})?/.*)?$"
_WHSEC = r"^(whsec_([A-Za-z0-9+/]{4}){4,}([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)?$"
_Percent = Annotated[Decimal, Field(ge=0, le=100)]


class AgencyOptions(BaseModel):
    """How this agency behaves. Amounts are integer minor units, percentages plain numbers such as 12.5."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    api_key: str = Field("sandbox-key", min_length=8, description="the key a creditor must show")
    agency: str = Field("Incassobureau De Brug", description="its name, on pings")
    scenario: str = Field("collects", description="what happens to a case when no rule says otherwise")
    scenarios_file: Path | None = Field(None, description="a TOML file with further scenarios")
    currencies: _Codes = Field("EUR", validate_default=True, description="codes, separated by commas")
    countries: _Codes = Field("NL,BE", validate_default=True, description="where debtors may live; empty is anywhere")
    minimum_minor: int = Field(2500, ge=0, description="the smallest case it takes")
    commission_percent: _Percent = Field(Decimal(10), description="of collected principal and interest")
    vat_percent: _Percent = Field(Decimal(21), description="on what it charges the creditor")
    debtor_costs: Literal["wik", "none"] = Field("wik", description="collection costs it adds for the debtor")
    interest_percent: _Percent = Field(Decimal(0), description="a year, simple, on open principal since acceptance")
    withdraw_fee_minor: int = Field(0, ge=0, description="asked when an accepted case is withdrawn")
    withdrawals: Literal["at_once", "reviewed", "refused"] = Field(
        "at_once", description="what becomes of a withdrawal; a reviewed one waits for the act give_back or keep"
    )
    remit_every: Literal["month", "week", "day", "never"] = Field("month", description="when it pays out")
    payer_iban: str = Field("NL13TEST0123456789", description="the account its pay-outs come from")
    max_document_bytes: int = Field(10_000_000, ge=1, description="the largest document it takes, decoded")
    webhook_url: str = Field("", pattern=_LOOPBACK, description="subscribed from the start; loopback only")
    webhook_secret: str = Field(
        "", pattern=_WHSEC, description="its secret, whsec_ and base64; needed with webhook_url"
    )
    webhook_payload: Literal["thin", "full"] = Field("full", description="whether its webhooks carry the events")
    files: Path | None = Field(None, description="a folder in which it takes and answers files as well")
    hang_seconds: float = Field(60, gt=0, description="how long a time-out fault keeps the line open")

    @model_validator(mode="after")
    def _secret_with_url(self) -> "AgencyOptions":
        if self.webhook_url and not self.webhook_secret:
            raise ValueError("webhook_url needs webhook_secret")
        return self

    @classmethod
    def parse(cls, options: Mapping[str, str]) -> "AgencyOptions":
        """The settings behind `options`. Raises ConfigError naming the first wrong one."""
        try:
            return cls.model_validate(dict(options))
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(str(part) for part in first["loc"])
            mend = "See the list of options in the stand-in's README."
            raise ConfigError(f"option of the stand-in agency: {first['msg']}.", key=key, mend=mend) from None


def described_options() -> dict[str, str]:
    """Every option with what it sets, for `incasso sandbox`."""
    return {
        name: f"{field.description}; default {field.default}" if field.default else str(field.description)
        for name, field in AgencyOptions.model_fields.items()
    }


def percent_of(minor: int, percent: Decimal) -> int:
    """`percent` of `minor`, in minor units, half away from zero."""
    return int((Decimal(minor) * percent / 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))
