//! A snapshot in a file, for people to look at.

use core::fmt;
use std::collections::BTreeMap;
use std::io::{self, Write};

use gatekey_core::digest::Digest;
use gatekey_core::key;
use gatekey_core::lifecycle::limit::{Limit, network_texts};
use gatekey_core::oidc::settings::Settings;
use gatekey_core::snapshot::manifest::split_bundle;
use gatekey_core::snapshot::record::{Consumer, Owner, Scheme, StrategyMethod, read_page};
use gatekey_core::snapshot::{FormatError, Manifest, Record};
use serde_json::{Value, json};

use crate::clock;

/// Why a file is no snapshot.
#[derive(Debug)]
pub(super) enum BundleError {
    /// It is not in the format.
    Format(FormatError),
    /// A page is not the one that the manifest names.
    Page(usize),
}

impl fmt::Display for BundleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format(error) => write!(f, "not a snapshot: {error}"),
            Self::Page(page) => write!(f, "page {page} is not the one that the manifest names"),
        }
    }
}

impl core::error::Error for BundleError {}

impl From<FormatError> for BundleError {
    fn from(error: FormatError) -> Self {
        Self::Format(error)
    }
}

/// A snapshot that is whole. Who signed it is not known.
#[derive(Debug)]
pub(super) struct Bundle<'b> {
    pub(super) manifest: Manifest,
    key_id: &'b [u8],
    pages: Vec<&'b [u8]>,
}

impl<'b> Bundle<'b> {
    /// Reads a manifest and its pages, and every record in them.
    pub(super) fn read(bytes: &'b [u8]) -> Result<Self, BundleError> {
        let (head, pages) = split_bundle(bytes)?;
        let manifest = Manifest::read_unverified(head)?;
        for (at, (page, entry)) in pages.iter().zip(&manifest.pages).enumerate() {
            if Digest::sha256(page) != entry.digest {
                return Err(BundleError::Page(at));
            }
            for record in read_page(page)? {
                record?;
            }
        }
        let key_id = head.get(4..12).unwrap_or_default();
        Ok(Self { manifest, key_id, pages })
    }

    /// Every record.
    pub(super) fn records(&self) -> impl Iterator<Item = Record> {
        self.pages.iter().filter_map(|page| read_page(page).ok()).flatten().filter_map(Result::ok)
    }

    /// When it was issued.
    pub(super) fn issued_at(&self) -> String {
        clock::format(i64::try_from(self.manifest.issued_at.0).unwrap_or(i64::MAX))
    }

    fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for record in self.records() {
            *counts.entry(plural(&record)).or_default() += 1;
        }
        counts
    }

    fn key_id(&self) -> String {
        self.key_id.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Shows it in a few lines.
    pub(super) fn show(&self, out: &mut impl Write) -> io::Result<()> {
        let bytes: usize = self.pages.iter().map(|page| page.len()).sum();
        writeln!(out, "gateway        {}", self.manifest.gateway)?;
        writeln!(out, "revision       {}", self.manifest.revision)?;
        writeln!(out, "issued at      {}", self.issued_at())?;
        writeln!(out, "signed by      key {} (not verified)", self.key_id())?;
        writeln!(out, "pages          {} ({bytes} bytes)", self.pages.len())?;
        for (kind, count) in self.counts() {
            writeln!(out, "{kind:<14} {count}")?;
        }
        Ok(())
    }

    /// Shows all of it. Records are written one by one: there may be millions.
    pub(super) fn show_json(&self, out: &mut impl Write) -> io::Result<()> {
        let head = json!({
            "gateway": self.manifest.gateway.to_string(),
            "revision": self.manifest.revision.0,
            "issued_at": self.issued_at(),
            "key_id": self.key_id(),
            "pages": self.pages.iter().map(|page| page.len()).collect::<Vec<_>>(),
            "counts": self.counts(),
        });
        let head = head.to_string();
        let open = head.strip_suffix('}').unwrap_or(&head);
        write!(out, "{open},\"records\":[")?;
        for (at, record) in self.records().enumerate() {
            let comma = if at == 0 { "\n" } else { ",\n" };
            write!(out, "{comma}{}", shown(&record))?;
        }
        writeln!(out, "\n]}}")
    }
}

const fn plural(record: &Record) -> &'static str {
    match record {
        Record::Strategy(_) => "strategies",
        Record::Service(_) => "services",
        Record::Route(_) => "routes",
        Record::Publication(_) => "publications",
        Record::Application(_) => "applications",
        Record::Registration(_) => "registrations",
        Record::Credential(_) => "credentials",
    }
}

/// A record as JSON. There is nothing secret in a snapshot: a digest opens nothing.
fn limit(limit: &Limit) -> Value {
    json!({
        "kind": limit.kind.as_str(), "requests": limit.requests,
        "window_seconds": limit.window_seconds,
        "apis": limit.apis.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn consumer(consumer: &Consumer) -> Value {
    json!({
        "id": consumer.id.to_string(), "username": consumer.username,
        "custom_id": consumer.custom_id,
    })
}

fn shown(record: &Record) -> Value {
    match record {
        Record::Strategy(strategy) => {
            let id = strategy.id.to_string();
            match &strategy.method {
                StrategyMethod::KeyAuth { key_names } => json!({ "kind": "strategy", "id": id,
                    "method": "key-auth", "key_names": key_names }),
                StrategyMethod::OpenIdConnect { settings } => {
                    let said: Value = serde_json::from_slice(settings).unwrap_or_default();
                    let fault = Settings::parse(settings).err().map(|fault| fault.to_string());
                    json!({ "kind": "strategy", "id": id, "method": "openid-connect",
                        "settings": said, "fault": fault })
                }
                StrategyMethod::Other { name, .. } => json!({ "kind": "strategy", "id": id,
                    "method": name, "key_names": null }),
            }
        }
        Record::Service(service) => {
            json!({ "kind": "service", "id": service.id.to_string(), "name": service.name })
        }
        Record::Route(route) => json!({
            "kind": "route", "id": route.id.to_string(), "service": route.service.to_string(),
            "hosts": route.hosts, "paths": route.paths, "methods": route.methods,
            "headers": route.headers,
        }),
        Record::Publication(publication) => json!({
            "kind": "publication", "api": publication.api.to_string(),
            "portal": publication.portal.to_string(),
            "service": publication.service.to_string(),
            "strategy": publication.strategy.map(|id| id.to_string()),
            "consumers_too": publication.consumers_too,
        }),
        Record::Application(application) => {
            let (developer, team) = match application.owner {
                Owner::Developer(id) => (Some(id.to_string()), None),
                Owner::Team(id) => (None, Some(id.to_string())),
            };
            json!({
                "kind": "application", "id": application.id.to_string(),
                "portal": application.portal.to_string(),
                "strategy": application.strategy.to_string(),
                "developer": developer, "team": team,
                "name": application.name, "active": application.active,
                "limits": application.limits.iter().map(limit).collect::<Vec<_>>(),
                "networks": network_texts(&application.networks),
                "consumer": application.consumer.as_ref().map(consumer),
            })
        }
        Record::Registration(registration) => json!({
            "kind": "registration", "application": registration.application.to_string(),
            "api": registration.api.to_string(), "status": registration.status.as_str(),
            "consumer": registration.consumer.as_ref().map(consumer),
        }),
        Record::Credential(credential) => json!({
            "kind": "credential", "id": credential.id.to_string(),
            "key_id": key::key_id(credential.id),
            "application": credential.application.to_string(),
            "scheme": match credential.scheme {
                Scheme::HmacSha256 => "hmac-sha256",
                Scheme::Sha256 => "sha256",
                Scheme::Client => "client",
                Scheme::AccessToken => "access-token",
            },
            "digest": credential.digest.to_string(),
            "expires_at": credential.expires_at.map(|end| {
                clock::format(i64::try_from(end.0.saturating_mul(1_000)).unwrap_or(i64::MAX))
            }),
        }),
    }
}
