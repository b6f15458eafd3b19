"""The stand-in against its own document: schemathesis looks for answers and refusals that do not fit it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import yaml

from plugins.agency_api.tests.sandbox_server import API_KEY, SandboxServer, running_sandbox

_CONFIG = Path(__file__).with_name("schemathesis.toml")
_DOCUMENT = Path(__file__).parents[1] / "connector_agency_api" / "openapi.yaml"


def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    with running_sandbox(tmp_path, minimum_minor="0", countries="", commission_percent="10") as server:
        _fill(server)
        command = [
            sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()",
            "--config-file", str(_CONFIG), "run", f"{server.url}/openapi.json", "--url", server.url,
            "--header", f"Authorization: Bearer {API_KEY}", "--no-color",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=240, cwd=tmp_path, check=False)
        calls = server.control("GET", "counters")["calls"]
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    tested = re.search(r"Tested: (\d+)", done.stdout)
    assert tested, done.stdout[-2000:]
    assert int(tested[1]) == len(_operations())
    assert calls["case"] > 20, "hardly any case was well formed enough to be looked at"


def test_every_operation_is_routed_and_every_route_is_documented() -> None:
    from connector_agency_api.sandbox.agency import Agency
    from connector_agency_api.sandbox.agenda import AgencyClock
    from connector_agency_api.sandbox.options import AgencyOptions
    from connector_agency_api.sandbox.v1 import routes

    routed = {
        (method, route.path)
        for route in routes(Agency(AgencyOptions.parse({}), AgencyClock(None)))
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert routed == _operations()


def test_the_document_is_served_as_it_is_written(tmp_path: Path) -> None:
    with running_sandbox(tmp_path) as server:
        served = server.api("GET", "/openapi.json").json()
        text = server.api("GET", "/openapi.yaml").text
    assert served == yaml.safe_load(text) == yaml.safe_load(_DOCUMENT.read_text(encoding="utf-8"))


def _operations() -> set[tuple[str, str]]:
    document = yaml.safe_load(_DOCUMENT.read_text(encoding="utf-8"))
    return {
        (method.upper(), path)
        for path, entry in document["paths"].items()
        for method in entry
        if method in ("get", "post", "put", "patch", "delete")
    }


def _fill(server: SandboxServer) -> None:
    """A case with every kind of event, so that every read answers with something."""
    document = json.loads(server.api("GET", "/openapi.json").text)
    case = document["components"]["examples"]["OneInvoice"]["value"]
    for case_ref in ("NL-2026-00030", case["case_ref"]):
        answer = server.api(
            "POST", "/v1/cases", headers={"Idempotency-Key": case_ref}, json=case | {"case_ref": case_ref}
        )
        assert answer.status_code == 201, answer.text
    for act in ("review", "accept", "phase", "activity", "message", "odd_event"):
        server.act(case["case_ref"], act, phase="judicial", activity="plan_active", text="hello")
    server.act(case["case_ref"], "cost", net_minor=1000)
    for act in ("pay", "pay", "reverse", "close", "reopen"):
        server.act(case["case_ref"], act, **({"minor": 2000} if act == "pay" else {}))
    server.act(case["case_ref"], "ask_approval", estimate_minor=5000)
    server.act("NL-2026-00030", "accept")
    server.act("NL-2026-00030", "pay", percent=30)
    server.act("NL-2026-00030", "merge")
    server.control("POST", "remit")
