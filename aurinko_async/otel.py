"""OpenTelemetry metrics of all requests. Needs the extra `otel`.

async with AurinkoClient(auth, on_attempt=measured()) as aurinko: ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aurinko_async.errors import ConfigError

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider

    from aurinko_async._session import Attempt, Hook

# What OpenTelemetry advises for durations of HTTP requests, in seconds.
BOUNDARIES = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)


def measured(meter_provider: MeterProvider | None = None) -> Hook:
    """Make an `on_attempt` hook that records each request, by OpenTelemetry's names.

    `http.client.request.duration` is a histogram of seconds, with `http.request.method`, `url.template`,
    `http.response.status_code`, `http.request.resend_count` for repetitions, and `error.type`. No id, no value of a
    query and no secret is among them.

    Args:
        meter_provider: The global one if not given.

    Raises:
        ConfigError: opentelemetry-api is not installed.
    """
    try:
        from opentelemetry.metrics import get_meter_provider
    except ImportError as error:
        raise ConfigError("metrics need opentelemetry-api: pip install 'aurinko-async[otel]'") from error
    meter = (meter_provider or get_meter_provider()).get_meter("aurinko_async")
    duration = meter.create_histogram(
        "http.client.request.duration",
        unit="s",
        description="Duration of HTTP client requests.",
        explicit_bucket_boundaries_advisory=BOUNDARIES,
    )

    def record(attempt: Attempt) -> None:
        attributes: dict[str, str | int] = {"http.request.method": attempt.method, "url.template": attempt.path}
        if attempt.status is not None:
            attributes["http.response.status_code"] = attempt.status
        if attempt.attempt > 1:
            attributes["http.request.resend_count"] = attempt.attempt - 1
        if attempt.error is not None:
            attributes["error.type"] = type(attempt.error).__name__
        duration.record(attempt.elapsed, attributes)

    return record
