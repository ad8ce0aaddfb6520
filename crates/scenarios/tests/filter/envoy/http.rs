//! As much HTTP/1.1 as it takes to send any bytes and to see what became of them.

use core::time::Duration;
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use gatekey_scenarios::transcript::Fields;

/// The response header by which the upstream's answers are known.
pub(super) const FROM_UPSTREAM: &str = "x-from-upstream";
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) struct Response {
    pub(super) status: u16,
    pub(super) headers: Fields,
    pub(super) body: Vec<u8>,
}

/// Sends a request and reads the answer.
pub(super) fn exchange(socket: &Path, request: &[u8]) -> io::Result<Response> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(request)?;
    let (mut bytes, mut chunk) = (Vec::new(), [0; 16_384]);
    loop {
        if let Some(response) = response(&bytes) {
            return Ok(response);
        }
        match stream.read(&mut chunk)? {
            0 => return Err(io::Error::other(format!("cut off: {}", bytes.escape_ascii()))),
            read => bytes.extend_from_slice(&chunk[..read]),
        }
    }
}

/// A response, once it is there whole. The end of the connection is not awaited: Envoy holds it
/// open for a second.
fn response(bytes: &[u8]) -> Option<Response> {
    let end = end_of_head(bytes)?;
    let (line, headers) = head(&bytes[..end]);
    let number = |text: &[u8]| core::str::from_utf8(text).ok()?.parse().ok();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(Some(0), |(_, value)| number(value))?;
    let body = bytes.get(end..end + length)?.to_vec();
    let status = line.split(' ').nth(1)?.parse().ok()?;
    Some(Response { status, headers, body })
}

/// The first line of a head, and its fields: names in lower case.
pub(super) fn head(bytes: &[u8]) -> (String, Fields) {
    let mut lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let first = lines.next().unwrap_or_default();
    let fields = lines.filter_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at(colon);
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        Some((name, value[1..].trim_ascii().to_vec()))
    });
    (String::from_utf8_lossy(first).into_owned(), fields.collect())
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

/// An upstream that answers every request with its head.
pub(super) fn echo(listener: &UnixListener) {
    for stream in listener.incoming().flatten() {
        std::thread::spawn(move || answer_all(stream));
    }
}

fn answer_all(mut stream: UnixStream) {
    let mut bytes = Vec::new();
    let mut chunk = [0; 16_384];
    while let Ok(read @ 1..) = stream.read(&mut chunk) {
        bytes.extend_from_slice(&chunk[..read]);
        while let Some(end) = end_of_head(&bytes) {
            let head: Vec<u8> = bytes.drain(..end).collect();
            let answer = format!(
                "HTTP/1.1 200 OK\r\n{FROM_UPSTREAM}: 1\r\ncontent-length: {}\r\n\r\n",
                head.len()
            );
            if stream.write_all(answer.as_bytes()).and_then(|()| stream.write_all(&head)).is_err() {
                return;
            }
        }
    }
}
