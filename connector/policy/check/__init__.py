"""The check of a policy: mistakes, contradictions, steps nobody gets, gaps, and hand-overs before the law's day."""

from connector.policy.check.check import check_policy
from connector.policy.check.finding import Checked, Course, Finding
from connector.policy.check.installation import check_policies, check_used
from connector.policy.check.lawful import COUNTRIES, Calendars, Country
from connector.policy.check.timings import Audience

__all__ = [
    "COUNTRIES",
    "Audience",
    "Calendars",
    "Checked",
    "Country",
    "Course",
    "Finding",
    "check_policies",
    "check_policy",
    "check_used",
]
