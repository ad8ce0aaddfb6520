//! One direction of a stream: headers, then body chunk by chunk, then trailers.

use super::Drive;
use crate::abi::Direction;
use crate::error::Failure;
use crate::stream::{Half, LocalResponse, Stage, Stream, Turn, Windows};
use crate::vm::Action;

/// How far a half came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// All of it is through.
    Done,
    /// Nothing moves before the guest or the client does something.
    Waiting,
    /// The stream was answered or closed.
    Interrupted,
}

impl Drive<'_> {
    /// Runs the callbacks of one direction until it is through or stuck.
    pub(super) fn pump(&mut self, context: u32, direction: Direction) -> Result<Progress, Failure> {
        loop {
            let Some(stream) = self.stream(context) else { return Ok(Progress::Done) };
            stream.released = false;
            if stream.bypassed || (direction == Direction::Response && stream.silent_response) {
                stream.half(direction).flush_all();
                return Ok(Progress::Done);
            }
            let half = stream.half(direction);
            if half.blocked {
                return Ok(Progress::Waiting);
            }
            match half.stage {
                Stage::Headers => {
                    half.stage = Stage::Body;
                    half.windows.headers = true;
                    half.resumed = false;
                    let size = (half.headers.len(), half.ends_with_headers());
                    let action = self.worker.vm.on_headers(self.lent, direction, context, size)?;
                    let Some(half) = self.after(context, direction, action) else {
                        return Ok(Progress::Interrupted);
                    };
                    half.blocked = action == Action::Pause && !half.resumed;
                }
                Stage::Body => {
                    half.leave_headers();
                    let Some(chunk) = half.chunks.pop_front() else {
                        if half.held && half.trailers.is_empty() {
                            return Ok(Progress::Waiting);
                        }
                        half.stage = Stage::Trailers;
                        continue;
                    };
                    half.body.extend_from_slice(&chunk);
                    half.windows.body = true;
                    half.resumed = false;
                    let size = (half.body.len(), half.ends_with_headers());
                    let action = self.worker.vm.on_body(self.lent, direction, context, size)?;
                    let limit = self.worker.setup.profile.bodies.buffer_limit;
                    let Some(half) = self.after(context, direction, action) else {
                        return Ok(Progress::Interrupted);
                    };
                    half.held = action == Action::Pause && !half.resumed;
                    if !half.held {
                        half.windows.body = false;
                        half.flush_body();
                    } else if half.body.len() > limit {
                        self.refuse_size(context, direction);
                        return Ok(Progress::Interrupted);
                    }
                }
                Stage::Trailers => {
                    half.stage = Stage::Done;
                    if half.trailers.is_empty() {
                        continue;
                    }
                    half.windows.trailers = true;
                    half.resumed = false;
                    let count = half.trailers.len();
                    let action =
                        self.worker.vm.on_trailers(self.lent, direction, context, count)?;
                    let Some(half) = self.after(context, direction, action) else {
                        return Ok(Progress::Interrupted);
                    };
                    half.blocked = action == Action::Pause && !half.resumed;
                }
                Stage::Done => {
                    half.leave_headers();
                    half.flush_all();
                    return Ok(Progress::Done);
                }
            }
        }
    }

    /// What a callback left behind: the half to go on with, unless the stream was answered or
    /// closed.
    fn after(&mut self, context: u32, direction: Direction, action: Action) -> Option<&mut Half> {
        let replaces = self.worker.setup.profile.streams.local_response_replaces_action;
        let stream = self.stream(context)?;
        if stream.closed_by_guest {
            return None;
        }
        if stream.local.is_some() && !stream.local_taken {
            if !replaces && action == Action::Continue && direction == Direction::Request {
                stream.request.flush_all();
            }
            return None;
        }
        Some(stream.half(direction))
    }

    /// A paused filter holds back more than the proxy may buffer.
    fn refuse_size(&mut self, context: u32, direction: Direction) {
        let Some(stream) = self.stream(context) else { return };
        let (status, details) = match direction {
            Direction::Request => (413, "request_payload_too_large"),
            Direction::Response => (500, "response_payload_too_large"),
        };
        stream.local = Some(LocalResponse {
            status,
            headers: crate::Headers::new(),
            body: Vec::new(),
            details: details.to_owned(),
            grpc_status: None,
        });
        stream.local_taken = false;
    }
}

impl Half {
    /// The headers go on their way; the guest cannot change them any more.
    fn leave_headers(&mut self) {
        if self.sent.headers.is_none() {
            self.sent.headers = Some(self.headers.clone());
            self.windows.headers = false;
        }
    }
}

impl Stream {
    /// Turns the filter's own answer into the response.
    pub(super) fn answer_locally(&mut self, profile: &crate::Profile) {
        self.local_taken = true;
        let Some(local) = &self.local else { return };
        if self.released && profile.streams.resume_before_answer_forwards {
            self.request.flush_all();
        }
        if self.response.sent.headers.is_some() {
            // Half of another response is with the client already: the proxy can only cut it off.
            self.closed_by_guest = true;
            return;
        }
        let mut headers = crate::Headers::new();
        headers.add(":status", local.status.to_string());
        for (name, value) in local.headers.iter() {
            headers.add(name, value);
        }
        if profile.streams.local_response_adds_content_headers && !local.body.is_empty() {
            headers.set("content-length", local.body.len().to_string());
            if headers.get("content-type").is_none() {
                headers.add("content-type", "text/plain");
            }
        }
        if let Some(grpc_status) = local.grpc_status {
            headers.add("grpc-status", grpc_status.to_string());
        }
        let body = if local.body.is_empty() { Vec::new() } else { vec![local.body.clone()] };
        self.silent_response =
            !profile.streams.local_response_runs_callbacks || self.turn == Turn::Response;
        if !profile.streams.answer_keeps_request_maps {
            self.request.windows = Windows::default();
        }
        self.response = Half::new(headers, body, crate::Headers::new());
        self.turn = Turn::Response;
    }

    /// Refuses the request because the VM is gone.
    pub(super) fn refuse_after_failure(&mut self, profile: &crate::Profile) {
        self.turn = Turn::Over;
        if self.response.sent.headers.is_none() {
            let status = profile.failures.status.to_string();
            self.response.sent.headers = Some([(":status", status)].into_iter().collect());
        }
    }
}
