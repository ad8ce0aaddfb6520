//! `gatekey serve`, as a process.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A served portal, stopped when dropped.
struct Served {
    child: Child,
    base: String,
}

impl Served {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let base = line.split_whitespace().last().unwrap_or_default();
        let base = base.strip_prefix("http://").unwrap_or_default().to_owned();
        Self { child, base }
    }

    fn get(&self, path: &str) -> String {
        use std::io::Write;
        let patience = Instant::now() + Duration::from_secs(10);
        let mut stream = loop {
            match TcpStream::connect(&self.base) {
                Ok(stream) => break stream,
                Err(error) => assert!(Instant::now() < patience, "{error}"),
            }
        };
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Asks it to stop; what it logged.
    fn stop(mut self, signal: &str) -> String {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        log
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn gatekey() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatekey"));
    command.env_clear();
    command
}

#[test]
fn it_starts_with_nothing_and_stops_when_told() {
    let dir = tempfile::tempdir().unwrap();
    for signal in ["-TERM", "-INT"] {
        let mut command = gatekey();
        command.current_dir(&dir).args(["serve", "--listen", "127.0.0.1:0"]);
        let served = Served::start(&mut command);
        assert!(served.get("/readyz").starts_with("HTTP/1.1 200"));
        let token = fs::read_to_string(dir.path().join(".gatekey/admin-token")).unwrap();
        let log = served.stop(signal);
        assert!(log.contains("stopping"), "{log}");
        assert!(!log.contains(token.trim()), "{log}");
    }
    assert!(dir.path().join(".gatekey/gatekey.db").exists());
    assert!(dir.path().join(".gatekey/mailbox").is_dir());
}

#[test]
fn flags_override_variables_override_the_file() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("gatekey.toml"), "data_dir = \"of-file\"\nlog_format = \"json\"")
        .unwrap();
    let mut command = gatekey();
    command.current_dir(&dir).env("GATEKEY_DATA_DIR", "of-variable");
    command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir", "of-flag"]);
    let served = Served::start(&mut command);
    served.get("/healthz");
    let log = served.stop("-TERM");
    for line in log.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|_| panic!("{line}"));
    }
    assert!(dir.path().join("of-flag/gatekey.db").exists());
    assert!(!dir.path().join("of-file").exists() && !dir.path().join("of-variable").exists());
}

#[test]
fn what_cannot_be_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |change: &dyn Fn(&mut Command)| {
        let mut command = gatekey();
        command.current_dir(&dir).args(["serve", "--listen", "127.0.0.1:0"]);
        change(&mut command);
        let output = command.output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let error = refused(&|command| {
        command.args(["--database-url", "mysql://u:hunter2@h/d"]);
    });
    assert!(error.contains("database_url") && !error.contains("hunter2"), "{error}");
    let error = refused(&|command| {
        command.env("GATEKEY_KEY_PREFIX", "NO");
    });
    assert!(error.contains("key_prefix"), "{error}");
    let error = refused(&|command| {
        command.args(["--config", "missing.toml"]);
    });
    assert!(error.contains("missing.toml"), "{error}");
    fs::write(dir.path().join("gatekey.toml"), "lisen = 1").unwrap();
    assert!(refused(&|_| ()).contains("lisen"));
}
