//! Typed ids: one type per kind of thing, so that they cannot be mixed up.

use core::fmt;
use core::str::FromStr;

use uuid::Uuid;

/// The text is not a UUID in its hyphenated form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidId;

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a hyphenated UUID")
    }
}

impl core::error::Error for InvalidId {}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// Takes the sixteen bytes of a UUID, most significant first.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The sixteen bytes of the UUID, most significant first.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// The same id as a plain UUID.
            #[must_use]
            pub const fn uuid(&self) -> Uuid {
                Uuid::from_bytes(self.0)
            }

            /// The hyphenated lower-case form, in ASCII.
            #[must_use]
            pub fn hyphenated(&self) -> [u8; 36] {
                hyphenated(&self.0)
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid.into_bytes())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.uuid().hyphenated(), f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                if text.len() != 36 {
                    return Err(InvalidId);
                }
                Uuid::try_parse(text).map(Self::from).map_err(|_| InvalidId)
            }
        }
    )*};
}

ids! {
    /// An API: what is offered to developers.
    ApiId
    /// An application: the owner of credentials, under exactly one strategy.
    ApplicationId
    /// A consumer of a gateway, as Kong knows it.
    ConsumerId
    /// A credential of an application. For keys we issue it spells the key's own id, see
    /// [`crate::key`].
    CredentialId
    /// A developer.
    DeveloperId
    /// A gateway (Konnect: control plane): the scope of a snapshot.
    GatewayId
    /// A portal: one audience, one catalogue, one set of rules.
    PortalId
    /// An application's registration for an API.
    RegistrationId
    /// A route of a gateway.
    RouteId
    /// A service of a gateway.
    ServiceId
    /// An authentication strategy: how applications prove themselves.
    StrategyId
    /// A team of developers.
    TeamId
}

/// Several ids are written for every request: no loop, no table, no bounds to check.
fn hyphenated(bytes: &[u8; 16]) -> [u8; 36] {
    const fn high(byte: u8) -> u8 {
        digit(byte >> 4)
    }
    const fn low(byte: u8) -> u8 {
        digit(byte & 0x0f)
    }
    const fn digit(nibble: u8) -> u8 {
        nibble.wrapping_add(if nibble < 10 { b'0' } else { b'a' - 10 })
    }
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *bytes;
    #[rustfmt::skip]
    let text = [
        high(a), low(a), high(b), low(b), high(c), low(c), high(d), low(d), b'-',
        high(e), low(e), high(f), low(f), b'-',
        high(g), low(g), high(h), low(h), b'-',
        high(i), low(i), high(j), low(j), b'-',
        high(k), low(k), high(l), low(l), high(m), low(m),
        high(n), low(n), high(o), low(o), high(p), low(p),
    ];
    text
}

/// The number of a state of the portal. It only ever rises; every change that can alter a
/// decision takes the next one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub u64);

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn an_id_is_read_only_in_the_hyphenated_form() {
        let text = "0190a5c4-9d3e-7cc0-8a5e-0123456789ab";
        assert_eq!(text.parse::<ApiId>().unwrap().to_string(), text);
        assert_eq!(text.parse::<ApiId>().unwrap().hyphenated(), text.as_bytes());
        for bad in
            ["", "0190a5c49d3e7cc08a5e0123456789ab", "{0190a5c4-9d3e-7cc0-8a5e-0123456789ab}", "x"]
        {
            assert_eq!(bad.parse::<ApiId>(), Err(InvalidId), "{bad}");
        }
    }
}
