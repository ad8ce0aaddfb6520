//! gRPC calls and streams to scripted upstreams.

use core::time::Duration;
use std::collections::BTreeMap;

use wasmtime::{Caller, Linker};

use super::MODULE;
use super::map::read_pairs;
use crate::abi::guest::{Guest, Halt, enter};
use crate::abi::{Status, protobuf};
use crate::headers::Headers;
use crate::host::Host;
use crate::ledger::GrpcCallout;
use crate::profile::GrpcNumbers;
use crate::world::event::Event;
use crate::world::grpc::{
    Arrivals, GrpcDelivery, GrpcFate, GrpcKind, GrpcReply, GrpcRequest, call_arrivals,
    not_available, stream_arrivals,
};

/// A call or stream that is under way.
#[derive(Debug)]
pub(crate) struct OpenGrpc {
    pub(crate) kind: GrpcKind,
    /// The context that it was made for.
    pub(crate) owner: u32,
    opening: GrpcRequest,
    /// Initial metadata is on its way or there.
    greeted: bool,
    pub(crate) closed_by_guest: bool,
    pub(crate) closed_by_upstream: bool,
}

/// The gRPC calls of one VM.
#[derive(Debug, Default)]
pub(crate) struct GrpcTable {
    pub(crate) open: BTreeMap<u32, OpenGrpc>,
    /// What the running callback delivers.
    pub(crate) delivery: Option<GrpcDelivery>,
    made: [u32; 2],
}

pub(crate) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap(
        MODULE,
        "proxy_grpc_call",
        |c: Caller<'_, Host>,
         upstream_at: u32,
         upstream_len: u32,
         service_at: u32,
         service_len: u32,
         method_at: u32,
         method_len: u32,
         metadata_at: u32,
         metadata_len: u32,
         message_at: u32,
         message_len: u32,
         timeout_ms: u32,
         token_out: u32| {
            enter(c, "proxy_grpc_call", |guest| {
                let upstream = (upstream_at, upstream_len);
                let request = [(service_at, service_len), (method_at, method_len)];
                let message = guest.read(message_at, message_len);
                let (service, request) =
                    read_request(guest, upstream, request, (metadata_at, metadata_len))?;
                let request =
                    GrpcRequest { message: Some(message?), end_of_stream: true, ..request };
                let timeout = (timeout_ms > 0).then(|| Duration::from_millis(timeout_ms.into()));
                let token = start(guest.host(), &service, request, GrpcKind::Call, timeout)?;
                Ok(guest.write_u32(token_out, token)?)
            })
        },
    )?;
    linker.func_wrap(
        MODULE,
        "proxy_grpc_stream",
        |c: Caller<'_, Host>,
         upstream_at: u32,
         upstream_len: u32,
         service_at: u32,
         service_len: u32,
         method_at: u32,
         method_len: u32,
         metadata_at: u32,
         metadata_len: u32,
         token_out: u32| {
            enter(c, "proxy_grpc_stream", |guest| {
                let upstream = (upstream_at, upstream_len);
                let request = [(service_at, service_len), (method_at, method_len)];
                let (service, request) =
                    read_request(guest, upstream, request, (metadata_at, metadata_len))?;
                let token = start(guest.host(), &service, request, GrpcKind::Stream, None)?;
                Ok(guest.write_u32(token_out, token)?)
            })
        },
    )?;
    link_open(linker)
}

/// Functions that take the number of a call or stream.
fn link_open(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap(
        MODULE,
        "proxy_grpc_send",
        |c: Caller<'_, Host>, token: u32, at, len, end_of_stream: u32| {
            enter(c, "proxy_grpc_send", |guest| {
                let message = guest.read(at, len)?;
                guest.about(token.to_string().as_bytes());
                Ok(send(guest.host(), token, message, end_of_stream != 0)?)
            })
        },
    )?;
    linker.func_wrap(MODULE, "proxy_grpc_cancel", |c: Caller<'_, Host>, token: u32| {
        enter(c, "proxy_grpc_cancel", |guest| {
            guest.about(token.to_string().as_bytes());
            let host = guest.host();
            known(host, token, None)?;
            cancel(host, token);
            Ok(())
        })
    })?;
    linker.func_wrap(MODULE, "proxy_grpc_close", |c: Caller<'_, Host>, token: u32| {
        enter(c, "proxy_grpc_close", |guest| {
            guest.about(token.to_string().as_bytes());
            Ok(close(guest.host(), token)?)
        })
    })?;
    Ok(())
}

type Slice = (u32, u32);

fn read_request(
    guest: &mut Guest<'_>,
    upstream: Slice,
    [service, method]: [Slice; 2],
    metadata: Slice,
) -> Result<(Vec<u8>, GrpcRequest), Halt> {
    let upstream = guest.read(upstream.0, upstream.1)?;
    guest.about(&upstream);
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let request = GrpcRequest {
        upstream: String::new(),
        service: text(guest.read(service.0, service.1)?),
        method: text(guest.read(method.0, method.1)?),
        metadata: read_pairs(guest, metadata.0, metadata.1)?,
        message: None,
        end_of_stream: false,
    };
    guest.about(format!("{}/{}", request.service, request.method).as_bytes());
    Ok((upstream, request))
}

/// Who is meant by the bytes that the guest names a service with.
enum Service {
    /// A name, which must be known.
    Named(String),
    /// What a message says; whether it is known shows when the call is made.
    Described(String),
    /// A message that names nobody.
    Nobody,
}

impl Service {
    fn of(bytes: &[u8], may_be_message: bool) -> Self {
        let named = || Self::Named(String::from_utf8_lossy(bytes).into_owned());
        if !may_be_message {
            return named();
        }
        let Some(service) = protobuf::fields(bytes) else { return named() };
        // `envoy_grpc` with its `cluster_name`, or `google_grpc` with its `target_uri`.
        let Some(target) = [1, 2].iter().find_map(|number| protobuf::bytes_of(&service, *number))
        else {
            return Self::Nobody;
        };
        let Some(target) = protobuf::fields(target) else { return named() };
        match protobuf::bytes_of(&target, 1).map(core::str::from_utf8) {
            Some(Ok(name)) => Self::Described(name.to_owned()),
            Some(Err(_)) => named(),
            None => Self::Nobody,
        }
    }
}

fn start(
    host: &mut Host,
    service: &[u8],
    mut request: GrpcRequest,
    kind: GrpcKind,
    timeout: Option<Duration>,
) -> Result<u32, Status> {
    let profile = host.profile.clone();
    let unreachable = host.canary && !profile.start.canary_has_upstreams;
    let (name, by_name) = match Service::of(service, profile.grpc.service_may_be_message) {
        Service::Named(name) => (name, true),
        Service::Described(name) => (name, false),
        Service::Nobody => return Err(Status::BadArgument),
    };
    request.upstream = name;
    let upstream = host.shared.grpc_upstreams.get_mut(&request.upstream);
    let upstream = upstream.filter(|_| !unreachable);
    let reply = match upstream {
        Some(upstream) => Some(upstream.reply_to(&request)),
        None if by_name => return Err(profile.grpc.unknown_upstream),
        None => None,
    };
    let lost = host.shared.faults.reply_lost;
    let reply = reply.map(|reply| if lost { GrpcReply::never() } else { reply });
    let token = next_token(host, kind);
    let owner = host.acting();
    let Some(reply) = reply.filter(|reply| reply.fate != GrpcFate::NotStarted) else {
        if profile.grpc.failed_start_still_closes {
            schedule(host, token, Some(owner), vec![(Duration::ZERO, not_available())]);
        }
        return Err(Status::InternalFailure);
    };
    let callout = GrpcCallout {
        at: host.shared.clock.elapsed(),
        token,
        kind,
        upstream: request.upstream.clone(),
        service: request.service.clone(),
        method: request.method.clone(),
        metadata: request.metadata.clone(),
        messages: request.message.clone().into_iter().collect(),
        timeout,
        closed: kind == GrpcKind::Call,
        cancelled: false,
        status: None,
    };
    let arrivals = match kind {
        GrpcKind::Call => call_arrivals(reply, timeout, &profile.grpc),
        GrpcKind::Stream => stream_arrivals(reply, true, &profile.grpc),
    };
    let open = OpenGrpc {
        kind,
        owner,
        opening: GrpcRequest { message: None, metadata: Headers::new(), ..request },
        greeted: greets(&arrivals),
        closed_by_guest: kind == GrpcKind::Call,
        closed_by_upstream: false,
    };
    host.grpc.open.insert(token, open);
    host.ledger().grpc_callouts.push(callout);
    schedule(host, token, None, arrivals);
    Ok(token)
}

fn greets(arrivals: &Arrivals) -> bool {
    arrivals.iter().any(|(_, arrival)| matches!(arrival, GrpcDelivery::InitialMetadata(_)))
}

/// Puts what will arrive among the world's events. A canary is gone before anything could come.
fn schedule(host: &mut Host, token: u32, orphan_of: Option<u32>, arrivals: Arrivals) {
    if host.canary {
        return;
    }
    let now = host.shared.clock.elapsed();
    let (place, generation) = (host.place(), host.generation);
    for (after, delivery) in arrivals {
        let event = Event::GrpcArrives { place, generation, token, orphan_of, delivery };
        host.shared.events.schedule(now.saturating_add(after), event);
    }
}

fn next_token(host: &mut Host, kind: GrpcKind) -> u32 {
    let bits = bits_of(kind);
    match host.profile.grpc.numbers {
        GrpcNumbers::WithHttpCalls => super::call::next_token(host),
        GrpcNumbers::ByKind => {
            let [calls, streams] = &mut host.grpc.made;
            let made = if kind == GrpcKind::Call { calls } else { streams };
            *made = made.wrapping_add(1);
            made.wrapping_mul(4) | bits
        }
    }
}

fn bits_of(kind: GrpcKind) -> u32 {
    match kind {
        GrpcKind::Call => 1,
        GrpcKind::Stream => 2,
    }
}

/// That a number is of a call or stream (of this kind) that is under way.
fn known(host: &Host, token: u32, kind: Option<GrpcKind>) -> Result<&OpenGrpc, Status> {
    if host.profile.grpc.numbers == GrpcNumbers::ByKind {
        let kinds = [GrpcKind::Call, GrpcKind::Stream];
        let of = kinds.into_iter().find(|kind| bits_of(*kind) == token & 3);
        if of.is_none_or(|of| kind.is_some_and(|kind| kind != of)) {
            return Err(Status::BadArgument);
        }
    }
    let open = host.grpc.open.get(&token).ok_or(Status::NotFound)?;
    if kind.is_some_and(|kind| kind != open.kind) { Err(Status::BadArgument) } else { Ok(open) }
}

fn send(host: &mut Host, token: u32, message: Vec<u8>, end_of_stream: bool) -> Result<(), Status> {
    let open = known(host, token, Some(GrpcKind::Stream))?;
    // A half that is closed takes nothing more; hosts drop it.
    if open.closed_by_guest || open.closed_by_upstream {
        return Ok(());
    }
    let (opening, owner, first) = (open.opening.clone(), open.owner, !open.greeted);
    if let Some(callout) = host.grpc_callout(owner, token) {
        callout.messages.push(message.clone());
        callout.closed |= end_of_stream;
    }
    let request = GrpcRequest { message: Some(message), end_of_stream, ..opening };
    let reply = host.shared.grpc_upstreams.get_mut(&request.upstream).map(|u| u.go_on(&request));
    answer(host, token, reply.map(|reply| stream_arrivals(reply, first, &host.profile.grpc)));
    if let Some(open) = host.grpc.open.get_mut(&token) {
        open.closed_by_guest |= end_of_stream;
    }
    Ok(())
}

fn answer(host: &mut Host, token: u32, arrivals: Option<Arrivals>) {
    let Some(arrivals) = arrivals else { return };
    if let Some(open) = host.grpc.open.get_mut(&token) {
        open.greeted |= greets(&arrivals);
    }
    schedule(host, token, None, arrivals);
}

fn cancel(host: &mut Host, token: u32) {
    let Some(open) = host.grpc.open.remove(&token) else { return };
    if let Some(callout) = host.grpc_callout(open.owner, token) {
        callout.cancelled = true;
    }
}

/// Closing a stream closes the guest's half; closing a call cancels it.
fn close(host: &mut Host, token: u32) -> Result<(), Status> {
    let open = known(host, token, None)?;
    if open.kind == GrpcKind::Call {
        cancel(host, token);
        return Ok(());
    }
    if open.closed_by_upstream {
        host.grpc.open.remove(&token);
        return Ok(());
    }
    if open.closed_by_guest {
        return Ok(());
    }
    let (opening, owner, first) = (open.opening.clone(), open.owner, !open.greeted);
    if let Some(callout) = host.grpc_callout(owner, token) {
        callout.closed = true;
    }
    let request = GrpcRequest { message: None, end_of_stream: true, ..opening };
    let reply = host.shared.grpc_upstreams.get_mut(&request.upstream).map(|u| u.go_on(&request));
    answer(host, token, reply.map(|reply| stream_arrivals(reply, first, &host.profile.grpc)));
    if let Some(open) = host.grpc.open.get_mut(&token) {
        open.closed_by_guest = true;
    }
    Ok(())
}

impl GrpcTable {
    /// Takes in what arrives: the context to tell, or nothing if the guest no longer listens.
    pub(crate) fn receive(
        &mut self,
        token: u32,
        delivery: &GrpcDelivery,
        call_ends_with_message: bool,
    ) -> Option<u32> {
        let open = self.open.get_mut(&token)?;
        let owner = open.owner;
        match (open.kind, delivery) {
            (GrpcKind::Call, GrpcDelivery::Message(_)) if call_ends_with_message => {
                self.open.remove(&token);
            }
            (_, GrpcDelivery::Close { .. }) if open.closed_by_upstream => return None,
            (GrpcKind::Stream, GrpcDelivery::Close { .. }) if !open.closed_by_guest => {
                open.closed_by_upstream = true;
            }
            (_, GrpcDelivery::Close { .. }) => {
                self.open.remove(&token);
            }
            _ if open.closed_by_upstream => return None,
            _ => {}
        }
        Some(owner)
    }
}

#[cfg(test)]
mod tests {
    use super::Service;

    fn name(bytes: &[u8], may_be_message: bool) -> String {
        match Service::of(bytes, may_be_message) {
            Service::Named(name) => format!("named {name}"),
            Service::Described(name) => format!("described {name}"),
            Service::Nobody => "nobody".to_owned(),
        }
    }

    #[test]
    fn a_service_is_a_name_or_a_message() {
        let cases: [(&[u8], &str); 6] = [
            (b"grpc-cluster", "named grpc-cluster"),
            (b"\x0a\x05\x0a\x03abc", "described abc"),
            (b"\x12\x05\x0a\x03abc", "described abc"),
            (b"\x0a\x02\x10\x01", "nobody"),
            (b"accounts1", "nobody"),
            (b"", "nobody"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(name(bytes, true), expected);
        }
        assert_eq!(name(b"accounts1", false), "named accounts1");
    }
}
