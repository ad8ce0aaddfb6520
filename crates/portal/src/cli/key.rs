//! `gatekey key`.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use gatekey_core::key::{KeyFormat, PresentedKey};

use super::input::{BadInput, Outcome, read_peppers, read_stdin};
use crate::entropy;

/// The longest key that has a digest in a snapshot.
const LONGEST_KEY: usize = 512;

/// Look at API keys, and make them
#[derive(Debug, Subcommand)]
pub(super) enum Key {
    /// Say what a key shows of itself; the key comes on standard input
    Inspect,
    /// Digest a key under every pepper of a file; the key comes on standard input
    Digest {
        /// A file with lines of the form `id:base64`, such as the data directory's `pepper`
        #[arg(long, value_name = "FILE")]
        pepper_file: PathBuf,
    },
    /// Make a key that no portal knows
    Issue {
        /// The first word of the key
        #[arg(long, default_value = "gk", value_name = "WORD")]
        prefix: String,
        /// The second word of the key
        #[arg(long, default_value = "live", value_name = "WORD")]
        environment: String,
    },
}

impl Key {
    pub(super) fn run(self) -> Outcome {
        let mut out = std::io::stdout().lock();
        match self {
            Self::Inspect => inspect(&mut out),
            Self::Digest { pepper_file } => {
                let peppers = read_peppers(&pepper_file)?;
                let key = read_stdin()?;
                if !(1..=LONGEST_KEY).contains(&key.expose().len()) {
                    let fault = format!("a key has 1 to {LONGEST_KEY} bytes");
                    return Err(BadInput(fault).into());
                }
                for pepper in peppers {
                    writeln!(out, "{}  {}", pepper.id(), pepper.digest(key.expose()))?;
                }
                Ok(ExitCode::SUCCESS)
            }
            Self::Issue { prefix, environment } => {
                let format = KeyFormat::new(&prefix, &environment)
                    .map_err(|error| BadInput(error.to_string()))?;
                let issued = format.issue(&entropy::bytes()?);
                writeln!(out, "key         {}", issued.key.expose())?;
                writeln!(out, "credential  {}", issued.credential)?;
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

fn inspect(out: &mut impl Write) -> Outcome {
    let key = read_stdin()?;
    let presented =
        PresentedKey::parse(key.expose()).map_err(|error| BadInput(error.to_string()))?;
    // The words before the random part are text: the shape was tested.
    let mut words = key.expose().split(|byte| *byte == b'_').map(String::from_utf8_lossy);
    writeln!(out, "prefix       {}", words.next().unwrap_or_default())?;
    writeln!(out, "environment  {}", words.next().unwrap_or_default())?;
    writeln!(out, "key id       {}", presented.key_id())?;
    writeln!(out, "credential   {}", presented.credential())?;
    writeln!(out, "checksum     ok")?;
    Ok(ExitCode::SUCCESS)
}
