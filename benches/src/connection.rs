//! A connection that is kept, and does as little as it can beside sending and reading.

use core::net::{Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use anyhow::{Context as _, Result, bail};

const PATIENCE: Duration = Duration::from_secs(10);
/// The buffer to begin with.
const ORDINARY_ANSWER: usize = 16 * 1024;
const LARGEST_ANSWER: usize = 64 << 20;

#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

/// An answer, as it lies in the buffer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) head: &'a str,
    pub(crate) body: &'a [u8],
}

impl Connection {
    pub(crate) fn connect(port: u16) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream, answer: vec![0; ORDINARY_ANSWER] })
    }

    /// Waits longer for answers that are held back.
    pub(crate) fn wait_for(&self, patience: Duration) -> Result<()> {
        Ok(self.stream.set_read_timeout(Some(patience))?)
    }

    /// Sends a request as it is and reads the answer.
    pub(crate) fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>> {
        self.stream.write_all(request)?;
        let mut filled = 0;
        let shape = loop {
            if filled == self.answer.len() && filled < LARGEST_ANSWER {
                self.answer.resize(filled * 2, 0);
            }
            let free = self.answer.get_mut(filled..).unwrap_or_default();
            let count = self.stream.read(free)?;
            if count == 0 {
                bail!("the connection ended, or the answer is too long");
            }
            filled += count;
            if let Some(shape) = complete(self.answer.get(..filled).unwrap_or_default())? {
                break shape;
            }
        };
        if shape.length != filled {
            bail!("more than one answer");
        }
        let head = self.answer.get(..shape.head).unwrap_or_default();
        let body = self.answer.get(shape.head + 4..filled).unwrap_or_default();
        Ok(Answer { status: shape.status, head: core::str::from_utf8(head)?, body })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    status: u16,
    head: usize,
    length: usize,
}

/// Status and lengths of an answer, once all of it is there.
fn complete(answer: &[u8]) -> Result<Option<Shape>> {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = core::str::from_utf8(answer.get(..end).unwrap_or_default())?;
    let status = head.get(9..12).context("no status line")?.parse()?;
    let field = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>())
    };
    // An answer with this status has no body.
    let body = match head.lines().find_map(field) {
        None if status == 204 => 0,
        found => found.context("no content-length")??,
    };
    let length = end + 4 + body;
    Ok((answer.len() >= length).then_some(Shape { status, head: end, length }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_complete_with_its_body() {
        let answer = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno";
        for end in 0..answer.len() {
            assert_eq!(complete(&answer[..end]).unwrap(), None, "{end}");
        }
        let shape = complete(answer).unwrap().unwrap();
        assert_eq!((shape.status, shape.length), (401, answer.len()));
        assert!(complete(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(complete(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap().is_some());
        assert!(complete(b"nonsense\r\n\r\n").is_err());
    }
}
