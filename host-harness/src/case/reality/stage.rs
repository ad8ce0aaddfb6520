//! One case, played by a real proxy between a real client and real upstreams.

use core::net::Ipv4Addr;
use core::time::Duration;
use std::collections::BTreeMap;
use std::io;
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Instant;

use super::compare::{Found, compare};
use super::explain::Added;
use super::plan::LONGEST;
use super::proxy::{self, LogFile};
use super::seen::{Answer, Call, Seen, sorted};
use super::server::Server;
use super::wire::{self, Connection, End, Framing, Kind};
use crate::case::document::step::Await;
use crate::case::document::{Request as Planned, Step, WorldExpect};
use crate::case::play::step::{sent, told};
use crate::case::{Case, Report};

/// How long a client waits for a response that the harness has seen.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long it waits where there was none in the harness.
const IMPATIENCE: Duration = Duration::from_millis(400);
/// How long what should have arrived elsewhere may still be on its way.
const ON_THE_WAY: Duration = Duration::from_secs(1);
/// How long something that should not come at all is waited for.
const GRACE: Duration = Duration::from_millis(15);
/// Time between two chunks of a request.
const PIECES: Duration = Duration::from_millis(20);

/// Everybody around the proxy.
pub(super) struct Stage {
    pub(super) origin: Server,
    pub(super) upstreams: BTreeMap<String, Server>,
    pub(super) log: Option<LogFile>,
    /// The address to which the name of a metric is appended.
    pub(super) metrics: Option<String>,
    pub(super) metric_prefix: String,
    pub(super) added: Added,
}

/// How much everybody had seen at some moment.
struct Mark {
    origin: usize,
    upstreams: Vec<usize>,
    log: u64,
}

/// A request that was sent.
struct Sent {
    connection: Result<Connection, String>,
    head: bool,
    mark: Mark,
}

/// What differs, by step.
pub(super) type Steps = Vec<(String, Found)>;

impl Stage {
    /// Plays a case, and compares it with how the harness played it.
    pub(super) fn play(&mut self, case: &Case, port: u16, harness: &Report) -> io::Result<Steps> {
        self.origin.behave(case.world.origin.as_ref())?;
        for (name, server) in &mut self.upstreams {
            server.behave(case.world.upstreams.get(name))?;
        }
        let known: BTreeMap<&str, Seen> =
            harness.transcripts().map(|(step, transcript)| (step, Seen::of(transcript))).collect();
        let mut steps = Steps::new();
        let mut open: BTreeMap<&str, Sent> = BTreeMap::new();
        for (number, step) in case.steps.iter().enumerate() {
            let label = |what: &str| format!("{}: {what}", number + 1);
            match step {
                Step::Request(request) => {
                    let times = request.repeat.unwrap_or(1);
                    for time in 0..times {
                        let mut label = label(&told(request));
                        if times > 1 {
                            label = format!("{label} ({} of {times})", time + 1);
                        }
                        let sent = self.send(port, request);
                        self.meet(&mut steps, label, sent, &known, false);
                    }
                }
                Step::Open(stream) => {
                    open.insert(&stream.r#as, self.send(port, &stream.request));
                    // As far as it comes before the next step.
                    thread::sleep(2 * PIECES);
                }
                Step::Finish(end) => {
                    if let Some(sent) = open.remove(end.stream.as_str()) {
                        let label = label(&format!("finish {}", end.stream));
                        self.meet(&mut steps, label, sent, &known, false);
                    }
                }
                Step::Abort(end) => {
                    if let Some(sent) = open.remove(end.stream.as_str()) {
                        let label = label(&format!("abort {}", end.stream));
                        self.meet(&mut steps, label, sent, &known, true);
                    }
                }
                Step::AdvanceMs(time) => thread::sleep(Duration::from_millis(*time)),
                Step::Await(call) => {
                    if let Some(found) = self.wait(call) {
                        steps.push((label(&format!("await {}", call.upstream)), vec![found]));
                    }
                }
                Step::Upstream(set) => {
                    if let Some(server) = self.upstreams.get_mut(&set.name) {
                        server.behave(Some(&set.behaviour))?;
                    }
                }
                Step::Origin(behaviour) => self.origin.behave(Some(behaviour))?,
                Step::Expect(expect) => steps.push((label("expect"), self.look(expect))),
                // Cases with these are not played.
                Step::AdvanceToMs(_)
                | Step::ClockSkewMs(_)
                | Step::Stop(_)
                | Step::Reconfigure(_) => {}
            }
        }
        self.origin.close();
        self.upstreams.values_mut().for_each(Server::close);
        steps.retain(|(_, found)| !found.is_empty());
        Ok(steps)
    }

    fn mark(&self) -> Mark {
        Mark {
            origin: self.origin.count(),
            upstreams: self.upstreams.values().map(Server::count).collect(),
            log: self.log.as_ref().map_or(0, LogFile::length),
        }
    }

    fn send(&self, port: u16, planned: &Planned) -> Sent {
        let mark = self.mark();
        let request = sent(planned);
        let pseudo = |name: &str| request.headers.get(name).unwrap_or_default();
        let method = pseudo(":method");
        let first = [method, b" ", pseudo(":path"), b" HTTP/1.1"].concat();
        let mut fields: Vec<(&[u8], &[u8])> = vec![(b"host", pseudo(":authority"))];
        fields.extend(request.headers.iter().filter(|(name, _)| !name.starts_with(b":")));
        let framing = Framing { pause: PIECES, says_empty: false };
        let connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .and_then(|mut stream| {
                let (chunks, trailers) = (&request.chunks, &request.trailers);
                wire::send(&mut stream, &first, &fields, chunks, trailers, framing)
                    // A proxy may answer before it has read everything.
                    .or_else(|error| match error.kind() {
                        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => Ok(()),
                        _ => Err(error),
                    })?;
                Ok(Connection::new(stream))
            })
            .map_err(|error| error.to_string());
        Sent { connection, head: method == b"HEAD", mark }
    }

    /// Waits for the end of a request, and compares it.
    fn meet(
        &self,
        steps: &mut Steps,
        label: String,
        sent: Sent,
        known: &BTreeMap<&str, Seen>,
        abort: bool,
    ) {
        // A repetition that the harness did not reach: what was wrong before was said.
        let Some(mut harness) = known.get(label.as_str()).cloned() else { return };
        let Sent { connection, head, mark } = sent;
        if let Answer::Response(message) = &mut harness.client
            && head
        {
            // It ends at the proxy, which the harness is not.
            message.body.clear();
        }
        let client = match connection {
            Err(reason) => Answer::Broken(reason),
            Ok(mut connection) if abort => {
                let _ = connection.stream().shutdown(Shutdown::Both);
                Answer::Aborted
            }
            Ok(mut connection) => {
                let nothing = harness.client == Answer::Nothing;
                let patience = if nothing { IMPATIENCE } else { PATIENCE };
                let deadline = Instant::now() + patience;
                match connection.read(Kind::Response(head), Some(deadline)) {
                    Ok(message) => Answer::Response(message),
                    Err(End::Closed) => Answer::Closed,
                    Err(End::CutOff(message)) => Answer::CutOff(message),
                    Err(End::TimedOut) => Answer::Nothing,
                    Err(End::Malformed(reason)) => Answer::Broken(reason),
                }
            }
        };
        let deadline = Instant::now() + ON_THE_WAY;
        let mut reality = self.since(&mark, client);
        while Instant::now() < deadline && is_behind(&reality, &harness) {
            thread::sleep(GRACE);
            reality = self.since(&mark, reality.client);
        }
        thread::sleep(GRACE);
        let reality = self.since(&mark, reality.client);
        steps.push((label, compare(&harness, &reality, &self.added)));
    }

    fn since(&self, mark: &Mark, client: Answer) -> Seen {
        let mut upstream = self.origin.received_since(mark.origin);
        let calls =
            self.upstreams.iter().zip(&mark.upstreams).flat_map(|((name, server), start)| {
                let received = server.received_since(*start).into_iter();
                received.map(|message| Call { upstream: name.clone(), message })
            });
        let calls = sorted(calls.collect());
        Seen {
            upstream: if upstream.is_empty() { None } else { Some(upstream.swap_remove(0)) },
            client,
            calls,
            logs: self.log.as_ref().map(|log| log.since(mark.log)),
        }
    }

    fn wait(&self, call: &Await) -> Option<(String, String, String)> {
        let patience = call.within_ms.map_or(LONGEST, Duration::from_millis).min(LONGEST);
        let server = self.upstreams.get(&call.upstream)?;
        let (start, deadline) = (server.count(), Instant::now() + patience);
        let fits = |message: &wire::Message| {
            let paths = message.headers.get_all(":path");
            call.path.as_ref().is_none_or(|path| path.holds(&paths))
        };
        while !server.received_since(start).iter().any(fits) {
            if Instant::now() > deadline {
                let missing = "no such call".to_owned();
                return Some(("await".to_owned(), "a call".to_owned(), missing));
            }
            thread::sleep(GRACE);
        }
        None
    }

    /// Of what a case expects of the world, metrics can be seen.
    fn look(&self, expect: &WorldExpect) -> Found {
        let Some(url) = &self.metrics else { return Found::new() };
        let mut found = Found::new();
        for (name, matcher) in &expect.metrics {
            let name_there = format!("{}{name}", self.metric_prefix);
            let value = proxy::fetch(&format!("{url}{name_there}")).map(|text| {
                let value = text.lines().find_map(|line| line.strip_prefix(&name_there));
                value.and_then(|value| Some(value.strip_prefix(": ")?.trim().to_owned()))
            });
            let (holds, there) = match value {
                Ok(Some(value)) => (matcher.holds(&[value.as_bytes()]), value),
                Ok(None) => (matcher.holds(&[]), "absent".to_owned()),
                Err(reason) => (false, reason),
            };
            if !holds {
                found.push((format!("metrics.{name}"), matcher.to_string(), there));
            }
        }
        found
    }
}

/// Whether something that the harness saw has not been seen yet.
fn is_behind(reality: &Seen, harness: &Seen) -> bool {
    let lines = |seen: &Seen| seen.logs.as_ref().map_or(0, Vec::len);
    (harness.upstream.is_some() && reality.upstream.is_none())
        || reality.calls.len() < harness.calls.len()
        || (reality.logs.is_some() && lines(reality) < lines(harness))
}
