"""Segments with steps of their own, and routes to agencies."""

from typing import Any

import pytest
from policy_builders import POLICIES, debtor, hold, invoice, outcome, policy, step, verdicts

from connector.errors import ConfigError
from connector.model import Account
from connector.policy import decide, fingerprint, load_policy
from connector.policy.policy import Policy
from connector.policy.ways import gates_of

REMIND, ESCALATE = step("remind", 3), step("escalate", 3)
OLD = {"lawful": {"before": "never"}, "credit": {"accept": "netted"}}


def segmented(**criteria: Any) -> Policy:
    """Who meets the criteria is called after 5 days, everybody else reminded after 3."""
    return policy(REMIND, segments=[{"name": "group", "steps": (step("call", 5),), **criteria}], **OLD)


LATE = invoice("A", late=9, euros="121.00")


@pytest.mark.parametrize(
    ("criteria", "account", "comes"),
    [
        ({"kinds": ["business"]}, debtor(LATE), "call A 121.00"),
        ({"kinds": ["consumer"]}, debtor(LATE), "remind A 121.00"),
        ({"kinds": ["consumer"]}, debtor(LATE, debtor_kind="unknown"), "undecided before "),
        ({"kinds": ["consumer", "unknown"]}, debtor(LATE, debtor_kind="unknown"), "call A 121.00"),
        ({"countries": ["BE"]}, debtor(LATE, debtor_country="BE"), "call A 121.00"),
        ({"countries": ["BE"]}, debtor(LATE, debtor_country=""), "undecided before "),
        ({"languages": ["fr"]}, debtor(LATE, debtor_language="fr"), "call A 121.00"),
        ({"languages": ["fr"]}, debtor(LATE, debtor_language="nl"), "remind A 121.00"),
        ({"regions": ["10"]}, debtor(LATE, debtor_postcode="1012 AB"), "call A 121.00"),
        ({"regions": ["1012a"]}, debtor(LATE, debtor_postcode="1012 AB"), "call A 121.00"),
        ({"regions": ["10"]}, debtor(LATE, debtor_postcode="2100"), "remind A 121.00"),
        ({"regions": ["10"]}, debtor(LATE), "undecided before "),
        ({"customer_groups": ["KEY"]}, debtor(LATE, debtor_group="KEY"), "call A 121.00"),
        ({"customer_groups": ["KEY"]}, debtor(LATE, debtor_group="B"), "remind A 121.00"),
        ({"product_groups": ["gas"]}, debtor(invoice("A", late=9, product_group="gas")), "call A 121.00"),
        ({"product_groups": ["gas"]}, debtor(LATE), "undecided before "),
        (
            {"product_groups": ["gas"]},
            debtor(invoice("A", late=9, product_group="gas"), invoice("B", late=-9, product_group="water")),
            "remind A 121.00",
        ),
        ({"from_amount": 12_100}, debtor(LATE), "call A 121.00"),
        ({"from_amount": 12_101}, debtor(LATE), "remind A 121.00"),
        ({"below_amount": 12_100}, debtor(LATE), "remind A 121.00"),
        ({"below_amount": 12_101}, debtor(LATE), "call A 121.00"),
        # What is not due yet counts for the amount, credit lowers it, and what is at an agency is not there.
        ({"from_amount": 20_000}, debtor(LATE, invoice("B", late=-9)), "call A 121.00"),
        ({"from_amount": 12_100}, debtor(LATE, credit="1.00"), "remind A 120.00"),
        ({"from_amount": 20_000}, debtor(LATE, invoice("B", late=9, case_ref="C-1")), "remind A 121.00"),
        # All conditions must be met; a sure no stands above one that is not known.
        ({"kinds": ["consumer"], "countries": ["BE"]}, debtor(LATE, debtor_country=""), "remind A 121.00"),
    ],
)
def test_who_is_in_a_segment_gets_its_steps(criteria: dict[str, Any], account: Account, comes: str) -> None:
    decision = decide(account, segmented(**criteria))
    assert outcome(decision) == comes
    assert decision.segment == ("group" if comes.startswith("call") else "")
    assert verdicts(decision)["account.segment"] == ("unknown" if decision.action == "undecided" else "yes")


def test_the_first_segment_that_fits_is_the_debtors() -> None:
    first = {"name": "first", "kinds": ["business"], "steps": (step("call", 3),)}
    rules = policy(segments=[first, {"name": "rest", "steps": (REMIND,)}], **OLD)
    assert outcome(decide(debtor(LATE), rules)) == "call A 121.00"
    assert decide(debtor(LATE, debtor_kind="consumer"), rules).segment == "rest"
    assert decide(debtor(LATE, debtor_kind="unknown"), rules).action == "undecided"


def test_nothing_is_done_with_who_is_in_a_segment_that_rests_or_in_none() -> None:
    resting = policy(REMIND, segments=[{"name": "own", "customer_groups": ["OWN"], "rest": True}], **OLD)
    decision = decide(debtor(LATE, debtor_group="OWN"), resting)
    assert (decision.action, decision.not_before) == ("none", None)
    assert "Nothing is ever done" in decision.because[0].seen
    outside = decide(
        debtor(LATE, debtor_kind="consumer"),
        policy(segments=[{"name": "b", "kinds": ["business"], "steps": (REMIND,)}]),
    )
    assert (outside.action, outside.segment) == ("none", "")
    assert "no steps for others" in outside.because[0].seen


def test_a_debtor_without_anything_overdue_is_not_asked_for_his_segment() -> None:
    decision = decide(debtor(invoice("A", late=-4), debtor_kind="unknown"), segmented(kinds=["consumer"]))
    assert (decision.action, [one.condition for one in decision.because]) == ("none", ["account.overdue"])


def test_gates_of_a_segment_replace_only_those_that_it_names() -> None:
    strict = {"name": "strict", "kinds": ["business"], "steps": (REMIND,), "gates": {"on_hold": {"stops": "debtor"}}}
    held = {"holds": (hold("claim", key="key-B"),)}
    rules = policy(REMIND, segments=[strict], blocked={"before": "every step"}, **OLD)
    claims = (LATE, invoice("B", late=9))
    assert decide(debtor(*claims, **held), rules).action == "none"
    assert decide(debtor(*claims, debtor_kind="consumer", **held), rules).action == "remind"
    assert verdicts(decide(debtor(LATE, debtor_blocked=True), rules))["remind.blocked"] == "no"


def test_the_gates_of_a_debtor_are_those_of_his_segment_and_stay_so_at_an_agency() -> None:
    large = {"name": "large", "from_amount": 10_000, "steps": (REMIND,), "gates": {"vulnerable": {"before": "never"}}}
    rules = policy(REMIND, segments=[large], **OLD)
    away = invoice("A", late=9, case_ref="C-1")
    assert [gates_of(debtor(one), rules).vulnerable.before for one in (LATE, away)] == ["never", "never"]
    small = debtor(invoice("A", late=9, euros="50.00"))
    assert gates_of(small, rules).vulnerable.before == "escalate"


def routed(*routes: dict[str, Any]) -> Policy:
    return policy(REMIND, step("escalate", 5), routes=routes, **OLD)


@pytest.mark.parametrize(
    ("routes", "account", "to"),
    [
        ([{"to": "be", "countries": ["BE"]}, {"to": "nl"}], debtor(LATE), "nl"),
        ([{"to": "be", "countries": ["BE"]}, {"to": "nl"}], debtor(LATE, debtor_country="BE"), "be"),
        ([{"to": "big", "from_amount": 12_101}, {"to": "small"}], debtor(LATE), "small"),
        ([{"to": "old", "from_days": 10}, {"to": "young"}], debtor(LATE), "young"),
        ([{"to": "old", "from_days": 9}, {"to": "young"}], debtor(LATE), "old"),
        ([{"to": "young", "below_days": 9}, {"to": "old"}], debtor(LATE), "old"),
    ],
)
def test_a_case_goes_to_the_agency_of_the_first_route_that_fits(
    routes: list[dict[str, Any]], account: Account, to: str
) -> None:
    decision = decide(account, routed(*routes))
    assert (decision.action, decision.destination) == ("escalate", to)
    assert verdicts(decision)["escalate.destination"] == "yes"


def test_who_fits_no_route_is_not_handed_over_and_gets_a_lower_step() -> None:
    decision = decide(debtor(LATE), routed({"to": "be", "countries": ["BE"]}))
    assert (decision.action, decision.destination) == ("remind", "")
    assert verdicts(decision)["escalate.destination"] == "no"


def test_a_fact_that_a_route_lacks_makes_the_hand_over_undecided_and_nothing_else() -> None:
    only = policy(step("escalate", 5), routes=[{"to": "be", "countries": ["BE"]}], **OLD)
    decision = decide(debtor(LATE, debtor_country=""), only)
    assert (decision.action, decision.step) == ("undecided", "escalate")
    assert verdicts(decision)["escalate.destination"] == "unknown"


def test_the_gates_of_the_agency_that_takes_the_case_are_asked() -> None:
    big = {"to": "big", "kinds": ["business"], "gates": {"agency_minimum": {"amount": 50_000}}}
    rules = routed(big, {"to": "small"})
    assert verdicts(decide(debtor(LATE), rules))["escalate.agency_minimum"] == "no"
    assert decide(debtor(LATE, debtor_kind="sole_trader"), rules).destination == "small"


def test_the_day_is_told_on_which_age_leads_to_another_agency() -> None:
    rules = routed({"to": "old", "from_days": 30})
    account = debtor(LATE, steps=())
    decision = decide(account.model_copy(update={"steps": ()}), rules)
    assert decision.action == "remind"
    quiet = policy(step("escalate", 5), routes=[{"to": "old", "from_days": 30}], **OLD)
    told = decide(debtor(LATE), quiet).not_before
    assert told is not None
    assert (told - account.day).days == 21


def test_groups_are_part_of_the_facts() -> None:
    plain = debtor(LATE)
    changed = [
        debtor(LATE, debtor_group="KEY"), debtor(LATE, debtor_language="fr"), debtor(LATE, debtor_postcode="1000"),
        debtor(invoice("A", late=9, product_group="gas")),
    ]  # fmt: skip
    assert len({fingerprint(one) for one in (plain, *changed)}) == 5


def test_which_gates_a_segment_replaces_is_part_of_the_version(tmp_path: Any) -> None:
    text = (POLICIES / "by-segment.toml").read_text(encoding="utf-8")
    versions = set()
    for name, more in {"plain": "", "named": '\n[segment.gates]\non_hold = { stops = "claim" }\n'}.items():
        path = tmp_path / f"{name}.toml"
        path.write_text(text.replace('tone = "neutral"\n', f'tone = "neutral"\n{more}'), encoding="utf-8")
        versions.add(load_policy(path).version)
    assert len(versions) == 2


WRONG = [
    ("rest = true", "rest = false", "line 55, segment 1 (own-companies): this segment has no step"),
    ('name = "large-accounts"', 'name = "own-companies"', "segment 2 (own-companies).name: two segments are named"),
    ('from_amount = "10000.00"', 'from_amount = "9.00"\nbelow_amount = "9.00"', "nobody lies between these bounds"),
    (
        "days_overdue = 60",
        "days_overdu = 60",
        "line 77, segment 2 (large-accounts).step 2 (notice).days_overdu: this key",
    ),
    (
        'kinds = ["business", "public_body"]',
        'kinds = ["firm"]',
        "segment 2 (large-accounts).kinds[0]: this value is not known",
    ),
    ('customer_groups = ["INTERCO"]', 'countries = ["Belgium"]', "segment 1 (own-companies).countries[0]"),
    ("[gates]", '[[route]]\nto = "x"\nfrom_days = 9\nbelow_days = 9\n\n[gates]', "route 1 (x).below_days: nobody lies"),
    ("[gates]", '[[route]]\nname = "x"\n\n[gates]', "route 1 (x).to: this key is missing"),
]


@pytest.mark.parametrize(("old", "new", "told"), WRONG)
def test_a_mistake_in_a_segment_or_a_route_is_told_with_its_place(tmp_path: Any, old: str, new: str, told: str) -> None:
    text = (POLICIES / "by-segment.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "trial.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_policy(path)
    assert told in caught.value.message
