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
}

/// The rule of what a refused client is told, by the code of the reason: the table of what
/// clients see, written down once more. `None` for a code that is none.
#[must_use]
pub fn answer_to(code: &str, realm: Option<&str>) -> Option<Answer> {
    let (status, message) = match code {
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
        "ambiguous_token" => (400, "Invalid request"),
        "insufficient_scope" => (403, "Forbidden"),
        "not_registered"
        | "registration_pending"
        | "registration_rejected"
        | "registration_revoked"
        | "application_suspended"
        | "method_absent"
        | "unpublished"
        | "unknown_route"
        | "unknown_service" => (403, "You cannot consume this service"),
        "reserved_header" => (400, "Reserved header in request"),
        "oversized_request" => (431, "Request Header Fields Too Large"),
        "no_policy" | "stale_policy" => (503, "Service temporarily unavailable"),
        _ => return None,
    };
    let challenge = (status == 401).then(|| match realm {
        Some(realm) => format!("Key realm=\"{realm}\""),
        None => "Key".into(),
    });
    Some(Answer { status, message: message.into(), challenge, retry_after: status == 503 })
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
                let Answer { status, message, challenge, retry_after } = answer;
                let code = code.as_deref().unwrap_or("not seen");
                write!(f, "denied ({code}); {status} `{message}`")?;
                if let Some(challenge) = challenge {
                    write!(f, ", challenge `{challenge}`")?;
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
