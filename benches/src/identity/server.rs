//! A server's process: its start, its CPU time, its end.

use core::time::Duration;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::connection::Connection;

const START: Duration = Duration::from_secs(60);
/// How many ticks the kernel tells for a second of CPU time: `USER_HZ`, the same on every machine.
const TICKS: f64 = 100.0;

#[derive(Debug)]
pub(super) struct Server {
    process: Child,
    pub(super) port: u16,
}

impl Server {
    /// Starts a program and waits until it accepts connections. What it writes is in the folder.
    pub(super) fn start(
        name: &str,
        command: &mut Command,
        port: u16,
        folder: &Path,
    ) -> Result<Self> {
        let path = folder.join(format!("{name}.log"));
        let log = File::create(&path)?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let process = command.spawn().with_context(|| format!("cannot start {name}"))?;
        let mut server = Self { process, port };
        let started = Instant::now();
        while Connection::connect(port).is_err() {
            if let Some(status) = server.process.try_wait()? {
                bail!("{name} ended, see {}: {status}", path.display());
            }
            if started.elapsed() > START {
                bail!("{name} does not listen after {START:?}, see {}", path.display());
            }
            sleep(Duration::from_millis(50));
        }
        Ok(server)
    }

    /// CPU time of all threads, also of those that ended.
    pub(super) fn cpu_seconds(&self) -> Result<f64> {
        let text = fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        ticks(&text).map(|ticks| ticks / TICKS).context("`stat` of another kernel")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// User and system time, the fields 14 and 15. The second one, the program's name, may hold spaces.
fn ticks(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11).map(|field| field.parse::<f64>().ok());
    Some(times.next()?? + times.next()??)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_any_name() {
        let stat = "12 (a) b) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 1 0 1";
        assert_eq!(ticks(stat), Some(300.0));
        assert_eq!(ticks("nonsense"), None);
    }
}
