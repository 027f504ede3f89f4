"""What OpenTelemetry's own SDK has of the requests."""

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from aurinko_async import AccountAuth, AurinkoClient
from aurinko_async.otel import measured
from aurinko_async.sandbox import Fault, Sandbox
from support.clock import FakeClock


async def test_each_request_is_measured() -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider(metric_readers=[reader])
    async with Sandbox(accounts=1, messages=3) as sandbox:
        account = sandbox.accounts[0]
        message = next(iter(account.mail.messages))
        sandbox.faults.add(Fault("status", status=503))
        async with AurinkoClient(
            AccountAuth(account.token), base_url=sandbox.url, on_attempt=measured(provider), clock=FakeClock()
        ) as aurinko:
            await aurinko.email.messages.get(message)
    data = reader.get_metrics_data()
    assert data is not None
    (metric,) = data.resource_metrics[0].scope_metrics[0].metrics
    assert (metric.name, metric.unit) == ("http.client.request.duration", "s")
    common = {"http.request.method": "GET", "url.template": "/v1/email/messages/{messageId}"}
    assert [dict(point.attributes or {}) for point in metric.data.data_points] == [
        {**common, "http.response.status_code": 503, "error.type": "ServerError"},
        {**common, "http.response.status_code": 200, "http.request.resend_count": 1},
    ]
    assert [point.count for point in metric.data.data_points] == [1, 1]
    provider.shutdown()
