//! A real Envoy with our filter, run from the example that a user starts from.

use core::time::Duration;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::Signal;
use serde_json::Value;

use super::http::Http;
use super::{ENVOY_ADMIN, GATEWAY};
use crate::children::Child;
use crate::process;

const TEMPLATE: &str = include_str!("../../../../examples/envoy/envoy.yaml");
const START: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) struct Envoy {
    program: PathBuf,
    folder: PathBuf,
    filter: PathBuf,
    running: Option<Child>,
}

impl Envoy {
    pub(super) fn new(program: &Path, folder: &Path, filter: &Path) -> Self {
        Self {
            program: program.to_owned(),
            folder: folder.to_owned(),
            filter: filter.to_owned(),
            running: None,
        }
    }

    /// Starts Envoy with this filter configuration, after stopping the one that runs.
    pub(super) fn start(&mut self, filter_config: &str, http: &Http) -> Result<()> {
        self.running = None;
        let config = self.folder.join("envoy.yaml");
        fs::write(&config, render(&self.filter, filter_config)?)?;
        let arguments = ["--concurrency", "1", "--use-dynamic-base-id", "--log-level", "warning"];
        process::output(
            Command::new(&self.program)
                .args(arguments)
                .args(["--mode", "validate", "--config-path"])
                .arg(&config),
        )
        .context("Envoy refuses the configuration")?;
        let log = File::options().create(true).append(true).open(self.folder.join("envoy.log"))?;
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .args(["--component-log-level", "wasm:info", "--config-path"])
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        self.running = Some(Child::start(&mut command, Signal::SIGTERM)?);
        self.wait_until_live(http)
    }

    fn wait_until_live(&self, http: &Http) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < START {
            let url = format!("http://{ENVOY_ADMIN}/ready");
            if http.quietly(|| http.send("GET", &url, &[], None)).is_ok_and(|r| r.status == 200) {
                return Ok(());
            }
            if let Some(status) = self.running.as_ref().map(Child::exited).transpose()?.flatten() {
                bail!("Envoy ended: {status}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("Envoy is not ready on {ENVOY_ADMIN} after {START:?}")
    }
}

/// The address of something behind the gateway.
pub(super) fn url(path: &str) -> String {
    format!("http://{GATEWAY}{path}")
}

/// A JSON string is also a quoted YAML string.
fn render(filter: &Path, filter_config: &str) -> Result<String> {
    let filter = filter.to_str().context("the filter's path is not UTF-8")?;
    let mut text = String::with_capacity(TEMPLATE.len() + filter_config.len());
    for line in TEMPLATE.lines() {
        let comment = line.starts_with('#');
        for (word, value) in
            [("GATEKEY_FILTER_WASM", filter), ("GATEKEY_FILTER_CONFIG", filter_config)]
        {
            if !comment && line.contains(word) {
                text.push_str(&line.replace(word, &Value::from(value).to_string()));
                text.push('\n');
            }
        }
        if comment || !line.contains("GATEKEY_FILTER_") {
            text.push_str(line);
            text.push('\n');
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_has_one_place_for_each_value() {
        let text = render(Path::new("/a b.wasm"), "{\"realm\": \"it's\"}").unwrap();
        assert_eq!(text.matches("filename: \"/a b.wasm\"").count(), 1);
        assert_eq!(text.matches(r#"value: "{\"realm\": \"it's\"}""#).count(), 1);
        let settings = text.lines().filter(|line| !line.starts_with('#'));
        assert_eq!(settings.filter(|line| line.contains("GATEKEY_")).count(), 0);
    }
}
