//! Declarative cases: what they say, what is found, and what is refused.

mod bad;
mod check;
mod command;
mod example;
mod expect;
mod scenario;

use core::sync::atomic::{AtomicUsize, Ordering};
use std::fs;
use std::path::{Path, PathBuf};

use gatekey_host_harness::case::{self, Case, Options, Report};
use gatekey_host_harness::{Artifact, Profile};

/// A folder for one test, gone when it ends.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("gatekey-cases-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The cases of a text.
pub(crate) fn cases(text: &str) -> Vec<Case> {
    let folder = Folder::new();
    let path = folder.write("x.yaml", text);
    case::load(&[path]).unwrap_or_else(|error| panic!("{error}"))
}

/// A file with one case, made of these members of a case.
pub(crate) fn one(members: &str) -> String {
    let members = members.trim_start_matches('\n').trim_end();
    let indented: Vec<String> = members.lines().map(|line| format!("    {line}")).collect();
    format!("version: 1\ncases:\n  - name: one\n{}\n", indented.join("\n"))
}

/// Runs the only case of a text.
pub(crate) fn run(artifact: &Artifact, profile: &Profile, text: &str) -> Report {
    let cases = cases(text);
    assert_eq!(cases.len(), 1);
    case::run(&cases[0], artifact, profile, &Options::default())
}
