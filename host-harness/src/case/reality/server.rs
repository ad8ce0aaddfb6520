//! Scripted upstreams as real servers on loopback.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::time::Duration;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::port::Port;
use super::wire::{self, Connection, End, Framing, Kind, Message};
use crate::case::document::upstream::Behaviour;
use crate::world::upstream::{Fate, Upstream, UpstreamReply, UpstreamRequest};

/// How often a server looks whether somebody knocks.
const LOOK: Duration = Duration::from_millis(1);
/// Time for the proxy to notice that its idle connections are gone.
const NOTICE: Duration = Duration::from_millis(30);
/// Time between two chunks of a reply.
const PIECES: Duration = Duration::from_millis(20);

/// What all threads of a server share.
struct Common {
    name: String,
    upstream: Mutex<Upstream>,
    /// How many requests are answered before connections are refused.
    left: AtomicUsize,
    /// Whether the port is open.
    open: AtomicBool,
    received: Mutex<Vec<Message>>,
    /// A second handle to each connection, by number.
    connections: Mutex<BTreeMap<usize, TcpStream>>,
}

/// A server that behaves as a case says.
pub(crate) struct Server {
    common: Arc<Common>,
    port: Port,
    thread: Option<thread::JoinHandle<()>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Server {
    /// A server with a port of its own, which nobody can reach yet.
    pub(crate) fn new(name: &str) -> io::Result<Self> {
        let port = Port::new()?;
        let common = Arc::new(Common {
            name: name.to_owned(),
            upstream: Mutex::new(Upstream::script([])),
            left: AtomicUsize::new(0),
            open: AtomicBool::new(false),
            received: Mutex::default(),
            connections: Mutex::default(),
        });
        Ok(Self { common, port, thread: None })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port.number()
    }

    /// From now on it behaves like this; `None` answers 200 with no body.
    pub(crate) fn behave(&mut self, behaviour: Option<&Behaviour>) -> io::Result<()> {
        self.close();
        let (upstream, answers) = match behaviour {
            Some(behaviour) => (behaviour.upstream(), behaviour.answers_before_refusal()),
            None => (Upstream::always(UpstreamReply::status(200)), None),
        };
        *lock(&self.common.upstream) = upstream;
        let answers = answers.unwrap_or(usize::MAX);
        self.common.left.store(answers, Ordering::SeqCst);
        if answers > 0 {
            let listener = self.port.listen()?;
            listener.set_nonblocking(true)?;
            self.common.open.store(true, Ordering::SeqCst);
            let common = Arc::clone(&self.common);
            self.thread = Some(thread::spawn(move || common.serve(&listener)));
        }
        Ok(())
    }

    /// Closes the port and every connection.
    pub(crate) fn close(&mut self) {
        self.common.open.store(false, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let connections = core::mem::take(&mut *lock(&self.common.connections));
        if !connections.is_empty() {
            for connection in connections.values() {
                let _ = connection.shutdown(Shutdown::Both);
            }
            thread::sleep(NOTICE);
        }
    }

    /// How many requests have come.
    pub(crate) fn count(&self) -> usize {
        lock(&self.common.received).len()
    }

    /// The requests that have come, from a place in their row on.
    pub(crate) fn received_since(&self, start: usize) -> Vec<Message> {
        lock(&self.common.received).get(start..).unwrap_or_default().to_vec()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.close();
    }
}

impl Common {
    fn serve(self: &Arc<Self>, listener: &TcpListener) {
        for number in 0.. {
            if !self.open.load(Ordering::SeqCst) {
                return;
            }
            match listener.accept() {
                Ok((stream, _)) => {
                    let _ = stream.set_nonblocking(false);
                    if let Ok(twin) = stream.try_clone() {
                        lock(&self.connections).insert(number, twin);
                    }
                    let common = Arc::clone(self);
                    thread::spawn(move || {
                        let connection = common.talk(Connection::new(stream));
                        // A connection ends when its last handle is gone.
                        lock(&common.connections).remove(&number);
                        drop(connection);
                    });
                }
                Err(_) => thread::sleep(LOOK),
            }
        }
    }

    /// Answers every request of a connection, and hands it back for its end.
    fn talk(&self, mut connection: Connection) -> Connection {
        loop {
            let request = match connection.read(Kind::Request, None) {
                Ok(request) => request,
                // Half a request has reached the upstream too.
                Err(End::CutOff(message)) if !message.headers.is_empty() => {
                    lock(&self.received).push(message);
                    return connection;
                }
                Err(_) => return connection,
            };
            let head = request.headers.get(":method").is_some_and(|method| method == b"HEAD");
            let asked = UpstreamRequest {
                upstream: self.name.clone(),
                headers: request.headers.clone(),
                body: request.body.clone(),
                trailers: request.trailers.clone(),
            };
            let reply = lock(&self.upstream).reply_to(&asked);
            lock(&self.received).push(request);
            let last = self.left.fetch_sub(1, Ordering::SeqCst) == 1;
            if last {
                self.open.store(false, Ordering::SeqCst);
            }
            if reply.fate == Fate::Never {
                // The connection stays as it is until the proxy or the end of the case closes it.
                let _ = connection.read(Kind::Request, None);
                return connection;
            }
            thread::sleep(reply.latency + if last { 5 * LOOK } else { Duration::ZERO });
            // A script that has ended refuses, so no connection stays for the next request.
            if !answer(connection.stream(), &reply, head) || reply.until_close || last {
                return connection;
            }
        }
    }
}

/// Sends the reply; false when the connection is over.
fn answer(stream: &mut TcpStream, reply: &UpstreamReply, head: bool) -> bool {
    let status = reply.headers.get(":status").unwrap_or(b"200");
    let first = [b"HTTP/1.1 ".as_slice(), status, b" OK"].concat();
    let fields: Vec<_> = reply.headers.iter().filter(|(name, _)| !name.starts_with(b":")).collect();
    let framing = Framing { pause: PIECES, says_empty: !reply.until_close };
    match reply.fate {
        Fate::Answer if reply.until_close => {
            let mut bytes = first;
            bytes.extend_from_slice(b"\r\n");
            for (name, value) in fields {
                for part in [name, b": ", value, b"\r\n"] {
                    bytes.extend_from_slice(part);
                }
            }
            bytes.extend_from_slice(b"\r\n");
            bytes.extend(reply.chunks.concat());
            let _ = stream.write_all(&bytes);
            false
        }
        Fate::Answer => {
            let bodiless = head || matches!(status, b"204" | b"304");
            let chunks = if bodiless { &[] } else { reply.chunks.as_slice() };
            let framing = Framing { says_empty: !bodiless, ..framing };
            wire::send(stream, &first, &fields, chunks, &reply.trailers, framing).is_ok()
        }
        Fate::CutOff => {
            let mut fields = fields;
            let sent: usize = reply.chunks.iter().map(Vec::len).sum();
            let promised = (sent + 100).to_string();
            fields.push((b"content-length", promised.as_bytes()));
            let none = crate::headers::Headers::new();
            let _ = wire::send(stream, &first, &fields, &reply.chunks, &none, framing);
            false
        }
        Fate::Reset | Fate::ConnectError | Fate::NotStarted | Fate::Never => {
            // With nothing to linger for, closing sends a reset.
            let _ = socket2::SockRef::from(&*stream).set_linger(Some(Duration::ZERO));
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn server(behaviour: &serde_json::Value) -> Server {
        let behaviour: Behaviour = serde_json::from_value(behaviour.clone()).unwrap();
        let mut server = Server::new("test").unwrap();
        server.behave(Some(&behaviour)).unwrap();
        server
    }

    fn ask(server: &Server, body: &[u8]) -> Result<Message, End> {
        let mut stream = TcpStream::connect((core::net::Ipv4Addr::LOCALHOST, server.port()))
            .map_err(|_| End::Closed)?;
        let fields: [(&[u8], &[u8]); 3] = [(b"Host", b"a"), (b"X", b"1"), (b"x", b"2")];
        let chunks = [body.to_vec()];
        let framing = Framing { pause: Duration::ZERO, says_empty: false };
        let none = crate::headers::Headers::new();
        wire::send(&mut stream, b"POST /p HTTP/1.1", &fields, &chunks, &none, framing).unwrap();
        let deadline = std::time::Instant::now() + Duration::from_millis(300);
        Connection::new(stream).read(Kind::Response(false), Some(deadline))
    }

    #[test]
    fn a_script_is_followed_and_then_nobody_is_there() {
        let script = json!([
            { "status": 201, "headers": [["a", "1"], ["a", "2"]], "chunks": ["b", "c"], "trailers": [["t", "3"]] },
            { "fails": "reset" },
            { "fails": "cut_off", "body": "half" },
            { "body": "last" }
        ]);
        let server = server(&script);
        let first = ask(&server, b"body").unwrap();
        assert_eq!(first.headers.get_all("a"), [b"1", b"2"]);
        assert_eq!((first.body.as_slice(), first.trailers.get("t")), (&b"bc"[..], Some(&b"3"[..])));
        let asked = &server.received_since(0)[0];
        assert_eq!(asked.headers.get_all("x"), [b"1", b"2"]);
        assert_eq!(
            (asked.headers.get(":authority"), asked.body.as_slice()),
            (Some(&b"a"[..]), &b"body"[..])
        );
        assert_eq!(ask(&server, b""), Err(End::Closed));
        let Err(End::CutOff(cut)) = ask(&server, b"") else { panic!() };
        assert_eq!(cut.body, b"half");
        assert_eq!(ask(&server, b"").unwrap().body, b"last");
        thread::sleep(20 * LOOK);
        assert_eq!((ask(&server, b""), server.count()), (Err(End::Closed), 4));
    }

    #[test]
    fn silence_lasts_until_the_end_of_the_case() {
        let mut server = server(&json!({ "always": { "fails": "never" } }));
        assert_eq!((ask(&server, b""), server.count()), (Err(End::TimedOut), 1));
        server.close();
        assert_eq!(ask(&server, b""), Err(End::Closed));
        server.behave(None).unwrap();
        assert_eq!(ask(&server, b"").unwrap().headers.get(":status"), Some(&b"200"[..]));
    }
}
