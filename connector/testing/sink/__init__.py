"""The conformance checks of a sink: derive `SinkConformance` in a test module and give it an upstream."""

from connector.testing.sink.aftercare import AftercareChecks
from connector.testing.sink.content import ContentChecks
from connector.testing.sink.delivery import DeliveryChecks
from connector.testing.sink.feed import FeedChecks
from connector.testing.sink.scenarios import AgencyCase

__all__ = ["AgencyCase", "SinkConformance"]


class SinkConformance(DeliveryChecks, ContentChecks, FeedChecks, AftercareChecks):
    """Every check of a sink: P1 to P6 and K1 to K19. What the author gives stands in `SinkScenarios`."""
