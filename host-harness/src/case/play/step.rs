//! What each step does.

use core::time::Duration;

use super::{Exchange, Play, Running, prepare};
use crate::case::Ending;
use crate::case::document::step::{Await, Reconfigure};
use crate::case::document::{Allow, Content, Expect, Request as Planned, Step};
use crate::request::Request;
use crate::transcript::Transcript;
use crate::world::WorkerId;

impl<'c> Play<'c> {
    pub(super) fn step(&mut self, number: usize, step: &'c Step) {
        let label = |what: &str| format!("{}: {what}", number + 1);
        match step {
            Step::Request(request) => self.send(&label(&told(request)), request),
            Step::Open(open) => {
                let Some(worker) = self.worker(open.request.worker) else { return };
                let stream = self.world.open(worker, sent(&open.request));
                let running = Running { stream, allow: open.request.allow.clone() };
                self.open.insert(&open.r#as, running);
            }
            Step::Finish(end) => {
                if let Some(running) = self.open.remove(end.stream.as_str()) {
                    let transcript = self.world.finish(running.stream);
                    let label = label(&format!("finish {}", end.stream));
                    self.met(&label, transcript, &end.expect, running.allow, (1, 0));
                }
            }
            Step::Abort(end) => {
                if let Some(running) = self.open.remove(end.stream.as_str()) {
                    let transcript = self.world.abort(running.stream);
                    let label = label(&format!("abort {}", end.stream));
                    self.met(&label, transcript, &end.expect, running.allow, (1, 0));
                }
            }
            Step::AdvanceMs(time) => self.world.advance(Duration::from_millis(*time)),
            Step::AdvanceToMs(time) => {
                let time = Duration::from_millis(*time);
                self.world.advance(time.saturating_sub(self.world.elapsed()));
            }
            Step::Await(call) => self.wait(&label(&format!("await {}", call.upstream)), call),
            Step::ClockSkewMs(by) => self.world.set_wall_clock_off_by(*by),
            Step::Stop(worker) => {
                if let Some(worker) = self.worker(*worker) {
                    self.world.stop(worker);
                }
            }
            Step::Upstream(set) => {
                self.world.set_upstream(&set.name, set.behaviour.upstream());
            }
            Step::Origin(behaviour) => self.world.set_origin(behaviour.upstream()),
            Step::Reconfigure(new) => self.reconfigure(&label("reconfigure"), new),
            Step::Expect(expect) => self.look(&label("expect"), expect),
        }
    }

    /// A worker by its number, which was checked when the case was read.
    pub(super) fn worker(&self, number: usize) -> Option<WorkerId> {
        self.workers.get(number).copied()
    }

    fn send(&mut self, label: &str, request: &Planned) {
        let Some(worker) = self.worker(request.worker) else { return };
        let times = request.repeat.unwrap_or(1);
        for time in 0..times {
            let label = match times {
                1 => label.to_owned(),
                times => format!("{label} ({} of {times})", time + 1),
            };
            let before = self.differences.len();
            let transcript = self.world.request(worker, sent(request));
            let allow = request.allow.clone();
            self.met(&label, transcript, &request.expect, allow, (times, time));
            if self.differences.len() > before {
                // The next repetition would only say the same.
                return;
            }
        }
    }

    fn met(
        &mut self,
        label: &str,
        transcript: Transcript,
        expect: &Expect,
        mut allow: Allow,
        repetition: (usize, usize),
    ) {
        // What is expected need not be allowed besides.
        allow.paused |= expect.outcome == Some(Ending::Paused);
        allow.failure |= expect.outcome == Some(Ending::Failed) || expect.failure.is_some();
        self.hold_against(label, expect, &transcript);
        self.exchanges.push(Exchange {
            step: label.to_owned(),
            expected: expect.outcome,
            transcript,
            allow,
            repetition,
        });
    }

    /// Lets time pass, event by event, until a filter makes a call.
    fn wait(&mut self, label: &str, call: &Await) {
        let patience = Duration::from_millis(call.within_ms.unwrap_or(10_000));
        let deadline = self.world.elapsed().saturating_add(patience);
        let made = |play: &Self| {
            let ledgers = play.all_workers();
            let count = ledgers.iter().map(|worker| {
                let calls = play.world.background_callouts(*worker).iter();
                let fitting = calls.filter(|made| {
                    made.upstream == call.upstream
                        && call
                            .path
                            .as_ref()
                            .is_none_or(|path| path.holds(&made.headers.get_all(":path")))
                });
                fitting.count()
            });
            count.sum::<usize>()
        };
        let before = made(self);
        while made(self) == before {
            let now = self.world.elapsed();
            match self.world.next_event_at() {
                Some(at) if at <= deadline => self.world.advance(at.saturating_sub(now)),
                _ => {
                    self.world.advance(deadline.saturating_sub(now));
                    let path = call.path.as_ref();
                    let path = path.map_or_else(String::new, |path| format!(" for {path}"));
                    let expected = format!("a call{path} within {patience:?}");
                    self.differ(label, "await", expected, "no such call".into());
                    return;
                }
            }
        }
    }

    fn reconfigure(&mut self, label: &str, new: &Reconfigure) {
        let chain = prepare::chain(&new.chain, self.artifact, self.modules);
        let end = match chain {
            Ok(chain) => self.world.reconfigure(&chain),
            Err(error) => Err(error.into()),
        };
        self.started_as(&end, &new.expect, label);
    }
}

/// A request in a few words.
pub(in crate::case) fn told(request: &Planned) -> String {
    let method = request.method.as_deref().unwrap_or("GET");
    let path = request.path.as_ref().map_or(&b"/"[..], |path| path.0.as_slice());
    // A long path is cut: this is a label.
    let shown = path.get(..80).unwrap_or(path);
    format!("{method} {}", shown.escape_ascii())
}

/// The request as the world takes it.
pub(in crate::case) fn sent(planned: &Planned) -> Request {
    let mut request = if planned.bare {
        Request::bare()
    } else {
        let path = planned.path.as_ref().map_or(&b"/"[..], |path| path.0.as_slice());
        Request::new(planned.method.as_deref().unwrap_or("GET"), path)
    };
    if let Some(Content(authority)) = &planned.authority {
        request = request.authority(authority);
    }
    if let Some(Content(scheme)) = &planned.scheme {
        request = request.scheme(scheme);
    }
    for (Content(name), Content(value)) in &planned.headers {
        request = request.header(name, value);
    }
    if let Some(Content(body)) = &planned.body {
        request = request.body(body.clone());
    }
    for Content(chunk) in &planned.chunks {
        request = request.chunk(chunk.clone());
    }
    for (Content(name), Content(value)) in &planned.trailers {
        request = request.trailer(name, value);
    }
    for property in &planned.properties {
        let path: Vec<&str> = property.path.iter().map(String::as_str).collect();
        request = request.property(&path, property.value.0.clone());
    }
    match planned.patience_ms {
        Some(patience) => request.patience(Duration::from_millis(patience)),
        None => request,
    }
}
