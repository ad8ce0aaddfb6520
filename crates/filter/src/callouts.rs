//! Calls to identity providers, and the requests that wait for them.
//!
//! On Envoy a call belongs to the root and any number of requests wait for it: a client that goes away
//! takes nothing with it. On nginx and Kong a call belongs to the request that makes it, because
//! only that request can go on in its callback.

use gatekey_core::check::{Env, Pending};
use gatekey_core::digest::Digest;
use gatekey_core::oidc::{Answer, CallOut, Ticket};
use gatekey_core::time::{UnixMillis, UnixTime};

use crate::config::Upstream;
use crate::documents::Elsewhere;
use crate::host::{self, HostResult};
use crate::root::Root;
use crate::send::Body;

/// An answer that is this late will not come.
const LOST_CALL_MS: u64 = 5_000;
/// The largest answer that is looked at.
const MAX_ANSWER_BYTES: u32 = 64 * 1024;
/// The most documents that are fetched with one tick.
const FETCHES_PER_TICK: usize = 4;

/// What is under way.
#[derive(Debug, Default)]
pub(crate) struct CallOuts {
    open: Vec<Open>,
    pub(crate) parked: Vec<Parked>,
}

#[derive(Debug)]
struct Open {
    /// The host's number; `None` while another worker makes the call.
    id: Option<u32>,
    /// The request that made it, where it is the request's own.
    stream: Option<u32>,
    ticket: Ticket,
    document: Option<Digest>,
    newer_than: UnixTime,
    given_up_at: UnixMillis,
}

/// A request that waits.
#[derive(Debug)]
pub(crate) struct Parked {
    pub(crate) stream: u32,
    pub(crate) pending: Pending,
}

/// Who made a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Root,
    /// The request with this number.
    Stream(u32),
}

/// How a call begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begun {
    /// The answer will come.
    UnderWay,
    /// It is settled already: a failure, or a document that another worker fetched.
    Settled,
}

/// Makes calls, in modules that have methods which need some. What a module does not name is not
/// linked.
#[derive(Clone, Copy, Debug)]
pub struct Calls {
    /// Makes a call. The number is that of the request that makes it, on hosts where calls are a
    /// request's own.
    pub(crate) begin: fn(&mut Root, &CallOut, Ticket, Option<u32>) -> Begun,
    /// Takes the answer to a call. The ticket says who waited for it.
    pub(crate) answered: fn(&mut Root, Answered) -> Option<Ticket>,
    /// What time does for calls: those that are overdue end, documents that are due are fetched.
    /// Returns the calls that are settled by it.
    pub(crate) keep_up: fn(&mut Root) -> Vec<Ticket>,
}

/// For modules whose methods never call.
pub static NO_CALLS: Calls =
    Calls { begin: |_, _, _, _| Begun::Settled, answered: |_, _| None, keep_up: |_| Vec::new() };

/// Has the host make calls.
pub static HOST_CALLS: Calls =
    Calls { begin: Root::begin_call, answered: Root::call_answered, keep_up: Root::keep_up };

/// An answer, as the host announces it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answered {
    pub(crate) id: u32,
    pub(crate) headers: u32,
    pub(crate) body_size: u32,
}

impl Root {
    fn begin_call(&mut self, call: &CallOut, ticket: Ticket, stream: Option<u32>) -> Begun {
        if let Some(document) = &call.document {
            match self.documents.look(document, call, self.now, &self.config.settings.peppers) {
                Elsewhere::Has(body) => {
                    // No document is held as of a time before its fetch.
                    self.now = host::now();
                    let answer = Answer { status: 200, max_age_seconds: None, body: &body };
                    self.settle_call(ticket, Some(&answer));
                    return Begun::Settled;
                }
                Elsewhere::Fetches => {
                    self.wait_for(None, stream, ticket, call);
                    return Begun::UnderWay;
                }
                Elsewhere::Nothing => {}
            }
        }
        let upstream = self.config.upstream(&call.upstream);
        let sent = upstream.map(|upstream| self.sent_by(stream, upstream, call));
        match sent {
            Some(Ok(id)) => {
                self.wait_for(Some(id), stream, ticket, call);
                Begun::UnderWay
            }
            failed => {
                let missing = failed.is_none();
                self.tell_unsent(&call.upstream, missing);
                if let Some(document) = &call.document {
                    self.documents.end(document);
                }
                self.settle_call(ticket, None);
                Begun::Settled
            }
        }
    }

    fn sent_by(&self, stream: Option<u32>, upstream: &Upstream, call: &CallOut) -> HostResult<u32> {
        if stream.is_some() || !self.config.host.is_envoy() {
            return send(upstream, call);
        }
        host::set_effective_context(self.context)?;
        send(upstream, call)
    }

    fn wait_for(&mut self, id: Option<u32>, stream: Option<u32>, ticket: Ticket, call: &CallOut) {
        let given_up_at = self.now.plus(u64::from(call.timeout_ms).saturating_add(LOST_CALL_MS));
        let CallOut { document, newer_than, .. } = *call;
        self.callouts.open.push(Open { id, stream, ticket, document, newer_than, given_up_at });
    }

    /// Whose call this is: the root's, or that of a request. `None` for a call that is not known.
    /// The host's numbers alone tell: not every host says which request an answer is for.
    pub(crate) fn owner(&self, id: u32) -> Option<Owner> {
        let open = self.callouts.open.iter().find(|open| open.id == Some(id))?;
        Some(open.stream.map_or(Owner::Root, Owner::Stream))
    }

    fn call_answered(&mut self, answered: Answered) -> Option<Ticket> {
        let Answered { id, headers, body_size } = answered;
        let at = self.callouts.open.iter().position(|open| open.id == Some(id))?;
        let Open { ticket, document, .. } = self.callouts.open.swap_remove(at);
        self.now = host::now();
        let status = if headers == 0 { None } else { crate::root::response_status() };
        let body = match body_size {
            0 => Some(Vec::new()),
            size if size > MAX_ANSWER_BYTES => None,
            size => host::call_response_body(size).ok().filter(|body| body.len() == size as usize),
        };
        match (status, body) {
            (Some(status), Some(body)) => {
                let max_age_seconds = document.and_then(|_| max_age());
                let answer = Answer { status, max_age_seconds, body: &body };
                self.settle_call(ticket, Some(&answer));
                if let Some(document) = document.filter(|_| status == 200) {
                    let peppers = &self.config.settings.peppers;
                    self.documents.share(&document, &body, self.now, peppers);
                }
            }
            _ => self.settle_call(ticket, None),
        }
        if let Some(document) = &document {
            self.documents.end(document);
        }
        Some(ticket)
    }

    fn settle_call(&mut self, ticket: Ticket, answer: Option<&Answer<'_>>) {
        let env =
            Env { crypto: self.lent.crypto, ..Env::new(self.now.seconds(), &self.config.settings) };
        if let Some(policy) = self.follower.replica().policy() {
            policy.settle(&mut self.memory, &env, ticket, answer);
        }
        for notice in self.memory.take_notices() {
            self.metrics.count(notice.code());
            host::log(host::LogLevel::Warn, &format!("identity provider: {}", notice.code()));
        }
    }

    fn keep_up(&mut self) -> Vec<Ticket> {
        let mut settled = Vec::new();
        let mut at = 0;
        while let Some(open) = self.callouts.open.get(at) {
            let (ticket, mut overdue) = (open.ticket, open.given_up_at <= self.now);
            let found = match (open.id, &open.document) {
                (None, Some(document)) => {
                    let peppers = &self.config.settings.peppers;
                    let found = self.documents.read(document, open.newer_than, self.now, peppers);
                    self.now = host::now();
                    // Whoever was at it has failed.
                    overdue |= !self.documents.is_being_fetched(document, self.now);
                    found
                }
                _ => None,
            };
            if found.is_none() && !overdue {
                at += 1;
                continue;
            }
            self.callouts.open.swap_remove(at);
            let answer =
                found.as_deref().map(|body| Answer { status: 200, max_age_seconds: None, body });
            self.settle_call(ticket, answer.as_ref());
            settled.push(ticket);
        }
        for _ in 0..FETCHES_PER_TICK {
            let Some(policy) = self.follower.replica().policy() else { break };
            let env = Env {
                crypto: self.lent.crypto,
                ..Env::new(self.now.seconds(), &self.config.settings)
            };
            let Some((call, ticket)) = policy.upkeep(&mut self.memory, &env) else { break };
            if self.begin_call(&call, ticket, None) == Begun::Settled {
                settled.push(ticket);
            }
        }
        settled
    }

    /// Sets a request aside until its call is settled; false when too many wait.
    pub(crate) fn park(&mut self, stream: u32, pending: Pending) -> bool {
        let room = self.callouts.parked.len() < self.config.max_waiting;
        if room {
            self.callouts.parked.push(Parked { stream, pending });
        }
        room
    }

    /// Takes a request that waited for this call.
    pub(crate) fn take_parked(&mut self, ticket: Ticket) -> Option<Parked> {
        let waits = |parked: &Parked| parked.pending.ticket == ticket;
        let at = self.callouts.parked.iter().position(waits)?;
        Some(self.callouts.parked.swap_remove(at))
    }

    fn tell_unsent(&mut self, upstream: &str, missing: bool) {
        let told = if missing { "provider_upstream_missing" } else { "provider_call_not_sent" };
        self.metrics.count(told);
        let text = format!("identity provider: {told} {:?}", upstream.escape_debug().to_string());
        host::log(host::LogLevel::Error, &text);
    }
}

/// What the provider says about how long its answer is fresh (RFC 9111 5.2.2.1).
fn max_age() -> Option<u64> {
    let value = host::call_response_header("cache-control").ok()?;
    let text = core::str::from_utf8(&value).ok()?;
    let mut directives = text.split(',').map(str::trim);
    directives.find_map(|directive| directive.strip_prefix("max-age=")?.parse().ok())
}

fn send(upstream: &Upstream, call: &CallOut) -> HostResult<u32> {
    let mut headers: Vec<(&[u8], &[u8])> = vec![(b"accept", b"application/json")];
    if let Some(authorization) = &call.authorization {
        headers.push((b"authorization", authorization.expose().as_bytes()));
    }
    let body = Body { kind: b"application/x-www-form-urlencoded", bytes: call.body.expose() };
    upstream.send(call.method, &call.path, &headers, &body, call.timeout_ms)
}
