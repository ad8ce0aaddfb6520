//! Reading and writing for the commands, with errors that name the file.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use super::UNUSABLE;

/// Writes to standard output; a reader that went away is no error.
pub(super) fn tell(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Writes a line to standard error.
pub(super) fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Whether everything held, or why it could not be found out, as an exit code.
pub(super) fn exit(held: Result<bool, String>) -> ExitCode {
    match held {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(reason) => {
            complain(&format!("error: {reason}"));
            ExitCode::from(UNUSABLE)
        }
    }
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

pub(super) fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, String> {
    serde_json::from_slice(&read(path)?).map_err(|error| format!("{}: {error}", path.display()))
}

/// Writes a file, or to standard output where the name is `-`.
pub(super) fn write(target: &Path, text: &str) -> Result<(), String> {
    if target == Path::new("-") {
        tell(text);
        return Ok(());
    }
    fs::write(target, text).map_err(|error| format!("{}: {error}", target.display()))
}
