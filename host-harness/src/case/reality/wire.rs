//! As much HTTP/1.1 as it takes to send any bytes and to see what became of them: nothing is
//! tidied up, repeated fields and their order are kept.

use core::time::Duration;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use httparse::{EMPTY_HEADER, Status};

use crate::headers::Headers;

/// A message that is larger is a mistake.
const MAX_HEAD: usize = 1 << 20;
const MAX_BODY: usize = 64 << 20;
const MAX_FIELDS: usize = 1024;

/// A message. Pseudo-headers stand for the first line and, in a request, for `host`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Headers,
}

/// Why there is no whole message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The other side closed before the first byte.
    Closed,
    /// It closed in the middle.
    CutOff(Message),
    /// Time is up.
    TimedOut,
    /// It is not HTTP.
    Malformed(String),
}

/// Which message is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Request,
    /// The flag says that it answers `HEAD`.
    Response(bool),
}

/// How long a body is.
enum Length {
    Bytes(usize),
    Chunked,
    UntilClose,
}

/// One side of a connection, with what was read of it too early.
pub(crate) struct Connection {
    stream: TcpStream,
    held: Vec<u8>,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream) -> Self {
        // Small pieces are sent as they are written.
        let _ = stream.set_nodelay(true);
        Self { stream, held: Vec::new() }
    }

    pub(crate) fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// Reads until a message is whole; without a deadline, as long as it takes.
    pub(crate) fn read(&mut self, kind: Kind, deadline: Option<Instant>) -> Result<Message, End> {
        let (mut message, length) = loop {
            match head(&self.held, kind) {
                Ok(Some((used, message, length))) => {
                    self.held.drain(..used);
                    // An interim response is not the answer.
                    if message.headers.get(":status").is_some_and(|status| status == b"100") {
                        continue;
                    }
                    break (message, length);
                }
                Ok(None) if self.held.len() > MAX_HEAD => {
                    return Err(End::Malformed("the head does not end".to_owned()));
                }
                Ok(None) => {
                    if self.fill(deadline)? == 0 {
                        let begun = !self.held.is_empty();
                        return Err(if begun {
                            End::CutOff(Message::default())
                        } else {
                            End::Closed
                        });
                    }
                }
                Err(reason) => return Err(End::Malformed(reason)),
            }
        };
        match length {
            Length::Bytes(length) => {
                while self.held.len() < length {
                    if self.fill(deadline)? == 0 {
                        message.body = core::mem::take(&mut self.held);
                        return Err(End::CutOff(message));
                    }
                }
                message.body = self.held.drain(..length).collect();
            }
            Length::UntilClose => {
                while self.fill(deadline)? > 0 {}
                message.body = core::mem::take(&mut self.held);
            }
            Length::Chunked => return self.chunks(message, deadline),
        }
        Ok(message)
    }

    fn chunks(&mut self, mut message: Message, deadline: Option<Instant>) -> Result<Message, End> {
        let malformed = |what: &str| End::Malformed(what.to_owned());
        loop {
            match httparse::parse_chunk_size(&self.held) {
                Ok(Status::Complete((used, 0))) => {
                    self.held.drain(..used);
                    break;
                }
                Ok(Status::Complete((used, size))) => {
                    let size = usize::try_from(size).unwrap_or(usize::MAX);
                    if message.body.len().saturating_add(size) > MAX_BODY {
                        return Err(malformed("the body is too long"));
                    }
                    let whole = used + size + 2;
                    if self.held.len() >= whole {
                        let chunk = self.held.get(used..used + size).unwrap_or_default();
                        message.body.extend_from_slice(chunk);
                        self.held.drain(..whole);
                        continue;
                    }
                }
                Ok(Status::Partial) => {}
                Err(_) => return Err(malformed("a chunk has no size")),
            }
            if self.fill(deadline)? == 0 {
                return Err(End::CutOff(message));
            }
        }
        loop {
            let mut fields = [EMPTY_HEADER; 64];
            match httparse::parse_headers(&self.held, &mut fields) {
                Ok(Status::Complete((used, fields))) => {
                    message.trailers =
                        fields.iter().map(|field| (field.name, field.value)).collect();
                    self.held.drain(..used);
                    return Ok(message);
                }
                Ok(Status::Partial) => {}
                Err(error) => return Err(End::Malformed(error.to_string())),
            }
            if self.fill(deadline)? == 0 {
                return Err(End::CutOff(message));
            }
        }
    }

    fn fill(&mut self, deadline: Option<Instant>) -> Result<usize, End> {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Err(End::TimedOut);
        }
        if self.held.len() > MAX_BODY {
            return Err(End::Malformed("the message is too long".to_owned()));
        }
        let _ = self.stream.set_read_timeout(left);
        let mut piece = [0; 16 << 10];
        match self.stream.read(&mut piece) {
            Ok(read) => {
                self.held.extend_from_slice(piece.get(..read).unwrap_or_default());
                Ok(read)
            }
            Err(error)
                if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) =>
            {
                Err(End::TimedOut)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => self.fill(deadline),
            // A reset is an end like any other.
            Err(_) => Ok(0),
        }
    }
}

/// The head of a message, once it is there whole.
fn head(bytes: &[u8], kind: Kind) -> Result<Option<(usize, Message, Length)>, String> {
    let mut fields = vec![EMPTY_HEADER; MAX_FIELDS];
    let mut headers = Headers::new();
    let used = match kind {
        Kind::Request => {
            let mut request = httparse::Request::new(&mut fields);
            let Status::Complete(used) = request.parse(bytes).map_err(|e| e.to_string())? else {
                return Ok(None);
            };
            headers.add(":method", request.method.unwrap_or_default());
            headers.add(":path", request.path.unwrap_or_default());
            used
        }
        Kind::Response(_) => {
            // Filters can answer with any number, and the proxy passes it on.
            let Some(line) = bytes.iter().position(|byte| *byte == b'\n') else { return Ok(None) };
            let (first, rest) = bytes.split_at(line + 1);
            let mut words = first.trim_ascii().split(|byte| *byte == b' ');
            let (Some(b"HTTP/1.1" | b"HTTP/1.0"), Some(status)) = (words.next(), words.next())
            else {
                return Err(format!("no status line: {}", first.escape_ascii()));
            };
            headers.add(":status", status);
            match httparse::parse_headers(rest, &mut fields).map_err(|e| e.to_string())? {
                Status::Complete((used, _)) => line + 1 + used,
                Status::Partial => return Ok(None),
            }
        }
    };
    for field in fields.iter().take_while(|field| !field.name.is_empty()) {
        let host = kind == Kind::Request && field.name.eq_ignore_ascii_case("host");
        headers.add(if host { ":authority" } else { field.name }, field.value);
    }
    let length = length(&headers, kind)?;
    Ok(Some((used, Message { headers, ..Message::default() }, length)))
}

fn length(headers: &Headers, kind: Kind) -> Result<Length, String> {
    let status = headers.get(":status").unwrap_or_default();
    let bodiless = kind == Kind::Response(true)
        || matches!(status, b"204" | b"304")
        || (status.len() == 3 && status.starts_with(b"1"));
    if bodiless {
        return Ok(Length::Bytes(0));
    }
    let chunked = headers.get_all("transfer-encoding").last().copied();
    if chunked.is_some_and(|coding| coding.to_ascii_lowercase().ends_with(b"chunked")) {
        return Ok(Length::Chunked);
    }
    match headers.get("content-length") {
        Some(length) => core::str::from_utf8(length)
            .ok()
            .and_then(|length| length.parse().ok())
            .filter(|length| *length <= MAX_BODY)
            .map(Length::Bytes)
            .ok_or_else(|| "`content-length` is no number that makes sense".to_owned()),
        None if kind == Kind::Request => Ok(Length::Bytes(0)),
        None => Ok(Length::UntilClose),
    }
}

/// How the body of a message that is sent is framed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Framing {
    /// Time between the chunks, so that they arrive one by one.
    pub(crate) pause: Duration,
    /// The message says `content-length: 0` when there is no body.
    pub(crate) says_empty: bool,
}

/// Sends a message whose first line is given.
pub(crate) fn send(
    stream: &mut TcpStream,
    first: &[u8],
    fields: &[(&[u8], &[u8])],
    chunks: &[Vec<u8>],
    trailers: &Headers,
    framing: Framing,
) -> io::Result<()> {
    let mut bytes = first.to_vec();
    bytes.extend_from_slice(b"\r\n");
    for (name, value) in fields {
        line(&mut bytes, name, value);
    }
    let framed = fields.iter().any(|(name, _)| {
        matches!(name.to_ascii_lowercase().as_slice(), b"content-length" | b"transfer-encoding")
    });
    let length: usize = chunks.iter().map(Vec::len).sum();
    let chunked = chunks.len() > 1 || !trailers.is_empty();
    match (framed, chunked) {
        (true, _) => {}
        (false, true) => line(&mut bytes, b"transfer-encoding", b"chunked"),
        (false, false) if length > 0 || framing.says_empty => {
            line(&mut bytes, b"content-length", length.to_string().as_bytes());
        }
        (false, false) => {}
    }
    bytes.extend_from_slice(b"\r\n");
    let chunked = chunked && !framed;
    for (number, chunk) in chunks.iter().enumerate() {
        if number > 0 {
            stream.write_all(&core::mem::take(&mut bytes))?;
            std::thread::sleep(framing.pause);
        }
        if chunked && chunk.is_empty() {
            continue;
        }
        if chunked {
            bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        }
        bytes.extend_from_slice(chunk);
        if chunked {
            bytes.extend_from_slice(b"\r\n");
        }
    }
    if chunked {
        bytes.extend_from_slice(b"0\r\n");
        for (name, value) in trailers.iter() {
            line(&mut bytes, name, value);
        }
        bytes.extend_from_slice(b"\r\n");
    }
    stream.write_all(&bytes)?;
    stream.flush()
}

fn line(bytes: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    for part in [name, b": ", value, b"\r\n"] {
        bytes.extend_from_slice(part);
    }
}
