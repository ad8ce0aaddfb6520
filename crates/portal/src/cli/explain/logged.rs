//! A decision that a gateway has logged, to be explained without the secret that the request had.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use gatekey_core::check::Denial;
use gatekey_core::digest::Pepper;
use gatekey_core::id::{ApplicationId, CredentialId};
use gatekey_core::key::{self, KeyFormat, PresentedKey};
use gatekey_core::snapshot::Record;
use gatekey_core::snapshot::record::{Credential, Scheme, StrategyMethod};
use serde::Deserialize;

use super::request::Asked;
use crate::cli::input::BadInput;
use crate::entropy;

/// The header of what stands for the credential that a request had.
const STAND_IN: &str = "x-gatekey-stand-in";
/// How a refusal in words begins.
const IN_WORDS: &str = "refused: ";

/// Which decision is meant.
#[derive(Debug, Args)]
#[group(id = "logged")]
pub(super) struct Source {
    /// The id of a request that a gateway has decided about: the `request_id` of a refusal
    #[arg(long, value_name = "ID", requires = "log", conflicts_with_all = ["request", "path"])]
    request_id: Option<String>,
    /// The gateway's log, with `decision_log` or `log_refusals` on; `-` is standard input
    #[arg(long, value_name = "FILE", requires = "request_id")]
    log: Option<PathBuf>,
}

/// What was logged of a decision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Logged {
    pub(super) decision: String,
    pub(super) reason: Option<String>,
    pub(super) revision: Option<u64>,
    method: Option<String>,
    host: Option<String>,
    path: Option<String>,
    service: Option<String>,
    credential: Option<String>,
    application: Option<String>,
    api: Option<String>,
    pub(super) request_id: String,
    /// The public id of a key, in words only.
    #[serde(skip)]
    key: Option<String>,
}

impl Source {
    /// The last decision about the request, if one is asked for.
    pub(super) fn read(&self) -> Result<Option<Logged>, BadInput> {
        let (Some(id), Some(path)) = (&self.request_id, &self.log) else { return Ok(None) };
        let log: Box<dyn Read> = if path.as_os_str() == "-" {
            Box::new(std::io::stdin().lock())
        } else {
            Box::new(File::open(path).map_err(|error| BadInput::at(path, error))?)
        };
        find(BufReader::new(log), id, path).map(Some)
    }
}

fn find(mut log: impl BufRead, id: &str, path: &Path) -> Result<Logged, BadInput> {
    let mut found = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = log.read_until(b'\n', &mut line).map_err(|error| BadInput::at(path, error))?;
        if read == 0 {
            break;
        }
        let line = String::from_utf8_lossy(&line);
        if line.contains(id)
            && let Some(logged) = parse(&line)
            && logged.request_id == id
        {
            found = Some(logged);
        }
    }
    found.ok_or_else(|| {
        BadInput::at(
            path,
            format!(
                "no decision about the request `{id}`; with `decision_log` on, the gateway logs \
                 every one"
            ),
        )
    })
}

/// A line of a gateway's log, whatever the host puts around it.
fn parse(line: &str) -> Option<Logged> {
    let line = line.trim_end();
    if let Some(start) = line.find("{\"decision\"") {
        let mut objects = serde_json::Deserializer::from_str(line.get(start..)?).into_iter();
        return objects.next()?.ok();
    }
    let (_, words) = line.split_once(IN_WORDS)?;
    let mut words = words.split(' ');
    let mut logged = Logged {
        decision: "refused".into(),
        reason: words.next().map(str::to_owned),
        ..Logged::default()
    };
    for word in words {
        let Some((name, value)) = word.split_once('=') else { continue };
        // The host may write on behind the message.
        let value = value.trim_end_matches(['"', ',', '\'']).to_owned();
        match name {
            "key" => logged.key = Some(value),
            "credential" => logged.credential = Some(value),
            "application" => logged.application = Some(value),
            "api" => logged.api = Some(value),
            "request_id" => logged.request_id = value,
            _ => {}
        }
    }
    Some(logged)
}

/// What is put in the place of the request's own credential.
#[derive(Debug)]
pub(super) struct StandIn {
    /// The credential of the request, and the one that stands for it.
    ids: (String, String),
    /// What digests it.
    pub(super) pepper: Pepper,
}

impl StandIn {
    /// Words about the credential, with the id that the reader knows.
    pub(super) fn named(&self, words: &str) -> String {
        words.replace(&self.ids.1, &self.ids.0)
    }
}

impl Logged {
    /// The reason for which it was refused.
    pub(super) fn denial(&self) -> Option<Denial> {
        let reason = self.reason.as_deref()?;
        Denial::ALL.iter().copied().find(|denial| denial.code() == reason)
    }

    /// The service of the request, as far as that was said or follows.
    pub(super) fn service(&self, records: &[Record]) -> Option<String> {
        let told = self.service.clone();
        told.or_else(|| {
            // In words there is no path; the API leads to the service.
            let api = self.api.as_deref().filter(|_| self.path.is_none())?;
            records.iter().find_map(|record| match record {
                Record::Publication(publication) if publication.api.to_string() == api => {
                    Some(publication.service.to_string())
                }
                _ => None,
            })
        })
    }

    /// The request, and in the records what stands for its credential: the check is the gateway's
    /// own, from the credential on.
    pub(super) fn replayed(
        &self,
        records: &mut Vec<Record>,
    ) -> Result<(Asked, Option<StandIn>), String> {
        let or = |text: &Option<String>, other: &str| text.clone().unwrap_or_else(|| other.into());
        let (method, host, path) =
            (or(&self.method, "GET"), or(&self.host, ""), or(&self.path, "/"));
        let Some(credential) = self.credential(records) else {
            return Ok((Asked::of(method, host, path, None), None));
        };
        let format = KeyFormat::new("gk", "live").map_err(|error| error.to_string())?;
        let random = entropy::bytes().map_err(|_| "no random bytes")?;
        let issued = format.issue(&random);
        let key = issued.key.expose().as_str();
        let secret = entropy::bytes::<32>().map_err(|_| "no random bytes")?;
        let pepper = Pepper::new("stand-in", &secret).map_err(|error| error.to_string())?;
        let id = PresentedKey::parse(key.as_bytes()).map_err(|error| error.to_string())?;
        let stand_in = Credential {
            id: id.credential(),
            application: credential.application,
            digest: pepper.digest(key.as_bytes()),
            scheme: Scheme::HmacSha256,
            expires_at: credential.expires_at,
        };
        let ids = (credential.id.to_string(), stand_in.id.to_string());
        let place = records.partition_point(|record| match record {
            Record::Credential(known) => known.digest < stand_in.digest,
            _ => true,
        });
        records.insert(place, stand_in.into());
        let header = present(records, credential.application);
        let asked = Asked::of(method, host, path, Some((header, key.to_owned())));
        Ok((asked, Some(StandIn { ids, pepper })))
    }

    /// The credential, if there still is one.
    fn credential(&self, records: &[Record]) -> Option<Credential> {
        let by_id: Option<CredentialId> = self.credential.as_deref().and_then(|id| id.parse().ok());
        let by_key = self.key.as_deref();
        let application: Option<ApplicationId> =
            self.application.as_deref().and_then(|id| id.parse().ok());
        let credentials = || {
            records.iter().filter_map(|record| match record {
                Record::Credential(credential) => Some(credential),
                _ => None,
            })
        };
        let named = credentials().find(|known| {
            Some(known.id) == by_id
                || by_key.is_some() && key::key_id(known.id).as_deref() == by_key
        });
        // Tokens have a credential of the application that is not told apart.
        named
            .or_else(|| {
                let any = |known: &&Credential| Some(known.application) == application;
                credentials().find(any)
            })
            .cloned()
    }
}

/// The header in which the application may present a key: its strategy's, or one that its strategy is
/// given here, where it believes an identity provider.
fn present(records: &mut [Record], application: ApplicationId) -> String {
    let strategy = records.iter().find_map(|record| match record {
        Record::Application(known) if known.id == application => Some(known.strategy),
        _ => None,
    });
    for record in records {
        let Record::Strategy(known) = record else { continue };
        if Some(known.id) != strategy {
            continue;
        }
        match &known.method {
            StrategyMethod::KeyAuth { key_names } => {
                if let Some(name) = key_names.first() {
                    return name.clone();
                }
            }
            _ => {
                let key_names = vec![STAND_IN.to_owned()];
                known.method = StrategyMethod::KeyAuth { key_names };
            }
        }
    }
    STAND_IN.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0b1f4c2e-8a77-4d15-9d3e-7cc08a5e0123";

    #[test]
    fn the_last_decision_about_a_request_is_found() {
        let log = format!(
            "[info][wasm] wasm log gatekey: {{\"decision\":\"refused\",\"reason\":\"no_credential\",\
             \"request_id\":\"{ID}\"}}\nnoise {ID}\n\
             {{\"decision\":\"allowed\",\"revision\":7,\"path\":\"/a\",\"request_id\":\"{ID}\"}} tail\n\
             {{\"decision\":\"refused\",\"request_id\":\"other\"}}\n"
        );
        let found = find(log.as_bytes(), ID, Path::new("log")).unwrap();
        assert_eq!((found.decision.as_str(), found.revision), ("allowed", Some(7)));
        assert!(find(log.as_bytes(), "nobody", Path::new("log")).is_err());
    }

    #[test]
    fn refusals_in_words_are_read() {
        let line = format!(
            "wasm log: refused: not_registered key=ABC application={ID} api={ID} request_id=req-1234\n"
        );
        let found = find(line.as_bytes(), "req-1234", Path::new("log")).unwrap();
        assert_eq!(found.denial(), Some(Denial::NotRegistered));
        assert_eq!((found.key.as_deref(), found.api.as_deref()), (Some("ABC"), Some(ID)));
    }
}
