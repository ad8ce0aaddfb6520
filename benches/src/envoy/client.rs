//! A client that keeps its connection, and does as little as it can beside sending.

use core::net::{Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use anyhow::{Context as _, Result, bail};

use crate::request::{AUTHORITY, HEADERS, PATH};

const PATIENCE: Duration = Duration::from_secs(10);
const LARGEST_ANSWER: usize = 16 * 1024;

#[derive(Debug)]
pub(super) struct Client {
    stream: TcpStream,
    /// Everything of a request up to the credential.
    head: Vec<u8>,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Client {
    pub(super) fn connect(port: u16) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut head = format!("GET {PATH} HTTP/1.1\r\nhost: {AUTHORITY}\r\n");
        for (name, value) in HEADERS {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        Ok(Self {
            stream,
            head: head.into_bytes(),
            request: Vec::with_capacity(4096),
            answer: vec![0; LARGEST_ANSWER],
        })
    }

    /// Sends the ordinary request with another header line; the status of the answer.
    pub(super) fn ask(&mut self, line: Option<&str>) -> Result<u16> {
        self.request.clear();
        self.request.extend_from_slice(&self.head);
        self.request.extend_from_slice(line.unwrap_or_default().as_bytes());
        self.request.extend_from_slice(b"\r\n");
        self.stream.write_all(&self.request)?;
        self.read()
    }

    fn read(&mut self) -> Result<u16> {
        let mut filled = 0;
        loop {
            let free = self.answer.get_mut(filled..).unwrap_or_default();
            let count = self.stream.read(free)?;
            if count == 0 {
                bail!("the connection ended, or the answer is too long");
            }
            filled += count;
            let answer = self.answer.get(..filled).unwrap_or_default();
            if let Some((status, length)) = complete(answer)? {
                if length != filled {
                    bail!("more than one answer");
                }
                return Ok(status);
            }
        }
    }
}

/// Status and length of an answer, once all of it is there.
fn complete(answer: &[u8]) -> Result<Option<(u16, usize)>> {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = core::str::from_utf8(answer.get(..end).unwrap_or_default())?;
    let status = head.get(9..12).context("no status line")?.parse()?;
    let field = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>())
    };
    let body = head.lines().find_map(field).context("no content-length")??;
    let length = end + 4 + body;
    Ok((answer.len() >= length).then_some((status, length)))
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
        assert_eq!(complete(answer).unwrap(), Some((401, answer.len())));
        assert!(complete(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(complete(b"nonsense\r\n\r\n").is_err());
    }
}
