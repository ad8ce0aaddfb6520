//! The Envoy process: its start, its CPU time, its end.

use core::net::Ipv4Addr;
use core::time::Duration;
use std::fs::{self, File};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use super::Parts;
use super::client::Client;

/// Loading a hundred thousand keys takes a while, on a busy machine twice.
const START: Duration = Duration::from_secs(180);

#[derive(Debug)]
pub(super) struct Envoy {
    process: Mutex<Child>,
    id: u32,
    started: Instant,
    log: String,
}

impl Envoy {
    pub(super) fn start(parts: &Parts, configuration: &str) -> Result<Self> {
        fs::create_dir_all(&parts.folder)?;
        let path = parts.folder.join("envoy-bootstrap.json");
        fs::write(&path, configuration)?;
        let log_path = parts.folder.join("envoy.log");
        let log = File::create(&log_path)?;
        let process = Command::new(&parts.envoy)
            .args(["--concurrency", "1", "--use-dynamic-base-id", "--log-level", "error"])
            .arg("--config-path")
            .arg(&path)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", parts.envoy.display()))?;
        let (id, started) = (process.id(), Instant::now());
        let log = log_path.display().to_string();
        Ok(Self { process: Mutex::new(process), id, started, log })
    }

    /// A connection to a listener, as soon as there is one.
    pub(super) fn connect(&self, port: u16) -> Result<Client> {
        while self.started.elapsed() < START {
            if let Ok(client) = Client::connect(port) {
                return Ok(client);
            }
            let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(status) = process.try_wait()? {
                bail!("Envoy ended, see {}: {status}", self.log);
            }
            drop(process);
            sleep(Duration::from_millis(100));
        }
        bail!("Envoy does not listen after {START:?}, see {}", self.log)
    }

    /// Nanoseconds of CPU time that all threads have used.
    pub(super) fn cpu_time(&self) -> Result<u64> {
        let mut total = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.id))? {
            let Ok(text) = fs::read_to_string(thread?.path().join("schedstat")) else { continue };
            let first = text.split_whitespace().next().context("an empty `schedstat`")?;
            total += first.parse::<u64>()?;
        }
        Ok(total)
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = process.kill();
        let _ = process.wait();
    }
}

/// Ports that nobody listens on. All are held until the last is found, so that they differ.
pub(crate) fn free_ports(count: usize) -> Result<Vec<u16>> {
    let listeners: Vec<_> = (0..count)
        .map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .collect::<Result<_, _>>()?;
    listeners.iter().map(|listener| Ok(listener.local_addr()?.port())).collect()
}
