//! The portal, in a release build, with what it keeps.

use core::time::Duration;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};

use super::{Database, Parts, Plan, Populated, ids};
use crate::connection::Connection;
use crate::envoy::free_ports;
use crate::report::line;

/// How many ticks the kernel tells for a second of CPU time: `USER_HZ`, the same on every machine.
const TICKS: f64 = 100.0;
const START: Duration = Duration::from_secs(60);
/// One machine asks for everything: nothing is to be held back because of that.
const CONFIGURATION: &str = "[throttle]\nkeys = 100000000\n";

#[derive(Debug)]
pub(super) struct Portal {
    process: Child,
    pub(super) port: u16,
    pub(super) admin: String,
    pub(super) gateway: String,
}

impl Portal {
    /// Populates a portal and starts it.
    pub(super) fn start(
        parts: &Parts,
        plan: Plan,
        database: &Database,
    ) -> Result<(Self, Populated)> {
        let folder = parts.folder.join(database.name());
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        let data = folder.join("data");
        let url = match database {
            Database::Sqlite => "-",
            Database::Postgres(url) => url,
        };
        let begun = Instant::now();
        let populated = Command::new(&parts.populate)
            .arg(&data)
            .arg(url)
            .args([plan.applications, plan.registrations, plan.keys, plan.gateways].map(text))
            .stderr(Stdio::inherit())
            .output()?;
        ensure!(populated.status.success(), "the portal was not populated");
        line(format_args!("  populated in {:.0} s", begun.elapsed().as_secs_f64()));
        let made = ids(&String::from_utf8_lossy(&populated.stdout))?;
        let configuration = folder.join("gatekey.toml");
        fs::write(&configuration, CONFIGURATION)?;
        let port = *free_ports(1)?.first().context("a port")?;
        let log = File::create(folder.join("gatekey.log"))?;
        let mut command = Command::new(&parts.gatekey);
        command
            .arg("serve")
            .arg("--config")
            .arg(&configuration)
            .arg("--data-dir")
            .arg(&data)
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        if let Database::Postgres(url) = database {
            command.env("GATEKEY_DATABASE_URL", url);
        }
        let process = command.spawn().context("cannot start gatekey")?;
        let mut portal = Self { process, port, admin: String::new(), gateway: String::new() };
        portal.await_ready()?;
        let token = |name: &str| -> Result<String> {
            Ok(fs::read_to_string(Path::new(&data).join(name))?.trim().to_owned())
        };
        portal.admin = token("admin-token")?;
        portal.gateway = token("gateway-token")?;
        Ok((portal, made))
    }

    fn await_ready(&mut self) -> Result<()> {
        let begun = Instant::now();
        let request = b"GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n";
        while begun.elapsed() < START {
            if let Some(status) = self.process.try_wait()? {
                bail!("gatekey ended: {status}");
            }
            let ready = Connection::connect(self.port)
                .and_then(|mut connection| Ok(connection.exchange(request)?.status == 200));
            if ready.unwrap_or(false) {
                return Ok(());
            }
            sleep(Duration::from_millis(50));
        }
        bail!("the portal is never ready")
    }

    /// CPU time that the process has used so far.
    pub(super) fn cpu_seconds(&self) -> Result<f64> {
        let text = fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        let (_, fields) = text.rsplit_once(')').context("`stat` of another kernel")?;
        let times = fields.split_whitespace().skip(11).take(2);
        Ok(times.filter_map(|time| time.parse::<f64>().ok()).sum::<f64>() / TICKS)
    }

    /// The most memory that the process had.
    pub(super) fn memory_mib(&self) -> Result<f64> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let line = line.context("`status` of another kernel")?;
        let kib: f64 = line.trim().trim_end_matches(" kB").trim().parse()?;
        Ok(kib / 1_024.0)
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn text(number: usize) -> String {
    number.to_string()
}
