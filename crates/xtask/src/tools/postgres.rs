//! A PostgreSQL server of our own, on a free port, in a temporary folder.

use core::time::Duration;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::Signal;

use super::apt::{self, id};
use super::{found, wheel::Wheel};
use crate::children::{Child, Folder};
use crate::workspace::Workspace;
use crate::{process, say};

const START: Duration = Duration::from_secs(30);

/// A running server. Dropping it stops the server and removes its data.
#[derive(Debug)]
pub(crate) struct Server {
    // Dropped in this order: the server before its folder.
    postmaster: Child,
    folder: Folder,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn start(workspace: &Workspace) -> Result<Self> {
        let programs = programs(workspace)?;
        let account = Account::for_server()?;
        let folder = Folder::new("gatekey-postgres")?;
        account.own(folder.path())?;
        let programs = account.reachable(programs, folder.path())?;
        let data = folder.path().join("data");
        process::output(
            account
                .command(programs.join("initdb"))
                .args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync"])
                .args(["--locale=C", "--pgdata"])
                .arg(&data),
        )
        .context("cannot make a PostgreSQL data folder")?;
        let port = free_port()?;
        let mut command = account.command(programs.join("postgres"));
        command
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string(), "-k"])
            .arg(folder.path())
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"])
            // The data outlives nothing, so nothing is gained by waiting for the disk.
            .args(["-c", "fsync=off", "-c", "synchronous_commit=off"])
            .args(["-c", "full_page_writes=off"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.path().join("log"))?);
        // An interrupt is PostgreSQL's fast shutdown: it ends its own children too.
        let postmaster = Child::start(&mut command, Signal::SIGINT)?;
        let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
        let server = Self { postmaster, folder, url };
        server.wait_until_ready(port)?;
        say::line(format_args!("postgres: listening on 127.0.0.1:{port}"));
        Ok(server)
    }

    /// Where it listens on this machine.
    pub(crate) fn port(&self) -> String {
        let behind = self.url.rsplit(':').next().unwrap_or_default();
        behind.chars().take_while(char::is_ascii_digit).collect()
    }

    fn wait_until_ready(&self, port: u16) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < START && self.postmaster.exited()?.is_none() {
            if answers(port) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        bail!("PostgreSQL does not answer:\n{log}")
    }
}

/// Asks whether the server would talk TLS: the one question that needs no account and that
/// only a PostgreSQL server answers with a single letter.
fn answers(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let mut answer = [0; 1];
    let question = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
    stream.set_read_timeout(Some(Duration::from_secs(2))).is_ok()
        && stream.write_all(&question).is_ok()
        && stream.read_exact(&mut answer).is_ok()
        && matches!(&answer, b"N" | b"S")
}

pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// The folder that holds `initdb` and `postgres`.
pub(super) fn programs(workspace: &Workspace) -> Result<PathBuf> {
    let folder = match installed() {
        Some(folder) => folder,
        None if apt::usable()? => apt::install("postgres", &["postgresql"])
            .and_then(|()| installed().context("the package holds no `initdb`"))
            .or_else(|error| {
                say::line(format_args!("postgres: not from the system's packages: {error:#}"));
                from_wheel(workspace)
            })?,
        None => from_wheel(workspace)?,
    };
    found("postgres", &folder);
    Ok(folder)
}

fn installed() -> Option<PathBuf> {
    let whole = |folder: &Path| ["initdb", "postgres"].iter().all(|p| folder.join(p).is_file());
    let on_path = process::on_path("initdb")
        .and_then(|path| path.canonicalize().ok())
        .and_then(|path| path.parent().map(Path::to_owned));
    // Debian keeps the server's programs off PATH, one folder for each major version.
    let mut folders: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    folders.sort();
    on_path.into_iter().chain(folders.into_iter().rev()).find(|folder| whole(folder))
}

fn from_wheel(workspace: &Workspace) -> Result<PathBuf> {
    let program = Wheel::named("postgres")?.provide(workspace)?;
    Ok(program.parent().context("a program is in a folder")?.to_owned())
}

/// Who runs the server. PostgreSQL refuses to be run by root.
#[derive(Debug)]
struct Account {
    other: Option<(u32, u32)>,
}

impl Account {
    fn for_server() -> Result<Self> {
        if id(&["-u"])? != 0 {
            return Ok(Self { other: None });
        }
        for name in ["postgres", "nobody"] {
            if let (Ok(user), Ok(group)) = (id(&["-u", name]), id(&["-g", name])) {
                return Ok(Self { other: Some((user, group)) });
            }
        }
        bail!("PostgreSQL refuses to be run by root, and there is no user `postgres` or `nobody`")
    }

    #[cfg(unix)]
    fn command(&self, program: PathBuf) -> Command {
        use std::os::unix::process::CommandExt as _;
        let mut command = Command::new(program);
        command.current_dir(std::env::temp_dir());
        if let Some((user, group)) = self.other {
            command.uid(user).gid(group);
        }
        command
    }

    #[cfg(unix)]
    fn own(&self, folder: &Path) -> Result<()> {
        if let Some((user, group)) = self.other {
            std::os::unix::fs::chown(folder, Some(user), Some(group))?;
        }
        Ok(())
    }

    /// Programs unpacked below a home folder are out of the other user's reach: a copy next
    /// to the data is not.
    fn reachable(&self, programs: PathBuf, folder: &Path) -> Result<PathBuf> {
        if self.other.is_none() || programs.starts_with("/usr") {
            return Ok(programs);
        }
        // The wheel's libraries are beside the installation, which is above `bin`.
        let whole = programs.ancestors().nth(3).context("the wheel is not laid out as expected")?;
        let copy = folder.join("programs");
        process::run(Command::new("cp").arg("-r").arg(whole).arg(&copy))?;
        Ok(copy.join(programs.strip_prefix(whole)?))
    }
}
