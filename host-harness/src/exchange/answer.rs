//! Answers that a filter gives itself, and streams that it closes.

use super::{Drive, Exchange};
use crate::abi::Direction;
use crate::headers::Headers;
use crate::profile::GrpcAnswer;
use crate::stream::{Frame, Half, LocalResponse, Turn, Windows};

impl Drive<'_> {
    /// The first filter that answered or closed the exchange and was not heard yet.
    pub(super) fn interrupted(&mut self, exchange: &Exchange) -> Option<usize> {
        (0..exchange.legs.len()).find(|leg| {
            let waiting = |leg: &super::Leg| !leg.skipped && leg.context.is_some();
            exchange.legs.get(*leg).is_some_and(waiting)
                && self.stream(exchange, *leg).is_some_and(|stream| {
                    stream.closed_by_guest || (stream.local.is_some() && !stream.local_taken)
                })
        })
    }

    pub(super) fn interrupt(&mut self, exchange: &mut Exchange, id: u32, leg: usize) {
        let Some(stream) = self.stream(exchange, leg) else { return };
        if stream.closed_by_guest {
            exchange.closed = true;
            self.close(exchange);
            return;
        }
        stream.local_taken = true;
        let released = stream.released;
        let Some(local) = stream.local.clone() else { return };
        let rules = self.worker.blueprint.profile.streams.clone();
        if released
            && (rules.resume_before_answer_forwards || !rules.local_response_replaces_action)
        {
            self.let_through(exchange, id, leg);
        }
        exchange.answered_by = Some(leg);
        let late = exchange.turn == Turn::Response;
        if exchange.client.headers.is_some() {
            // Half of another response is with the client already: the proxy can only cut it off.
            exchange.local = Some(local);
            exchange.closed = true;
            self.close(exchange);
            return;
        }
        let mut headers = self.status_line(exchange, leg, &local, late);
        exchange.host_properties.complete_response(&mut headers);
        let mut body = local.body.clone();
        if rules.local_response_grpc == GrpcAnswer::Worded && self.speaks_grpc(exchange, leg) {
            word_for_grpc(&mut headers, &mut body, &local);
        }
        if rules.local_response_appends_line_feed && !body.is_empty() {
            body.push(b'\n');
        }
        let kept = late && rules.late_local_response_keeps_headers;
        if rules.local_response_adds_content_headers && !body.is_empty() && !kept {
            headers.set("content-length", body.len().to_string());
            if headers.get("content-type").is_none() {
                headers.add("content-type", "text/plain");
            }
        }
        exchange.local = Some(local);
        exchange.turn = Turn::Response;
        for leg in 0..exchange.legs.len() {
            if let Some(part) = exchange.legs.get_mut(leg) {
                part.out = Default::default();
            }
            if let Some(stream) = self.stream(exchange, leg) {
                stream.going_up = false;
                stream.response = Half::default();
                if !rules.answer_keeps_request_maps {
                    stream.request.windows = Windows::default();
                }
            }
        }
        let chunks = if body.is_empty() { Vec::new() } else { vec![body] };
        let frames = Frame::message(headers, chunks, Headers::new());
        if rules.local_response_runs_callbacks && !late {
            exchange.response = frames;
            return;
        }
        for frame in frames {
            exchange.client.take(frame);
        }
        self.close(exchange);
    }

    fn speaks_grpc(&mut self, exchange: &Exchange, leg: usize) -> bool {
        let stream = self.stream(exchange, leg);
        let kind = stream.and_then(|stream| stream.request.headers.get("content-type"));
        kind.is_some_and(|kind| kind.starts_with(b"application/grpc"))
    }

    /// The headers of a local response.
    fn status_line(
        &mut self,
        exchange: &Exchange,
        leg: usize,
        local: &LocalResponse,
        late: bool,
    ) -> Headers {
        let rules = self.worker.blueprint.profile.streams.clone();
        let status = local.status.to_string();
        if late && rules.late_local_response_keeps_headers {
            let kept = self.stream(exchange, leg).map(|stream| stream.response.headers.clone());
            let mut headers = kept.unwrap_or_default();
            headers.set(":status", status);
            return headers;
        }
        let mut headers = Headers::new();
        headers.add(":status", status);
        for (name, value) in local.headers.iter() {
            if rules.local_response_one_header_per_name {
                headers.set(name, value);
            } else {
                headers.add(name, value);
            }
        }
        let takes_grpc = rules.local_response_grpc == GrpcAnswer::Header;
        if let Some(grpc_status) = local.grpc_status.filter(|_| takes_grpc) {
            headers.add("grpc-status", grpc_status.to_string());
        }
        headers
    }

    /// The request goes on from a filter that let it go and answered it as well.
    fn let_through(&mut self, exchange: &mut Exchange, id: u32, leg: usize) {
        let Some(stream) = self.stream(exchange, leg) else { return };
        stream.request.flush_all();
        let mut frames = core::mem::take(&mut stream.request.outbox);
        for later in leg + 1..exchange.legs.len() {
            // What later filters make of it changes nothing any more but what they let go.
            let taken = self.take_in(exchange, id, later, Direction::Request, frames);
            let part = exchange.legs.get_mut(later);
            frames =
                part.and_then(|part| part.out.first_mut().map(core::mem::take)).unwrap_or_default();
            if taken.is_err() {
                return;
            }
        }
        for frame in frames {
            exchange.upstream.take(frame);
        }
        exchange.seal_request();
    }
}

/// Makes a local response one of gRPC: all of it is in the headers. Source: envoy
/// `Utility::sendLocalReply`; seen on 1.40.
fn word_for_grpc(headers: &mut Headers, body: &mut Vec<u8>, local: &LocalResponse) {
    headers.set(":status", "200");
    headers.set("content-type", "application/grpc");
    // Source: envoy `Grpc::Utility::httpToGrpcStatus`.
    let status = local.grpc_status.unwrap_or(match local.status {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502..=504 => 14,
        _ => 2,
    });
    headers.set("grpc-status", status.to_string());
    if !body.is_empty() {
        let mut message = String::new();
        for byte in core::mem::take(body) {
            if (b' '..=b'~').contains(&byte) && byte != b'%' {
                message.push(char::from(byte));
            } else {
                message.push_str(&format!("%{byte:02X}"));
            }
        }
        headers.set("grpc-message", message);
    }
}
