//! Where calls go, and whether the host can go there.

use gatekey_core::secret::Secret;
use gatekey_core::sync::Timing;

use super::raw::{self, HostKind, Scheme};
use super::{ConfigError, Sync, Upstream};

impl Sync {
    pub(super) fn new(raw: raw::Sync, host: HostKind) -> Result<Self, ConfigError> {
        let token = raw.token.expose();
        plain("sync.token", token)?;
        if raw.wait_seconds > 60 {
            return Err(ConfigError::at("sync.wait_seconds", "must be at most 60"));
        }
        if !(100..=60_000).contains(&raw.timeout_ms) {
            return Err(ConfigError::at("sync.timeout_ms", "must be 100 to 60000"));
        }
        Ok(Self {
            authorization: Secret::new(["Bearer ", token].concat()),
            upstream: Upstream::new(raw.upstream, "sync.upstream", host)?,
            timing: Timing { wait_seconds: raw.wait_seconds, timeout_ms: raw.timeout_ms },
        })
    }
}

impl Upstream {
    pub(super) fn new(
        raw: raw::Upstream,
        place: &str,
        host: HostKind,
    ) -> Result<Self, ConfigError> {
        let place = Place(place);
        plain(&place.of("authority"), &raw.authority)?;
        let prefix = raw.path_prefix.trim_end_matches('/');
        if !prefix.is_empty() {
            if !prefix.starts_with('/') {
                return Err(place.error("path_prefix", "must begin with `/`"));
            }
            plain(&place.of("path_prefix"), prefix)?;
        }
        let (upstream, scheme) = if host.is_envoy() {
            (cluster(&raw, place)?, None)
        } else {
            let (address, scheme) = address(&raw, place)?;
            (address, Some(scheme))
        };
        Ok(Self {
            path_prefix: prefix.into(),
            upstream: upstream.into(),
            scheme,
            authority: raw.authority,
        })
    }
}

/// Where an upstream stands in the configuration.
#[derive(Clone, Copy)]
struct Place<'p>(&'p str);

impl Place<'_> {
    fn of(self, field: &str) -> String {
        [self.0, ".", field].concat()
    }

    fn error(self, field: &str, rule: &str) -> ConfigError {
        ConfigError::at(self.of(field), rule)
    }
}

pub(super) fn plain(place: &str, text: &str) -> Result<(), ConfigError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(ConfigError::at(place, "must be printable ASCII without spaces"));
    }
    Ok(())
}

fn cluster<'u>(upstream: &'u raw::Upstream, place: Place<'_>) -> Result<&'u str, ConfigError> {
    for (field, given) in [
        ("address", upstream.address.is_some()),
        ("scheme", upstream.scheme.is_some()),
        ("tls_verified", upstream.tls_verified.is_some()),
    ] {
        if given {
            return Err(
                place.error(field, "is for the hosts `nginx` and `kong`, Envoy has its cluster")
            );
        }
    }
    let Some(cluster) = &upstream.envoy_cluster else {
        return Err(place.error("envoy_cluster", "is required on the host `envoy`"));
    };
    plain(&place.of("envoy_cluster"), cluster)?;
    Ok(cluster)
}

fn address<'u>(
    upstream: &'u raw::Upstream,
    place: Place<'_>,
) -> Result<(&'u str, &'static str), ConfigError> {
    if upstream.envoy_cluster.is_some() {
        return Err(
            place.error("envoy_cluster", "is for the host `envoy`, this one needs an `address`")
        );
    }
    let Some(address) = upstream.address.as_deref() else {
        return Err(place.error("address", "is required on the hosts `nginx` and `kong`"));
    };
    if !is_address(address) {
        return Err(place.error("address", "must be `host:port`, or `unix:` and a path"));
    }
    match upstream.scheme {
        Some(Scheme::Https) if upstream.tls_verified != Some(true) => Err(place.error(
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
    let in_ipv6 = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host_fits = match bracketed {
        // What an address is made of; the host reads it.
        Some(host) => host.contains(':') && host.bytes().all(in_ipv6),
        None => host.bytes().all(host_is),
    };
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    !host.is_empty() && host_fits && digits && port.parse::<u16>().is_ok_and(|port| port != 0)
}
