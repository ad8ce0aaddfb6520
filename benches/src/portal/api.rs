//! Requests over one kept connection.

use core::time::Duration;

use anyhow::{Result, ensure};

use super::process::Portal;
use crate::connection::Connection;

/// Who asks.
#[derive(Clone, Copy)]
pub(super) enum Who<'a> {
    Administrator(&'a Portal),
    Gateway(&'a Portal),
    /// Somebody with this cookie.
    Developer(&'a str),
}

/// A caller.
#[derive(Debug)]
pub(super) struct Client {
    connection: Connection,
    header: String,
}

impl Client {
    pub(super) fn new(portal: &Portal, who: Who<'_>) -> Result<Self> {
        let header = match who {
            Who::Administrator(portal) => format!("authorization: Bearer {}", portal.admin),
            Who::Gateway(portal) => format!("authorization: Bearer {}", portal.gateway),
            Who::Developer(cookie) => format!("cookie: {cookie}"),
        };
        Ok(Self { connection: Connection::connect(portal.port)?, header })
    }

    /// Waits longer for answers that are held back.
    pub(super) fn wait_for(&self, patience: Duration) -> Result<()> {
        self.connection.wait_for(patience)
    }

    /// Sends a request and reads the answer's body.
    pub(super) fn ask(
        &mut self,
        method: &str,
        path: &str,
        body: &str,
        status: u16,
    ) -> Result<Vec<u8>> {
        let path = path.replace('[', "%5B").replace(']', "%5D").replace(' ', "%20");
        let (header, length) = (&self.header, body.len());
        let kind = "content-type: application/json";
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{header}\r\n{kind}\r\n\
             content-length: {length}\r\n\r\n{body}"
        );
        let answer = self.connection.exchange(request.as_bytes())?;
        let told = || String::from_utf8_lossy(answer.body).into_owned();
        ensure!(answer.status == status, "{method} {path}: {}: {}", answer.status, told());
        Ok(answer.body.to_vec())
    }
}
