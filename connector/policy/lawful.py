"""The gate of the law: which claims of a debtor it lets go to an agency, which not, and from when on."""

from collections.abc import Iterator, Sequence
from datetime import date

from connector.model import Because, Claim, Verdict
from connector.policy.conditions import asked_claims
from connector.policy.evidence import LawAnswer, Point, ask_the_law
from connector.policy.ladder import Ladder, Rung, Weighed, weigh
from connector.policy.records import because
from connector.policy.standing import Aside, Standing, claim_name, leave_out

Asked = tuple[Claim, LawAnswer]
_NAMED = 3


def weigh_by_law(weighed: Weighed, ladder: Ladder) -> Weighed:
    """Ask the law of each claim that would go along with a step that everything else allows, or may allow.

    The claims that may go by law go, where they are enough for the step by themselves; the others stay at home, with
    the first day on which they may. Where only claims of which it is not known would make it enough, the step is
    undecided; else it does not come, and each claim says what is missing.
    """
    rung, standing = weighed.rung, weighed.standing
    asked = [(claim, _answer(claim, standing, ladder)) for claim in asked_claims(rung.step, standing)]
    staying = [one for one in asked if one[1].verdict != "yes"]
    if not staying:
        return weighed._replace(reasons=(*weighed.reasons, *_reasons(rung, asked)))
    barred = [one for one in staying if one[1].verdict == "no"]
    if len(staying) < len(asked):
        going = weigh(rung, leave_out(standing, [_stays(*one) for one in staying]))
        if going.verdict == "yes" or (going.verdict == "unknown" and len(barred) == len(staying)):
            return _with_reasons(going, asked, left_out=staying)
    if len(barred) < len(staying):
        perhaps = weigh(rung, leave_out(standing, [_stays(*one) for one in barred])) if barred else weighed
        if perhaps.verdict != "no":
            return _with_reasons(perhaps, asked, left_out=barred, verdict="unknown")
    return _with_reasons(weighed, asked, left_out=(), verdict="no")


def first_lawful(standing: Standing, ladder: Ladder) -> date | None:
    """The first day on which the law lets any of the claims go, if nothing but the calendar moves; None: not known."""
    answers = (_answer(claim, standing, ladder) for claim in (*standing.overdue, *standing.later))
    return min((one.earliest for one in answers if one.earliest), default=None)


def _answer(claim: Claim, standing: Standing, ladder: Ladder) -> LawAnswer:
    gate = ladder.policy.gates.lawful
    return ask_the_law(
        standing.law,
        standing.account,
        claim,
        elsewhere=gate.elsewhere == "allowed",
        register_days=gate.register_days,
    )


def _with_reasons(
    weighed: Weighed, asked: Sequence[Asked], *, left_out: Sequence[Asked], verdict: Verdict | None = None
) -> Weighed:
    told = _reasons(weighed.rung, [one for one in asked if one not in left_out])
    return weighed._replace(reasons=(*weighed.reasons, *told), verdict=verdict or weighed.verdict)


def _stays(claim: Claim, answer: LawAnswer) -> Aside:
    missing = [one for one in answer.points if one.verdict != "yes"]
    seen = "; ".join(f"{one.asked} {one.seen}" for one in missing)
    when = f"not before {answer.earliest}: " if answer.earliest else ""
    origin = ", ".join(dict.fromkeys(one.origin for one in missing))
    asked = f"May {claim_name(claim)} go to an agency by law?"
    return Aside(claim, "lawful", asked, f"{when}{seen}", origin, answer.verdict, answer.earliest)


def _reasons(rung: Rung, asked: Sequence[Asked]) -> Iterator[Because]:
    """The points of all claims, those that say the same put together, in the order of the law."""
    by_name: dict[str, dict[Point, list[Claim]]] = {}
    for claim, answer in asked:
        for point in answer.points:
            by_name.setdefault(point.name, {}).setdefault(point, []).append(claim)
    for name, found in by_name.items():
        code = f"{rung.name}.law.{name}"
        met = [point for point in found if point.verdict == "yes"]
        for point, claims in found.items():
            if point.verdict == "yes" and point is not met[-1]:
                continue
            many = point.verdict == "yes" and len(met) > 1
            seen = f"{point.seen}, and {sum(len(found[one]) for one in met[:-1])} more" if many else point.seen
            about = point.asked if len(found) == 1 or many else f"{point.asked} {_names(claims)}"
            yield because(code, about, seen=seen, origin=point.origin, verdict=point.verdict)


def _names(claims: Sequence[Claim]) -> str:
    named = ", ".join(claim_name(one) for one in claims[:_NAMED])
    return f"{named} and {len(claims) - _NAMED} more" if len(claims) > _NAMED else named
