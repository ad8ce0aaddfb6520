//! One portal at a time works on a SQLite file: what it knows of the database, and what it counts,
//! is in its memory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

/// The file of a SQLite database; none when it is in memory, or is no SQLite database.
pub(crate) fn file_of(url: &str) -> Option<PathBuf> {
    let rest = url.strip_prefix("sqlite:")?;
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let path = rest.split('?').next().unwrap_or_default();
    (!path.is_empty() && path != ":memory:").then(|| PathBuf::from(path))
}

/// Keeps others from a SQLite file for as long as the answer is kept; the system gives it back
/// when the process ends, however that is. Other databases are for several portals: none.
pub(crate) fn alone(url: &str) -> io::Result<Option<File>> {
    let Some(database) = file_of(url) else { return Ok(None) };
    let mut path = database.into_os_string();
    path.push(".lock");
    let path = PathBuf::from(path);
    if let Some(folder) = path.parent() {
        use std::os::unix::fs::DirBuilderExt;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let located =
        |error: io::Error| io::Error::new(error.kind(), format!("`{}`: {error}", path.display()));
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(located)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => {
            let reason = format!(
                "another portal works on this database already (`{}` is locked). SQLite is for \
                 one portal; for several use PostgreSQL",
                path.display()
            );
            Err(io::Error::new(io::ErrorKind::WouldBlock, reason))
        }
        Err(TryLockError::Error(error)) => Err(located(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_in_urls() {
        for (url, file) in [
            ("sqlite:a/b.db?mode=rwc", Some("a/b.db")),
            ("sqlite:///a/b.db", Some("/a/b.db")),
            ("sqlite::memory:", None),
            ("postgres://x/y", None),
        ] {
            assert_eq!(file_of(url), file.map(PathBuf::from), "{url}");
        }
    }

    #[test]
    fn one_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}?mode=rwc", dir.path().join("new/db").display());
        let first = alone(&url).unwrap();
        assert!(first.is_some());
        let error = alone(&url).unwrap_err().to_string();
        assert!(error.contains("another portal"), "{error}");
        drop(first);
        assert!(alone(&url).unwrap().is_some());
        assert!(alone("postgres://x/y").unwrap().is_none());
    }
}
