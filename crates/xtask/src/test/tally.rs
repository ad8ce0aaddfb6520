//! How many tests ran, read off the lines that the test runners close with.

use core::fmt;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::{process, say};

/// Tests and stages that passed and failed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tally {
    passed: u32,
    failed: u32,
}

impl Tally {
    pub(super) fn pass(&mut self) {
        self.passed += 1;
    }

    pub(super) fn fail(&mut self) {
        self.failed += 1;
    }

    /// Runs a command that runs tests, and counts them while passing its output on. A
    /// runner that ran nothing has failed: it found no test where there must be some.
    pub(super) fn count(&mut self, command: &mut Command) -> Result<()> {
        let name = process::shown(command);
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let output = child.stdout.take().context("the output is piped")?;
        let mut seen = Self::default();
        for line in BufReader::new(output).split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            seen.read(&line);
            say::line(&line);
        }
        let status = child.wait()?;
        self.passed += seen.passed;
        self.failed += seen.failed;
        seen.verdict(status.success()).with_context(|| name)
    }

    fn verdict(self, success: bool) -> Result<()> {
        if !success {
            bail!("tests failed");
        }
        if self.passed == 0 {
            bail!("it ran no test");
        }
        Ok(())
    }

    fn read(&mut self, line: &str) {
        let Some((_, counts)) = line.split_once("test result: ") else { return };
        for part in counts.split([';', '.']) {
            match part.trim().split_once(' ') {
                Some((number, "passed")) => self.passed += number.parse().unwrap_or(0),
                Some((number, "failed")) => self.failed += number.parse().unwrap_or(0),
                _ => {}
            }
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_added_up() {
        let mut tally = Tally::default();
        tally.read("test result: ok. 14 passed; 0 failed; 1 ignored; 0 measured; finished in 0.0s");
        tally.read("test result: FAILED. 1 passed; 2 failed; 0 ignored");
        tally.read("test lifecycle ... ok");
        assert_eq!(tally.to_string(), "15 passed, 2 failed");
    }

    #[test]
    fn a_runner_that_runs_nothing_fails() {
        assert!(Tally::default().verdict(true).is_err());
        assert!(Tally { passed: 1, failed: 0 }.verdict(true).is_ok());
    }

    #[test]
    fn a_failing_runner_fails() {
        assert!(Tally { passed: 1, failed: 0 }.verdict(false).is_err());
        assert!(Tally::default().count(&mut Command::new("false")).is_err());
    }
}
