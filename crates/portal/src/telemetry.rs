//! Traces by OpenTelemetry, where a collector is configured.
//!
//! A request is one span, a child of the caller's if the caller sent a `traceparent`. Its name is the
//! route's template; it carries what the log carries, and never a header, a query or a body. Spans
//! leave in batches, in the background: a collector that is away costs spans and nothing else.

use core::time::Duration;

use axum::http::{HeaderMap, Request, Response};
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{Span, SpanKind, Status, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::{Bytes, HeaderExtractor, HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};
use tokio::runtime::Handle;

use crate::config;

/// How long a batch of spans may take to leave.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Makes spans, or does not.
#[derive(Debug, Default)]
pub(crate) struct Telemetry(Option<Collected>);

#[derive(Debug)]
struct Collected {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

/// The span of a request.
#[derive(Debug)]
pub(crate) struct RequestSpan(opentelemetry_sdk::trace::Span);

impl Telemetry {
    /// Begins to send spans, if a collector is configured.
    ///
    /// # Errors
    ///
    /// When the collector's URL cannot be used.
    pub(crate) fn start(settings: Option<&config::Telemetry>) -> Result<Self, String> {
        let Some(settings) = settings else { return Ok(Self::default()) };
        let text = |error: &dyn core::error::Error| error.to_string();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .build()
            .map_err(|error| text(&error))?;
        let client = Client { client, runtime: Handle::current() };
        let endpoint = format!("{}/v1/traces", settings.otlp_endpoint.trim_end_matches('/'));
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_endpoint(endpoint)
            .with_timeout(TIMEOUT)
            .build()
            .map_err(|error| text(&error))?;
        let resource = Resource::builder().with_service_name(settings.service_name.clone()).build();
        let share = Sampler::TraceIdRatioBased(settings.sample_ratio);
        let provider = SdkTracerProvider::builder()
            .with_resource(resource)
            .with_sampler(Sampler::ParentBased(Box::new(share)))
            .with_batch_exporter(exporter)
            .build();
        let tracer = provider.tracer("gatekey");
        Ok(Self(Some(Collected { provider, tracer })))
    }

    /// Begins the span of a request.
    pub(crate) fn begin(
        &self,
        headers: &HeaderMap,
        method: &'static str,
        route: &str,
        request_id: &str,
    ) -> Option<RequestSpan> {
        let Collected { tracer, .. } = self.0.as_ref()?;
        let caller = TraceContextPropagator::new()
            .extract_with_context(&Context::new(), &HeaderExtractor(headers));
        let span = tracer
            .span_builder(format!("{method} {route}"))
            .with_kind(SpanKind::Server)
            .with_attributes([
                KeyValue::new("http.request.method", method),
                KeyValue::new("http.route", route.to_owned()),
                KeyValue::new("gatekey.request_id", request_id.to_owned()),
            ]);
        Some(RequestSpan(span.start_with_context(tracer, &caller)))
    }

    /// Sends what is left.
    pub(crate) async fn stop(&self) {
        let Some(Collected { provider, .. }) = &self.0 else { return };
        let provider = provider.clone();
        // It waits for the last batch, which is sent on this runtime.
        let stopped = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(TIMEOUT));
        if let Ok(Err(error)) = stopped.await {
            tracing::warn!(%error, "the last spans are lost");
        }
    }
}

impl RequestSpan {
    /// The trace that the span is of, for the log.
    pub(crate) fn trace_id(&self) -> String {
        self.0.span_context().trace_id().to_string()
    }

    /// Ends the span.
    pub(crate) fn end(mut self, status: u16) {
        self.0.set_attribute(KeyValue::new("http.response.status_code", i64::from(status)));
        if status >= 500 {
            self.0.set_status(Status::error(""));
        }
        self.0.end();
    }
}

/// Sends batches with the client that is in the tree anyway. The exporter has a thread of its own,
/// without a runtime.
#[derive(Debug)]
struct Client {
    client: reqwest::Client,
    runtime: Handle,
}

#[sea_orm_migration::async_trait::async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let sent = self.runtime.spawn(async move {
            let (parts, body) = request.into_parts();
            let request = client.request(parts.method, parts.uri.to_string());
            let reply = request.headers(parts.headers).body(body).send().await?;
            let mut response = Response::builder().status(reply.status());
            if let Some(headers) = response.headers_mut() {
                headers.clone_from(reply.headers());
            }
            Ok::<_, HttpError>(response.body(reply.bytes().await?)?)
        });
        sent.await?
    }
}
