//! The proxy: started with a configuration, awaited, and ended by its process id.

use core::net::Ipv4Addr;
use core::time::Duration;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

use regex::bytes::Regex;

use super::wire::{self, Connection, Framing, Kind};
use crate::headers::Headers;

const LOOK: Duration = Duration::from_millis(20);

/// A proxy that runs. One that was started here ends with this value.
pub(crate) struct Proxy {
    process: Option<Child>,
}

impl Proxy {
    /// Starts a command, in which `{config}` stands for the file. What it says goes to the log.
    pub(crate) fn start(command: &str, config: &Path, log: Option<&Path>) -> Result<Self, String> {
        let config = config.display().to_string();
        let words = command.split_ascii_whitespace().map(|word| word.replace("{config}", &config));
        let words: Vec<String> = words.collect();
        let Some((program, arguments)) = words.split_first() else {
            return Err("the command is empty".to_owned());
        };
        let mut process = Command::new(program);
        process.args(arguments).stdin(Stdio::null());
        match log {
            Some(path) => {
                let located = |error: io::Error| format!("{}: {error}", path.display());
                let file = File::create(path).map_err(located)?;
                process.stdout(file.try_clone().map_err(located)?).stderr(file);
            }
            None => {
                process.stdout(Stdio::null()).stderr(Stdio::null());
            }
        }
        let process =
            process.spawn().map_err(|error| format!("cannot run `{program}`: {error}"))?;
        Ok(Self { process: Some(process) })
    }

    /// One that somebody else started.
    pub(crate) fn running() -> Self {
        Self { process: None }
    }

    /// Waits until every port is open.
    pub(crate) fn wait(
        &mut self,
        ports: impl Iterator<Item = u16>,
        patience: Duration,
    ) -> Result<(), String> {
        let began = Instant::now();
        for port in ports {
            while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
                if let Some(status) = self.ended() {
                    return Err(format!("the proxy has ended: {status}"));
                }
                if began.elapsed() > patience {
                    return Err(format!("nobody listens on port {port} after {patience:?}"));
                }
                thread::sleep(LOOK);
            }
        }
        Ok(())
    }

    /// How the process has ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<String> {
        let process = self.process.as_mut()?;
        process.try_wait().ok()?.map(|status| status.to_string())
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// What guests say in the proxy's log.
pub(crate) struct LogFile {
    path: PathBuf,
    /// The first group is what the guest said.
    line: Regex,
}

impl LogFile {
    pub(crate) fn new(path: &Path, line: &str) -> Result<Self, String> {
        let line = Regex::new(line).map_err(|error| error.to_string())?;
        Ok(Self { path: path.to_owned(), line })
    }

    pub(crate) fn length(&self) -> u64 {
        std::fs::metadata(&self.path).map_or(0, |data| data.len())
    }

    /// The lines that came after a place in the file.
    pub(crate) fn since(&self, start: u64) -> Vec<Vec<u8>> {
        let read = || -> io::Result<Vec<u8>> {
            let mut file = File::open(&self.path)?;
            file.seek(SeekFrom::Start(start))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let bytes = read().unwrap_or_default();
        let lines = bytes.split(|byte| *byte == b'\n');
        let said = lines.filter_map(|line| self.line.captures(line)?.get(1));
        said.map(|said| said.as_bytes().to_vec()).collect()
    }
}

/// The text behind an `http://` address on loopback.
pub(crate) fn fetch(url: &str) -> Result<String, String> {
    let rest = url.strip_prefix("http://").ok_or("only `http://` addresses are read")?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = TcpStream::connect(authority).map_err(|error| format!("{url}: {error}"))?;
    let fields: [(&[u8], &[u8]); 2] = [(b"host", authority.as_bytes()), (b"connection", b"close")];
    let first = format!("GET /{path} HTTP/1.1");
    let framing = Framing { pause: Duration::ZERO, says_empty: false };
    wire::send(&mut stream, first.as_bytes(), &fields, &[], &Headers::new(), framing)
        .map_err(|error| format!("{url}: {error}"))?;
    let deadline = Instant::now() + Duration::from_secs(10);
    let answer = Connection::new(stream).read(Kind::Response(false), Some(deadline));
    let answer = answer.map_err(|end| format!("{url}: {end:?}"))?;
    Ok(String::from_utf8_lossy(&answer.body).into_owned())
}
