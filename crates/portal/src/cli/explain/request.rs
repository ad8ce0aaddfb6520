//! The request to explain.

use std::path::PathBuf;

use clap::Args;
use gatekey_core::http::{Header, Request};
use gatekey_core::secret::Secret;
use serde::Deserialize;

use crate::cli::input::{BadInput, read_file, read_stdin};

/// Where the request comes from.
#[derive(Debug, Args)]
pub(super) struct Source {
    /// A file with the request as JSON: `method`, `authority`, `path` and `headers`, a list of
    /// pairs; `-` is standard input
    #[arg(long, value_name = "FILE", required_unless_present_any = ["path", "request_id"])]
    #[arg(conflicts_with_all = ["method", "authority", "path", "header"])]
    request: Option<PathBuf>,
    /// The method [default: GET]
    #[arg(long)]
    method: Option<String>,
    /// The host that the client asks for
    #[arg(long, value_name = "HOST")]
    authority: Option<String>,
    /// The path, with its query
    #[arg(long)]
    path: Option<String>,
    /// A header, `name: value`; several can be given. Others on this machine can read it:
    /// `--request -` keeps a key to yourself
    #[arg(long, value_name = "HEADER")]
    header: Vec<String>,
}

/// A request, as asked about.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    #[serde(default = "get")]
    pub(super) method: String,
    #[serde(default)]
    pub(super) authority: String,
    pub(super) path: String,
    #[serde(default)]
    headers: Vec<Field>,
}

/// A header field. Its value may be a key.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "(String, String)")]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) value: Secret<String>,
}

impl From<(String, String)> for Field {
    fn from((name, value): (String, String)) -> Self {
        Self { name, value: Secret::new(value) }
    }
}

fn get() -> String {
    "GET".into()
}

impl Source {
    pub(super) fn read(self) -> Result<Asked, BadInput> {
        let Some(path) = self.request else {
            let headers = self.header.into_iter().enumerate().map(|(at, line)| {
                let bad = || BadInput(format!("header {}: must be `name: value`", at + 1));
                let (name, value) = line.split_once(':').ok_or_else(bad)?;
                Ok((name.trim().to_owned(), value.trim().to_owned()).into())
            });
            return Ok(Asked {
                method: self.method.unwrap_or_else(get),
                authority: self.authority.unwrap_or_default(),
                path: self.path.unwrap_or_default(),
                headers: headers.collect::<Result<_, _>>()?,
            });
        };
        let from_stdin = path.as_os_str() == "-";
        let json = if from_stdin { read_stdin()? } else { Secret::new(read_file(&path)?) };
        // The text of an error may quote what was read, which may be a key.
        serde_json::from_slice(json.expose()).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let fault = format!(
                "not a request: line {line} column {column}; it has `method`, `authority`, `path` \
                 and `headers`, a list of pairs"
            );
            BadInput::at(&path, fault)
        })
    }
}

impl Asked {
    /// A request with one header, or none.
    pub(super) fn of(
        method: String,
        authority: String,
        path: String,
        header: Option<(String, String)>,
    ) -> Self {
        Self { method, authority, path, headers: header.into_iter().map(Field::from).collect() }
    }

    pub(super) fn headers(&self) -> Vec<Header<'_>> {
        self.headers
            .iter()
            .map(|field| Header {
                name: field.name.as_bytes(),
                value: field.value.expose().as_bytes(),
            })
            .collect()
    }

    pub(super) fn request<'a>(&'a self, headers: &'a [Header<'a>]) -> Request<'a> {
        Request {
            method: self.method.as_bytes(),
            authority: self.authority.as_bytes(),
            path: self.path.as_bytes(),
            headers,
        }
    }

    /// The fields, to look for keys in.
    pub(super) fn fields(&self) -> &[Field] {
        &self.headers
    }

    /// The same request with one header under another name.
    pub(super) fn renamed(&self, at: usize, name: &str) -> Self {
        let mut other = self.clone();
        if let Some(field) = other.headers.get_mut(at) {
            name.clone_into(&mut field.name);
        }
        other
    }

    /// The same request with only one of the headers of these names.
    pub(super) fn with_only(&self, at: usize, names: &[&str]) -> Self {
        let mut other = self.clone();
        let mut index = 0;
        other.headers.retain(|field| {
            let named = names.iter().any(|name| field.name.eq_ignore_ascii_case(name));
            let keep = index == at || !named;
            index += 1;
            keep
        });
        other
    }
}
