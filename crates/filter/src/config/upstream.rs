//! Where the portal is, and whether the host can go there.

use gatekey_core::secret::Secret;
use gatekey_core::sync::Timing;

use super::raw::{self, HostKind, Scheme, Upstream};
use super::{ConfigError, Sync};

impl Sync {
    pub(super) fn new(raw: raw::Sync, host: HostKind) -> Result<Self, ConfigError> {
        let token = raw.token.expose();
        plain("sync.token", token)?;
        plain("sync.upstream.authority", &raw.upstream.authority)?;
        let prefix = raw.upstream.path_prefix.trim_end_matches('/');
        if !prefix.is_empty() && !prefix.starts_with('/') {
            return Err(ConfigError::at("sync.upstream.path_prefix", "must begin with `/`"));
        }
        if raw.wait_seconds > 60 {
            return Err(ConfigError::at("sync.wait_seconds", "must be at most 60"));
        }
        if !(100..=60_000).contains(&raw.timeout_ms) {
            return Err(ConfigError::at("sync.timeout_ms", "must be 100 to 60000"));
        }
        let (upstream, scheme) = if host.is_envoy() {
            (cluster(&raw.upstream)?, None)
        } else {
            let (address, scheme) = address(&raw.upstream)?;
            (address, Some(scheme))
        };
        Ok(Self {
            authorization: Secret::new(["Bearer ", token].concat()),
            path_prefix: prefix.into(),
            upstream: upstream.into(),
            scheme,
            timing: Timing { wait_seconds: raw.wait_seconds, timeout_ms: raw.timeout_ms },
            authority: raw.upstream.authority,
        })
    }
}

fn plain(place: &str, text: &str) -> Result<(), ConfigError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(ConfigError::at(place, "must be printable ASCII without spaces"));
    }
    Ok(())
}

fn at(field: &str, rule: &str) -> ConfigError {
    ConfigError::at(["sync.upstream.", field].concat(), rule)
}

fn cluster(upstream: &Upstream) -> Result<&str, ConfigError> {
    for (field, given) in [
        ("address", upstream.address.is_some()),
        ("scheme", upstream.scheme.is_some()),
        ("tls_verified", upstream.tls_verified.is_some()),
    ] {
        if given {
            return Err(at(field, "is for the hosts `nginx` and `kong`, Envoy has its cluster"));
        }
    }
    let Some(cluster) = &upstream.envoy_cluster else {
        return Err(at("envoy_cluster", "is required on the host `envoy`"));
    };
    plain("sync.upstream.envoy_cluster", cluster)?;
    Ok(cluster)
}

fn address(upstream: &Upstream) -> Result<(&str, &'static str), ConfigError> {
    if upstream.envoy_cluster.is_some() {
        return Err(at("envoy_cluster", "is for the host `envoy`, this one needs an `address`"));
    }
    let Some(address) = upstream.address.as_deref() else {
        return Err(at("address", "is required on the hosts `nginx` and `kong`"));
    };
    if !is_address(address) {
        return Err(at("address", "must be `host:port`, or `unix:` and a path"));
    }
    match upstream.scheme {
        Some(Scheme::Https) if upstream.tls_verified != Some(true) => Err(at(
            "tls_verified",
            "must be true with `https`: this host does not verify certificates by itself",
        )),
        Some(Scheme::Https) => Ok((address, "https")),
        Some(Scheme::Http) | None => Ok((address, "http")),
    }
}

/// What the host would not take makes every call fail, or be sent to a port nobody meant.
fn is_address(address: &str) -> bool {
    if let Some(path) = address.strip_prefix("unix:") {
        return path.starts_with('/') && plain("", path).is_ok();
    }
    let Some((host, port)) = address.rsplit_once(':') else { return false };
    let host_is = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host_fits = match bracketed {
        Some(host) => host.parse::<core::net::Ipv6Addr>().is_ok(),
        None => host.bytes().all(host_is),
    };
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    !host.is_empty() && host_fits && digits && port.parse::<u16>().is_ok_and(|port| port != 0)
}
