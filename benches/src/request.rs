//! The request that every measurement sends: what an ordinary client says of itself.

/// The host that is asked for.
pub const AUTHORITY: &str = "api.example.com";
/// What is asked for.
pub const PATH: &str = "/flights?from=TLS&to=BER";

/// Twelve headers; the key is the thirteenth.
pub const HEADERS: [(&str, &str); 12] = [
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ("accept", "application/json, text/plain, */*"),
    ("accept-language", "en-GB,en;q=0.7,fr;q=0.3"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("referer", "https://www.example.com/search?from=TLS&to=BER"),
    ("origin", "https://www.example.com"),
    ("cache-control", "no-cache"),
    ("dnt", "1"),
    ("sec-fetch-mode", "cors"),
    ("sec-fetch-site", "same-site"),
    ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ("x-forwarded-for", "203.0.113.7"),
];

/// What a request presents instead of one good key, and what it is called in reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// One good key.
    Allow,
    /// No key.
    NoKey,
    /// The same header twice.
    TwoKeys,
    /// A key whose checksum is wrong.
    MalformedKey,
    /// A well-formed key that nobody has.
    UnknownKey,
}

impl Case {
    /// Every case.
    pub const ALL: [Self; 5] =
        [Self::Allow, Self::NoKey, Self::TwoKeys, Self::MalformedKey, Self::UnknownKey];

    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::NoKey => "no_key",
            Self::TwoKeys => "two_keys",
            Self::MalformedKey => "malformed_key",
            Self::UnknownKey => "unknown_key",
        }
    }

    /// The status of the answer.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Allow => 200,
            Self::NoKey | Self::TwoKeys | Self::MalformedKey | Self::UnknownKey => 401,
        }
    }

    /// The keys to present, given a good one.
    #[must_use]
    pub fn presented(self, good: &str) -> Vec<String> {
        match self {
            Self::Allow => vec![good.to_owned()],
            Self::NoKey => Vec::new(),
            Self::TwoKeys => vec![good.to_owned(); 2],
            Self::MalformedKey => vec![crate::population::malformed_key()],
            Self::UnknownKey => vec![crate::population::unknown_key()],
        }
    }
}
