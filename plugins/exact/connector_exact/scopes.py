"""Which scope of the app registration opens an endpoint (Exact Online reference 4.0, 4.13)."""

_SCOPES = {
    "cashflow/paymentterms": "Financial cashflow",
    "cashflow/receivables": "Financial receivables",
    "financial/outstandinginvoicesoverview": "Financial receivables, Financial payables",
    "crm/accounts": "Crm accounts",
    "crm/contacts": "Crm accounts",
    "crm/addresses": "Crm accounts",
    "crm/accountclassifications": "Crm accounts",
    "salesentry/salesentries": "Financial accounting",
    "documents/documents": "Organization documents",
    "documents/documentattachments": "Organization documents",
}
_OTHER = "Organization administration"


def scope_of(endpoint: str) -> str:
    """The scope's name in the App Centre; the same resource needs the same scope in its sync and bulk forms."""
    resource = "/".join(endpoint.lower().split("/")[-2:])
    return _SCOPES.get(resource, _OTHER)
