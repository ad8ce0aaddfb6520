//! What came of a scenario, in a form in which subjects can be compared.

use core::fmt;

/// What came of every request, in order.
pub type Transcript = Vec<Outcome>;

/// Header fields: names in lower case, sorted.
pub type Fields = Vec<(String, Vec<u8>)>;

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The upstream received it.
    Allowed {
        /// Every header that could pass for an identity header.
        identity: Fields,
        /// What is left of the other headers that the client sent.
        client: Fields,
    },
    /// The gateway answered it.
    Denied {
        /// The precise reason, where it can be seen.
        code: Option<String>,
        /// What the client was told.
        answer: Answer,
    },
    /// The subject broke down. Never what was expected.
    Broken(String),
}

/// What a refused client is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The text in the body.
    pub message: String,
    /// The header `www-authenticate`.
    pub challenge: Option<String>,
    /// Whether there was a header `retry-after`.
    pub retry_after: bool,
    /// The header `ratelimit-policy`.
    pub limit: Option<String>,
}

/// What a service asks its callers for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asks {
    /// An API key.
    pub key: bool,
    /// A bearer token.
    pub bearer: bool,
    /// With at least these scopes.
    pub scope: Option<String>,
    /// The realm in the challenge.
    pub realm: Option<String>,
    /// The limit that a request ran into.
    pub limit: Option<String>,
}

impl Asks {
    /// The header `www-authenticate` of an answer with this status (RFC 9110 11.6.1, RFC 6750 3).
    #[must_use]
    pub fn challenge(&self, code: &str, status: u16) -> Option<String> {
        let error = match (code, status) {
            ("reserved_header", _) => return None,
            ("no_credential", _) => None,
            ("insufficient_scope", _) => {
                Some(("insufficient_scope", "The access token lacks a scope"))
            }
            (_, 401) => Some(("invalid_token", "The access token is not valid")),
            (_, 400) => Some(("invalid_request", "The request holds more than one credential")),
            _ => return None,
        };
        let mut schemes = Vec::new();
        if self.key && code != "insufficient_scope" {
            let realm = self.realm.as_ref().map(|realm| format!(" realm=\"{realm}\""));
            schemes.push(format!("Key{}", realm.unwrap_or_default()));
        }
        if self.bearer {
            let mut attributes = Vec::new();
            let mut attribute = |name: &str, value: Option<&str>| {
                attributes.extend(value.map(|value| format!("{name}=\"{value}\"")));
            };
            attribute("realm", self.realm.as_deref());
            attribute("error", error.map(|(name, _)| name));
            attribute("error_description", error.map(|(_, description)| description));
            attribute("scope", self.scope.as_deref().filter(|_| code == "insufficient_scope"));
            let attributes = attributes.join(", ");
            schemes.push(format!("Bearer {attributes}").trim_end().to_owned());
        }
        Some(schemes.join(", ")).filter(|challenge| !challenge.is_empty())
    }
}

/// The status that belongs to the code of a reason. `None` for a code that is none.
#[must_use]
pub fn status_of(code: &str) -> Option<u16> {
    rule(code).map(|(status, _)| status)
}

/// What a refused client is told, by the code of the reason: the table of what clients see,
/// written down once more. `None` for a code that is none.
#[must_use]
pub fn answer_to(code: &str, asks: &Asks) -> Option<Answer> {
    let (status, mut message) = rule(code)?;
    if code == "no_credential" && !asks.key {
        message = "Unauthorized";
    }
    let challenge = asks.challenge(code, status);
    let limit = asks.limit.clone().filter(|_| status == 429);
    let retry_after = matches!(status, 429 | 503);
    Some(Answer { status, message: message.into(), challenge, retry_after, limit })
}

fn rule(code: &str) -> Option<(u16, &'static str)> {
    Some(match code {
        "no_credential" => (401, "No API key found in request"),
        "duplicate_credential" | "ambiguous_credential" => (401, "Duplicate API key found"),
        "malformed_credential"
        | "unknown_credential"
        | "expired_credential"
        | "unknown_application"
        | "wrong_header"
        | "bad_signature"
        | "expired_token"
        | "malformed_token"
        | "missing_claim"
        | "oversized_token"
        | "premature_token"
        | "refused_algorithm"
        | "unknown_client"
        | "unknown_issuer"
        | "unknown_key"
        | "wrong_audience"
        | "wrong_token_type" => (401, "Unauthorized"),
        "address_refused"
        | "address_unknown"
        | "not_registered"
        | "registration_pending"
        | "registration_rejected"
        | "registration_revoked"
        | "application_suspended"
        | "method_absent"
        | "unpublished"
        | "unknown_route"
        | "unknown_service" => (403, "You cannot consume this service"),
        "insufficient_scope" => (403, "Forbidden"),
        "ambiguous_token" => (400, "Invalid request"),
        "reserved_header" => (400, "Reserved header in request"),
        "oversized_request" => (431, "Request Header Fields Too Large"),
        "quota_exhausted" | "rate_limited" => (429, "API rate limit exceeded"),
        "no_policy" | "stale_policy" | "keys_unavailable" | "issuer_undiscovered" => {
            (503, "Service temporarily unavailable")
        }
        _ => return None,
    })
}

impl Outcome {
    /// Whether two subjects saw the same: a code that one of them cannot see does not count.
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Broken(_), _) | (_, Self::Broken(_)) => false,
            (Self::Denied { code: a, answer: x }, Self::Denied { code: b, answer: y }) => {
                x == y && (a.is_none() || b.is_none() || a == b)
            }
            _ => self == other,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allowed { identity, client } => {
                f.write_str("allowed;")?;
                write_fields(f, " identity", identity)?;
                write_fields(f, " client", client)
            }
            Self::Denied { code, answer } => {
                let Answer { status, message, challenge, retry_after, limit } = answer;
                let code = code.as_deref().unwrap_or("not seen");
                write!(f, "denied ({code}); {status} `{message}`")?;
                if let Some(challenge) = challenge {
                    write!(f, ", challenge `{challenge}`")?;
                }
                if let Some(limit) = limit {
                    write!(f, ", limit `{limit}`")?;
                }
                if *retry_after { f.write_str(", retry later") } else { Ok(()) }
            }
            Self::Broken(why) => write!(f, "broken: {why}"),
        }
    }
}

fn write_fields(f: &mut fmt::Formatter<'_>, what: &str, fields: &Fields) -> fmt::Result {
    f.write_str(what)?;
    for (name, value) in fields {
        write!(f, " {name}=`{}`", value.escape_ascii())?;
    }
    f.write_str(";")
}
