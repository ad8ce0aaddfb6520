//! Which addresses may be called.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

use reqwest::Url;

/// An exception from the rule that only the public internet is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Allowed {
    /// A network, like `10.1.0.0/16` or `127.0.0.1`.
    Network(IpAddr, u8),
    /// A host name, whatever it resolves to.
    Host(String),
}

impl FromStr for Allowed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        if let Ok(address) = address.parse::<IpAddr>() {
            let most = if address.is_ipv4() { 32 } else { 128 };
            let length = length.map_or(Ok(most), str::parse::<u8>);
            return match length {
                Ok(length) if length <= most => Ok(Self::Network(address, length)),
                _ => Err(format!("`{text}`: the length of the prefix must be 0 to {most}")),
            };
        }
        let host = text.to_ascii_lowercase();
        let named = host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
        if !named || host.is_empty() {
            return Err(format!("`{text}`: must be an address, a network or a host name"));
        }
        Ok(Self::Host(host))
    }
}

impl Allowed {
    /// The addresses of this machine itself.
    pub(crate) const LOOPBACK: [Self; 2] = [
        Self::Network(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), 8),
        Self::Network(IpAddr::V6(Ipv6Addr::LOCALHOST), 128),
    ];

    /// Whether it is the host, or a network with the address in it.
    pub(crate) fn has(&self, host: &str, address: IpAddr) -> bool {
        match self {
            Self::Host(known) => known.eq_ignore_ascii_case(host),
            Self::Network(network, length) => match (network, address) {
                (IpAddr::V4(network), IpAddr::V4(address)) => {
                    let shift = 32_u32.saturating_sub(u32::from(*length));
                    let cut = |bits: u32| bits.checked_shr(shift).unwrap_or_default();
                    cut(network.to_bits()) == cut(address.to_bits())
                }
                (IpAddr::V6(network), IpAddr::V6(address)) => {
                    let shift = 128_u32.saturating_sub(u32::from(*length));
                    let cut = |bits: u128| bits.checked_shr(shift).unwrap_or_default();
                    cut(network.to_bits()) == cut(address.to_bits())
                }
                _ => false,
            },
        }
    }
}

/// Why a URL is not called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UrlFault {
    /// It is no absolute URL.
    Malformed,
    /// It is neither `https`, nor `http` to an allowed host.
    Scheme,
    /// It holds a user name or a password.
    User,
    /// Its host is an address that may not be called.
    Address,
}

impl fmt::Display for UrlFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "must be an absolute URL",
            Self::Scheme => "must be an https URL",
            Self::User => "must not hold a user name or a password",
            Self::Address => {
                "must not be on this machine or in a private network; `outbound_allow` in the \
                 configuration makes exceptions"
            }
        })
    }
}

/// The rule and its exceptions.
#[derive(Debug)]
pub(crate) struct Guard {
    allowed: Vec<Allowed>,
}

impl Guard {
    /// The rule, with exceptions.
    pub(crate) const fn new(allowed: Vec<Allowed>) -> Self {
        Self { allowed }
    }

    /// Reads a URL and checks what its text tells.
    pub(crate) fn check(&self, url: &str) -> Result<Url, UrlFault> {
        let url = Url::parse(url).map_err(|_| UrlFault::Malformed)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(UrlFault::Malformed)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlFault::User);
        }
        // Brackets are the URL's, not the address's.
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let literal = bare.parse::<IpAddr>().ok();
        let excepted = match literal {
            Some(address) => self.excepts(bare, address),
            None => {
                is_local(bare) && self.excepts(bare, IpAddr::V4(Ipv4Addr::LOCALHOST))
                    || self.allowed.iter().any(|allowed| {
                        matches!(allowed, Allowed::Host(known) if known.eq_ignore_ascii_case(bare))
                    })
            }
        };
        match url.scheme() {
            "https" => {}
            "http" if excepted => {}
            "http" if literal.is_some() || is_local(bare) => return Err(UrlFault::Address),
            _ => return Err(UrlFault::Scheme),
        }
        if literal.is_some_and(|address| !self.lets(bare, address)) || is_local(bare) && !excepted {
            return Err(UrlFault::Address);
        }
        Ok(url)
    }

    /// Whether an address to which a host name resolved may be called.
    pub(crate) fn lets(&self, host: &str, address: IpAddr) -> bool {
        is_public(address) || self.excepts(host, address)
    }

    fn excepts(&self, host: &str, address: IpAddr) -> bool {
        self.allowed.iter().any(|allowed| allowed.has(host, address.to_canonical()))
    }
}

fn is_local(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

/// Whether an address is one of the public internet: not of a network that the IANA's registries
/// of special-purpose addresses (RFC 6890) keep off it, nor one that carries such an address.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = a == 0
        || a >= 224
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && (c == 0 || c == 2))
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19))
        || (a == 198 && b == 51 && c == 100)
        || (a == 203 && b == 0 && c == 113);
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let embedded = |high: u16, low: u16| {
        is_public_v4(Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(low)))
    };
    match (a, b) {
        // NAT64 (RFC 6052) and 6to4 carry an address of version 4.
        (0x64, 0xff9b) if (c, d, e, f) == (0, 0, 0, 0) => embedded(g, h),
        (0x2002, _) => embedded(b, c),
        // Teredo, benchmarking, ORCHID, documentation and the like.
        (0x2001, 0..=0x1ff | 0xdb8) => false,
        (0x3fff, 0..=0xfff) => false,
        // Only this block is handed out as global unicast.
        _ => (0x2000..0x4000).contains(&a),
    }
}
