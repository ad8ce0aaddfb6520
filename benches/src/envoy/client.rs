//! A client that sends the ordinary request, over and over.

use anyhow::Result;

use crate::connection::Connection;
use crate::request::{AUTHORITY, HEADERS, PATH};

#[derive(Debug)]
pub(super) struct Client {
    connection: Connection,
    /// Everything of a request up to the credential.
    head: Vec<u8>,
    request: Vec<u8>,
}

impl Client {
    pub(super) fn connect(port: u16) -> Result<Self> {
        let mut head = format!("GET {PATH} HTTP/1.1\r\nhost: {AUTHORITY}\r\n");
        for (name, value) in HEADERS {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let connection = Connection::connect(port)?;
        Ok(Self { connection, head: head.into_bytes(), request: Vec::with_capacity(4096) })
    }

    /// Sends the ordinary request with another header line; the status of the answer.
    pub(super) fn ask(&mut self, line: Option<&str>) -> Result<u16> {
        self.request.clear();
        self.request.extend_from_slice(&self.head);
        self.request.extend_from_slice(line.unwrap_or_default().as_bytes());
        self.request.extend_from_slice(b"\r\n");
        Ok(self.connection.exchange(&self.request)?.status)
    }
}
