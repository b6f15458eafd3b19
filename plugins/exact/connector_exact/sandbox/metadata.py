"""`$metadata` of a service: its endpoints and their fields as EDMX (reference 2.1)."""

from xml.sax.saxutils import quoteattr

from connector_exact.sandbox.catalogue import EDM, Endpoint, Field, endpoints
from connector_exact.sandbox.refusal import Refusal


def metadata_body(service: str) -> bytes:
    """The description of every endpoint of `service`, such as `crm` or `bulk/Cashflow`. Raises Refusal (404)."""
    prefix = f"{service.lower()}/"
    found = [endpoint for path, endpoint in endpoints().items() if path.startswith(prefix) and endpoint.key]
    if not found:
        raise Refusal(404, "Resource not found for the segment.")
    types = "".join(_entity(endpoint) for endpoint in found)
    sets = "".join(
        f"<EntitySet Name={quoteattr(_name(endpoint))} EntityType={quoteattr(endpoint.type_name)} />"
        for endpoint in found
    )
    text = (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx">'
        '<edmx:DataServices xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata" '
        'm:DataServiceVersion="2.0">'
        '<Schema Namespace="Exact.Web.Api.Models" xmlns="http://schemas.microsoft.com/ado/2008/09/edm">'
        f'{types}<EntityContainer Name="Service" m:IsDefaultEntityContainer="true">{sets}</EntityContainer>'
        "</Schema></edmx:DataServices></edmx:Edmx>"
    )
    return text.encode()


def _name(endpoint: Endpoint) -> str:
    return endpoint.path.rsplit("/", 1)[1]


def _entity(endpoint: Endpoint) -> str:
    properties = "".join(_property(field, endpoint.key) for field in endpoint.fields.values() if field.kind != "c")
    name = endpoint.type_name.rsplit(".", 1)[1]
    return (
        f"<EntityType Name={quoteattr(name)}><Key><PropertyRef Name={quoteattr(endpoint.key)} /></Key>"
        f"{properties}</EntityType>"
    )


def _property(field: Field, key: str) -> str:
    nullable = ' Nullable="false"' if field.name == key else ""
    return f"<Property Name={quoteattr(field.name)} Type={quoteattr(EDM[field.kind])}{nullable} />"
