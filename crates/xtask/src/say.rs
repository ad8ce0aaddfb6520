//! What the task runner prints. A closed pipe is not a failure of the task.

use core::fmt::Display;
use std::io::Write as _;

pub(crate) fn line(text: impl Display) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

pub(crate) fn header(text: impl Display) {
    line(format_args!("\n== {text}"));
}

pub(crate) fn error(error: &anyhow::Error) {
    let mut err = std::io::stderr().lock();
    let _ = writeln!(err, "error: {error:#}");
}
