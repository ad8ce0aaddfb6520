//! The limits and the allow list of an application, as their columns hold them.
//!
//! `limits` is a list of objects with `kind`, `requests`, `window_seconds` and, where not every API
//! counts, `apis`; `networks` is a list of texts. The rules are
//! [`gatekey_core::lifecycle::limit`]'s: what breaks one is not read, here and by the API alike.

use core::fmt;

use gatekey_core::lifecycle::limit::{
    self, InvalidLimit, InvalidNetworks, Limit, LimitKind, Network,
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

/// Why a column is not read.
#[derive(Debug)]
pub(crate) enum Unreadable {
    /// It has another form.
    Form(serde_json::Error),
    /// A limit breaks a rule.
    Limit(InvalidLimit),
    /// A network does.
    Networks(InvalidNetworks),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(error) => error.fmt(f),
            Self::Limit(error) => error.fmt(f),
            Self::Networks(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Unreadable {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    kind: Kind,
    requests: u32,
    window_seconds: u32,
    #[serde(default)]
    apis: Option<Vec<Uuid>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Rate,
    Quota,
}

/// Reads the column `limits`.
pub(crate) fn limits(column: &Value) -> Result<Vec<Limit>, Unreadable> {
    let stored: Vec<Stored> = Deserialize::deserialize(column).map_err(Unreadable::Form)?;
    let limits = stored.into_iter().map(|stored| {
        let kind = match stored.kind {
            Kind::Rate => LimitKind::Rate,
            Kind::Quota => LimitKind::Quota,
        };
        let apis = stored.apis.map(|apis| apis.into_iter().map(Into::into).collect());
        Limit::new(kind, stored.requests, stored.window_seconds, apis)
    });
    let limits: Vec<_> = limits.collect::<Result<_, _>>().map_err(Unreadable::Limit)?;
    limit::check_limits(&limits).map_err(Unreadable::Limit)?;
    Ok(limits)
}

/// Writes the column `limits`; none when there are no limits.
pub(crate) fn limits_column(limits: &[Limit]) -> Option<Value> {
    let stored = limits.iter().map(|limit| {
        let mut stored = json!({
            "kind": limit.kind.as_str(),
            "requests": limit.requests,
            "window_seconds": limit.window_seconds,
        });
        if !limit.apis.is_empty()
            && let Some(members) = stored.as_object_mut()
        {
            let apis = limit.apis.iter().map(|api| Value::from(api.to_string()));
            members.insert("apis".to_owned(), apis.collect());
        }
        stored
    });
    (!limits.is_empty()).then(|| stored.collect())
}

/// Reads the column `networks`.
pub(crate) fn networks(column: &Value) -> Result<Vec<Network>, Unreadable> {
    let texts: Vec<String> = Deserialize::deserialize(column).map_err(Unreadable::Form)?;
    limit::networks(&texts).map_err(Unreadable::Networks)
}

/// Writes the column `networks`; none when there are no networks.
pub(crate) fn networks_column(networks: &[Network]) -> Option<Value> {
    (!networks.is_empty()).then(|| limit::network_texts(networks).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let api = Uuid::from_u128(7);
        let column = json!([
            {"kind": "rate", "requests": 10, "window_seconds": 1},
            {"kind": "quota", "requests": 100, "window_seconds": 3600, "apis": [api]},
        ]);
        let read = limits(&column).unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!(limits_column(&read), Some(column));
        assert_eq!(limits_column(&[]), None);
        let read = networks(&json!(["192.0.2.7", "10.0.0.0/8"])).unwrap();
        assert_eq!(networks_column(&read), Some(json!(["10.0.0.0/8", "192.0.2.7/32"])));
        assert_eq!(networks_column(&[]), None);
    }

    #[test]
    fn what_breaks_a_rule_is_not_read() {
        for column in [
            json!({}),
            json!([{"kind": "burst", "requests": 1, "window_seconds": 1}]),
            json!([{"kind": "rate", "requests": 0, "window_seconds": 1}]),
            json!([{"kind": "rate", "requests": -1, "window_seconds": 1}]),
            json!([{"kind": "rate", "requests": 1}]),
            json!([{"kind": "rate", "requests": 1, "window_seconds": 1, "per": "ip"}]),
            json!([{"kind": "rate", "requests": 1, "window_seconds": 1, "apis": []}]),
        ] {
            assert!(limits(&column).is_err(), "{column}");
        }
        for column in [json!("10.0.0.0/8"), json!(["10.0.0.1/8"]), json!([1])] {
            assert!(networks(&column).is_err(), "{column}");
        }
    }
}
