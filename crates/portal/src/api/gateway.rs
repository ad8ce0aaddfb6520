//! `/gateway/v1`: what gateways ask for.

use core::marker::PhantomData;
use core::time::Duration;

use aide::OperationOutput;
use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use aide::generate::GenContext;
use aide::openapi::{MediaType, Operation, Response as ApiResponse, StatusCode as ApiStatus};
use aide::transform::TransformOperation;
use axum::body::{Body as HttpBody, Bytes};
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use gatekey_core::id::Revision;
use uuid::Uuid;

use crate::actor::Gateway;
use crate::app::App;
use crate::gateway;
use crate::gateway::delta::{self, Since};
use crate::gateway::past;
use crate::gateway::receipts;
use crate::gateway::snapshot::{Shelf, Snapshot};
use crate::gateway::usage::{self, Report};
use crate::input::{Body, Optional};
use crate::list::ListQuery;
use crate::problem::{Invalid, Problem};

/// The longest that a poll may be held open, in seconds.
const LONGEST_WAIT: u64 = 60;

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route("/gateway/v1/snapshot", get_with(snapshot, describe_snapshot))
        .api_route(
            "/gateway/v1/changes",
            get_with(follow, |op| describe_changes(op.id("get-gateway-changes")))
                .post_with(report, |op| describe_changes(op.id("post-gateway-changes"))),
        )
}

fn describe_snapshot(op: TransformOperation<'_>) -> TransformOperation<'_> {
    op.id("get-gateway-snapshot")
        .tag("Gateway sync")
        .summary("The policy of a gateway as a signed snapshot")
        .parameter_untyped("gateway", |p| p.description("Its id or name."))
        .parameter_untyped("page", |p| {
            p.description(
                "`manifest`, or the number of a page from 0. Everything at once if absent.",
            )
        })
        .parameter_untyped("revision", |p| {
            p.description(
                "The revision of the manifest that named the page. Without a page: the revision that \
                 the snapshot is to be of, as long as the change log has all that led there.",
            )
        })
}

fn describe_changes(op: TransformOperation<'_>) -> TransformOperation<'_> {
    op.tag("Gateway sync")
        .summary("What changed since a revision, as a signed delta")
        .parameter_untyped("gateway", |p| p.description("Its id or name."))
        .parameter_untyped("since", |p| p.description("The revision that is held."))
        .parameter_untyped("wait", |p| {
            p.description("How many seconds to wait for a change, 0 to 60; 0 if absent.")
        })
        .parameter_untyped("instance", |p| {
            p.description("Who polls: 1 to 64 letters, digits and hyphens. Makes a receipt.")
        })
        .parameter_untyped("applied", |p| {
            p.description("The revision that all of the instance has applied; `since` if absent.")
        })
}

/// A kind of signed document.
trait Kind {
    const MEDIA_TYPE: &'static str;
}

#[derive(Debug)]
struct SnapshotKind;
impl Kind for SnapshotKind {
    const MEDIA_TYPE: &'static str = "application/vnd.gatekey.snapshot";
}

#[derive(Debug)]
struct Delta;
impl Kind for Delta {
    const MEDIA_TYPE: &'static str = "application/vnd.gatekey.delta";
}

/// A signed document, or a part of one.
#[derive(Debug)]
struct Document<K>(Vec<Bytes>, PhantomData<K>);

impl<K: Kind> Document<K> {
    const fn of(parts: Vec<Bytes>) -> Self {
        Self(parts, PhantomData)
    }
}

impl<K: Kind> IntoResponse for Document<K> {
    fn into_response(self) -> Response {
        let length: usize = self.0.iter().map(Bytes::len).sum();
        let parts = self.0.into_iter().map(Ok::<_, core::convert::Infallible>);
        let mut response = HttpBody::from_stream(futures_util::stream::iter(parts)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(K::MEDIA_TYPE));
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        response
    }
}

impl<K: Kind> OperationOutput for Document<K> {
    type Inner = Vec<u8>;

    fn operation_response(_: &mut GenContext, _: &mut Operation) -> Option<ApiResponse> {
        Some(ApiResponse {
            description: "A signed document.".into(),
            content: [(K::MEDIA_TYPE.to_owned(), MediaType::default())].into_iter().collect(),
            ..ApiResponse::default()
        })
    }

    fn inferred_responses(
        ctx: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<ApiStatus>, ApiResponse)> {
        let response = Self::operation_response(ctx, operation);
        response.map(|response| (Some(ApiStatus::Code(200)), response)).into_iter().collect()
    }
}

async fn snapshot(
    _: Gateway,
    State(app): State<App>,
    query: ListQuery,
) -> Result<Document<SnapshotKind>, Problem> {
    let mut query = Parameters::new(query);
    let gateway = query.gateway();
    let revision = query.number("revision", u64::MAX).map(Revision);
    let page = query.page();
    match (&page, revision) {
        (Some(Page::Number(_)), None) if !query.is_blamed("revision") => {
            query.blame("revision", "required", "is required");
        }
        (Some(Page::Manifest), Some(_)) if !query.is_blamed("page") => {
            query.blame("revision", "invalid", "is not for the newest manifest");
        }
        _ => {}
    }
    query.end()?;
    let gateway = gateway::find(app.store.db(), &gateway).await?.id;
    let parts = match (page, revision) {
        (Some(Page::Number(number)), Some(revision)) => {
            let gone = || Problem::gone("This snapshot is no longer kept");
            let page = Shelf::page(&app, gateway, revision, number).await?.ok_or_else(gone)?;
            vec![page.ok_or_else(Problem::not_found)?]
        }
        (None, Some(revision)) => past::at(&app, gateway, revision).await?,
        (Some(Page::Manifest), _) => vec![Shelf::newest(&app, gateway).await?.manifest],
        _ => {
            let Snapshot { manifest, mut pages } = Shelf::newest(&app, gateway).await?;
            pages.insert(0, manifest);
            pages
        }
    };
    Ok(Document::of(parts))
}

async fn follow(
    _: Gateway,
    State(app): State<App>,
    query: ListQuery,
) -> Result<Document<Delta>, Problem> {
    let poll = Poll::read(query)?;
    let gateway = gateway::find(app.store.db(), &poll.gateway).await?.id;
    poll.answer(&app, gateway).await
}

async fn report(
    _: Gateway,
    State(app): State<App>,
    query: ListQuery,
    body: Body<Report, Optional>,
) -> Result<Document<Delta>, Problem> {
    let poll = Poll::read(query)?;
    let gateway = gateway::find(app.store.db(), &poll.gateway).await?.id;
    if let Err(error) = usage::store(&app, gateway, body.0).await {
        // The policy matters more than the numbers.
        tracing::warn!(%gateway, cause = %error, "cannot store a report");
    }
    poll.answer(&app, gateway).await
}

/// A poll for changes.
#[derive(Debug)]
struct Poll {
    gateway: String,
    since: Revision,
    wait: Duration,
    instance: Option<String>,
    applied: Revision,
}

impl Poll {
    fn read(query: ListQuery) -> Result<Self, Problem> {
        let mut query = Parameters::new(query);
        let gateway = query.gateway();
        let since = query.number("since", u64::MAX).map(Revision);
        if since.is_none() && !query.is_blamed("since") {
            query.blame("since", "required", "is required");
        }
        let since = since.unwrap_or_default();
        let wait = Duration::from_secs(query.number("wait", LONGEST_WAIT).unwrap_or(0));
        let instance = query.text("instance");
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if let Some(instance) = &instance
            && (!(1..=64).contains(&instance.len()) || !instance.chars().all(plain))
        {
            let reason = "must have 1 to 64 letters, digits and hyphens";
            query.blame("instance", "matches_regex", reason);
        }
        let applied = query.number("applied", u64::MAX).map_or(since, Revision).min(since);
        query.end()?;
        Ok(Self { gateway, since, wait, instance, applied })
    }

    async fn answer(self, app: &App, gateway: Uuid) -> Result<Document<Delta>, Problem> {
        let newest = gateway::newest(app).await?;
        if let Some(instance) = self.instance
            && self.since <= newest
            && let Err(error) =
                receipts::receive(app, gateway, instance, self.applied, self.wait).await
        {
            tracing::warn!(%gateway, cause = %error, "cannot store a receipt");
        }
        gateway::await_change(app, newest, self.since, self.wait).await?;
        match delta::since(app, gateway, self.since).await? {
            Since::Delta(delta) => Ok(Document::of(vec![delta.into()])),
            Since::Snapshot(why) => Err(Problem::gone(why)),
        }
    }
}

/// Which part of a snapshot.
#[derive(Debug)]
enum Page {
    Manifest,
    Number(usize),
}

/// Reads a query; what is wrong with it is told all at once.
#[derive(Debug)]
struct Parameters {
    query: ListQuery,
    faults: Vec<Invalid>,
}

impl Parameters {
    const fn new(query: ListQuery) -> Self {
        Self { query, faults: Vec::new() }
    }

    fn text(&mut self, name: &str) -> Option<String> {
        self.query.take(name)
    }

    fn gateway(&mut self) -> String {
        let gateway = self.text("gateway");
        match &gateway {
            None => self.blame("gateway", "required", "is required"),
            Some(gateway) if gateway.is_empty() || gateway.chars().count() > 256 => {
                self.blame("gateway", "invalid", "must be the id or name of a control plane");
            }
            Some(_) => {}
        }
        gateway.unwrap_or_default()
    }

    fn number(&mut self, name: &'static str, most: u64) -> Option<u64> {
        match whole(&self.text(name)?) {
            Some(number) if number <= most => Some(number),
            Some(_) => {
                let fault = Invalid::query(name, "max", format!("must be at most {most}"));
                self.faults.push(fault.at_most(most));
                None
            }
            None => {
                self.blame(name, "is_integer", "must be a whole number");
                None
            }
        }
    }

    fn page(&mut self) -> Option<Page> {
        let text = self.text("page")?;
        if text == "manifest" {
            return Some(Page::Manifest);
        }
        let number = whole(&text).and_then(|number| usize::try_from(number).ok());
        if number.is_none() {
            self.blame("page", "invalid", "must be `manifest` or the number of a page");
        }
        number.map(Page::Number)
    }

    fn is_blamed(&self, name: &str) -> bool {
        self.faults.iter().any(|fault| fault.field == name)
    }

    fn blame(&mut self, name: &str, rule: &'static str, reason: &str) {
        self.faults.push(Invalid::query(name, rule, reason));
    }

    fn end(self) -> Result<(), Problem> {
        if self.faults.is_empty() {
            return self.query.nothing_else();
        }
        Err(Problem::invalid(self.faults))
    }
}

/// A number in digits, without sign.
fn whole(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}
