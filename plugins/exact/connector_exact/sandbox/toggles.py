"""What is uncertain about the imitated service, as switches. Defaults: reference section 9 and its evidence."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Toggles(BaseModel):
    """Every switch of the stand-in; settable at start (option of the same name) and by POST /sandbox/toggles.

    Money and ledger
    - `amount_sign`: `negative` shows what a customer owes as a negative AmountDC in payment terms (4.5).
    - `split_keeps_id`: which piece keeps the row id when a term is split; the other gets a new one (gotcha 15).
    - `unallocate_merges`: undoing a match joins the pieces again and deletes the others (4.7); else they stay split.
    - `overview_nets_credits`: credit notes and loose receipts lower the control total (4.3).
    - `double_noise`: amounts carry the rounding noise of doubles (2.3).

    Log-in
    - `auto_consent`: the consent page approves by itself unless `force_login=1`.
    - `redirect_mode`: `strict` takes only the registered https address, `loose` also loopback http (1.2).
    - `token_basic_auth`: client credentials in a Basic header are accepted (1.5 rule 7).
    - `token_day_limit`: token calls per key, user and day; 0 is off (1.3).
    - `reuse_kills_chain`: a second use of a refresh token ends the whole chain (gotcha 1).

    Limits and errors
    - `minute_limit`, `day_limit`: calls per app and company; 0 is off (3.1).
    - `minute_reset_header`: X-RateLimit-Minutely-Reset is sent (3.2).
    - `error_rate_headers`: error answers carry the rate headers as well (3.2).
    - `error_limit`: errors per key, user, company, endpoint and hour before the key is blocked; 0 is off (3.1).
    - `block_status`: how a blocked key is answered (3.3).
    - `downloads_count`: attachment downloads use the budget (3.1).
    - `unauthorized_body`: the body of a 401 (3.3).
    - `missing_rights`: a user without rights sees an empty list, or a 403 (2.8).
    - `server_error_rate`, `unavailable_rate`: share of calls that answer 500 or 503 by chance.
    - `maintenance`: every call answers 200 with an HTML page (3.3).
    - `latency_ms`: every answer waits so long.

    Reading and writing
    - `receivables_list_page`: rows a page of ReceivablesList (4.2).
    - `function_list`: a function such as ReceivablesListByAccount answers a bare list, whole (2.2); else it is paged.
    - `top_above_page`: `$top` above the page size is honoured (2.4).
    - `date_only_literal`: datetime'2017-05-31' is taken in a filter (2.4).
    - `readonly_fields`: writing a field that is not writable is refused, or skipped.
    - `webhook_create_action`: the action sent for new rows (4.11).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    amount_sign: Literal["negative", "positive"] = "negative"
    split_keeps_id: Literal["matched", "remainder"] = "matched"
    unallocate_merges: bool = False
    overview_nets_credits: bool = True
    double_noise: bool = False
    auto_consent: bool = True
    redirect_mode: Literal["strict", "loose"] = "loose"
    token_basic_auth: bool = True
    token_day_limit: int = Field(default=0, ge=0)
    reuse_kills_chain: bool = False
    minute_limit: int = Field(default=60, ge=0)
    day_limit: int = Field(default=5000, ge=0)
    minute_reset_header: bool = True
    error_rate_headers: bool = False
    error_limit: int = Field(default=10, ge=0)
    block_status: Literal[429, 403] = 429
    downloads_count: bool = True
    unauthorized_body: str = ""
    missing_rights: Literal["empty", "forbidden"] = "empty"
    server_error_rate: float = Field(default=0.0, ge=0.0, le=1.0)
    unavailable_rate: float = Field(default=0.0, ge=0.0, le=1.0)
    maintenance: bool = False
    latency_ms: int = Field(default=0, ge=0, le=60_000)
    receivables_list_page: int = Field(default=60, ge=1)
    function_list: bool = True
    top_above_page: bool = False
    date_only_literal: bool = True
    readonly_fields: Literal["refuse", "skip"] = "refuse"
    webhook_create_action: Literal["Create", "Update"] = "Create"
