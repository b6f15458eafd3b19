"""The conformance checks of a source: derive `SourceConformance` in a test module and give it an upstream."""

from connector.testing.source.paging import PagingChecks
from connector.testing.source.records import RecordChecks
from connector.testing.source.trouble import TroubleChecks
from connector.testing.source.writing import WritingChecks

__all__ = ["SourceConformance"]


class SourceConformance(RecordChecks, PagingChecks, TroubleChecks, WritingChecks):
    """Every check of a source: P1 to P6 and S0 to S20. What the author gives stands in `SourceScenarios`."""
