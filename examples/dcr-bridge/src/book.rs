//! What the bridge remembers of its clients: a file with registration access tokens, written whole
//! and at once, and for its owner's eyes only. Client secrets are not in it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use gatekey_dcr::{Metadata, Remote};
use serde::{Deserialize, Serialize};
use tempfile::Builder;

/// A client, and where the work on it stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// What it is to be like.
    pub(crate) metadata: Metadata,
    /// What the server said of it.
    pub(crate) remote: Remote,
    /// A call that left and must not be made twice; none once its answer was taken in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sent: Option<String>,
}

/// All clients, by the tag that each was registered with.
#[derive(Debug)]
pub(crate) struct Book {
    path: PathBuf,
    entries: BTreeMap<String, Entry>,
}

impl Book {
    /// Opens a file; one that does not exist is empty.
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        let told = |error: String| format!("cannot use {}: {error}", path.display());
        let entries = match fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| told(error.to_string()))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(told(error.to_string())),
        };
        let book = Self { path: path.to_owned(), entries };
        // What cannot be written is better known now than after the first registration.
        book.write().map_err(|error| told(error.to_string()))?;
        Ok(book)
    }

    /// The tag of a client.
    pub(crate) fn tag(&self, client_id: &str) -> Option<String> {
        let mut entries = self.entries.iter();
        let found = entries.find(|(_, entry)| entry.remote.client_id.as_deref() == Some(client_id));
        found.map(|(tag, _)| tag.clone())
    }

    pub(crate) fn get(&self, tag: &str) -> Option<Entry> {
        self.entries.get(tag).cloned()
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = (&String, &Entry)> {
        self.entries.iter()
    }

    /// Remembers a client.
    pub(crate) fn keep(&mut self, tag: &str, entry: Entry) -> io::Result<()> {
        self.entries.insert(tag.to_owned(), entry);
        self.write()
    }

    /// Forgets a client.
    pub(crate) fn forget(&mut self, tag: &str) -> io::Result<()> {
        self.entries.remove(tag);
        self.write()
    }

    /// Writes a file beside, and puts it in the place of the old one. A temporary file is its
    /// owner's only from the start.
    fn write(&self) -> io::Result<()> {
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut file = Builder::new().prefix(".dcr-bridge-").tempfile_in(folder)?;
        serde_json::to_writer_pretty(&mut file, &self.entries)?;
        file.flush()?;
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        if cfg!(unix) {
            fs::File::open(folder)?.sync_all()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(client_id: &str) -> Entry {
        let remote = Remote { client_id: Some(client_id.into()), ..Remote::default() };
        Entry { metadata: Metadata::default(), remote, sent: None }
    }

    #[test]
    fn what_is_kept_is_there_again_and_only_for_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let mut book = Book::open(&path).unwrap();
        book.keep("a", entry("one")).unwrap();
        book.keep("b", entry("two")).unwrap();
        book.forget("a").unwrap();

        let book = Book::open(&path).unwrap();
        assert_eq!(book.tag("two").as_deref(), Some("b"));
        assert_eq!(book.tag("one"), None);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_file_that_is_none_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        for odd in ["", "{", "[]", r#"{"a":{"other":1}}"#] {
            fs::write(&path, odd).unwrap();
            assert!(Book::open(&path).is_err(), "{odd}");
            assert_eq!(fs::read_to_string(&path).unwrap(), odd);
        }
        assert!(Book::open(&folder.path().join("no/such/folder.json")).is_err());
    }
}
