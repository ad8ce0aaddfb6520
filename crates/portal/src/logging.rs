//! Logs: events on standard error, as text or JSON. What is logged of a request is its method,
//! route template, status and duration; never a header, a query or a body.

use std::io;

use tracing::Level;

use crate::config::{Config, LogFormat, LogLevel};

/// Starts logging for the whole process.
pub(crate) fn start(config: &Config) {
    let level = match config.log_level {
        LogLevel::Error => Level::ERROR,
        LogLevel::Warn => Level::WARN,
        LogLevel::Info => Level::INFO,
        LogLevel::Debug => Level::DEBUG,
    };
    let logs = tracing_subscriber::fmt().with_max_level(level).with_writer(io::stderr);
    let started = match config.log_format {
        LogFormat::Text => logs.with_ansi(false).try_init(),
        LogFormat::Json => logs.json().flatten_event(true).try_init(),
    };
    // A second start, in a test, leaves the first in place.
    drop(started);
}
