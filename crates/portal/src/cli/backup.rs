//! `gatekey backup` and `gatekey restore`.

use core::error::Error;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use gatekey_core::id::Revision;
use gatekey_core::secret::Secret;

use super::input::{BadInput, Outcome, read_secret};
use super::serve::Settings;
use crate::config::Config;
use crate::store::{Store, copy, lock};
use crate::{data_dir, revision};

/// The flags of `gatekey backup`.
#[derive(Debug, Args)]
pub(super) struct Backup {
    #[command(flatten)]
    settings: Settings,
    /// Where to write a copy of the database
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Where to write the data directory's keys and tokens; keep them apart from the copy
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,
}

/// The flags of `gatekey restore`.
#[derive(Debug, Args)]
pub(super) struct Restore {
    #[command(flatten)]
    settings: Settings,
    /// The copy of the database
    #[arg(long, value_name = "FILE", required_unless_present = "in_place")]
    from: Option<PathBuf>,
    /// The keys and tokens that were written with the copy
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,
    /// The database was put back by other means, as by pg_restore: only have every gateway take
    /// a new snapshot
    #[arg(long, conflicts_with_all = ["from", "secrets"])]
    in_place: bool,
}

impl Backup {
    pub(super) async fn run(self) -> Outcome {
        let config = self.settings.read()?;
        let url = config.database();
        let Some(database) = lock::file_of(url.expose()) else {
            return Err(BadInput(
                "the database is PostgreSQL, which has its own means: `pg_dump --format=custom \
                 --file=FILE`, and `pg_restore` followed by `gatekey restore --in-place`"
                    .into(),
            )
            .into());
        };
        if !database.is_file() {
            return Err(BadInput::at(&database, "there is no such database").into());
        }
        for path in [Some(&self.to), self.secrets.as_ref()].into_iter().flatten() {
            if path.exists() {
                return Err(BadInput::at(path, "exists already").into());
            }
        }
        let part = part_of(&self.to);
        let written = write_copy(&database, &part).await;
        if let Err(error) = written.and_then(|()| Ok(fs::rename(&part, &self.to)?)) {
            let _ = fs::remove_file(&part);
            return Err(error);
        }
        if let Some(path) = &self.secrets {
            let secrets = data_dir::files(&config.data_dir)?;
            let text: BTreeMap<_, _> =
                secrets.iter().map(|(name, text)| (*name, text.expose().as_str())).collect();
            let text = Secret::new(serde_json::to_string_pretty(&text)?);
            private(path)?.write_all(text.expose().as_bytes())?;
        }
        writeln!(std::io::stdout(), "written to {}", self.to.display())?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Copies a database that others may be writing to, and makes sure that the copy can be read.
async fn write_copy(database: &Path, to: &Path) -> Result<(), Box<dyn Error>> {
    // SQLite writes into an empty file, whose mode is then ours.
    drop(private(to)?);
    copy::write(database, to).await?;
    File::open(to)?.sync_all()?;
    copy::check(to).await?;
    Ok(())
}

impl Restore {
    pub(super) async fn run(self) -> Outcome {
        let config = self.settings.read()?;
        let url = config.database();
        let _alone = lock::alone(url.expose())?;
        let mut past = Revision(0);
        if let Some(from) = &self.from {
            let Some(database) = lock::file_of(url.expose()) else {
                return Err(BadInput(
                    "the database is PostgreSQL: restore it with `pg_restore`, then run \
                     `gatekey restore --in-place`"
                        .into(),
                )
                .into());
            };
            past = put_back(&config, from, self.secrets.as_deref(), &database).await?;
        }
        let store = Store::open(url.expose()).await?;
        let newest = revision::leap(&store, past).await?;
        writeln!(std::io::stdout(), "restored; the revision is {newest}")?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Puts the copy in the place of the database, which is kept under another name: its revision.
async fn put_back(
    config: &Config,
    from: &Path,
    secrets: Option<&Path>,
    database: &Path,
) -> Result<Revision, Box<dyn Error>> {
    copy::check(from).await.map_err(|fault| BadInput::at(from, fault))?;
    let secrets = secrets.map(read_secrets).transpose()?;
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty());
    let part = part_of(database);
    let _ = fs::remove_file(&part);
    std::io::copy(&mut File::open(from)?, &mut private(&part)?)?;
    File::open(&part)?.sync_all()?;
    let mut past = Revision(0);
    if database.exists() {
        // One that cannot be read may be why there is a restore.
        past = copy::revision(database).await.unwrap_or_default();
        let aside =
            suffixed(database, &format!(".replaced-{}", crate::clock::Clock::default().now()));
        fs::rename(database, &aside)?;
        for more in ["-wal", "-shm"] {
            let file = suffixed(database, more);
            if file.exists() {
                fs::rename(&file, suffixed(&aside, more))?;
            }
        }
        writeln!(std::io::stdout(), "the database that was there is now {}", aside.display())?;
    }
    fs::rename(&part, database)?;
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    for (name, text) in secrets.unwrap_or_default() {
        let path = config.data_dir.join(&name);
        let part = part_of(&path);
        let _ = fs::remove_file(&part);
        private(&part)?.write_all(text.expose().as_bytes())?;
        fs::rename(&part, &path)?;
    }
    Ok(past)
}

fn read_secrets(path: &Path) -> Result<BTreeMap<String, Secret<String>>, BadInput> {
    let text = read_secret(path)?;
    let read: BTreeMap<String, String> =
        serde_json::from_str(text.expose()).map_err(|_| BadInput::at(path, "holds no secrets"))?;
    if let Some(name) = read.keys().find(|name| !data_dir::FILES.contains(&name.as_str())) {
        return Err(BadInput::at(path, format!("`{name}` is no file of a data directory")));
    }
    Ok(read.into_iter().map(|(name, text)| (name, Secret::new(text))).collect())
}

/// A new file that only its owner can read.
fn private(path: &Path) -> Result<File, BadInput> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.map_err(|error| BadInput::at(path, error))
}

fn part_of(path: &Path) -> PathBuf {
    suffixed(path, &format!(".part{}", std::process::id()))
}

fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}
