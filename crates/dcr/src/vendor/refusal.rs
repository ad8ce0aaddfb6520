//! Refusals, in the vendors' words and without secrets.

use serde_json::Value;

use crate::adapter::{Settled, State, Step};
use crate::call::Reply;
use crate::failure::{Failure, FailureKind};

/// A code and a text, as a vendor's error body holds them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Words {
    /// A code, like `insufficient_scope`.
    pub(crate) code: String,
    /// A text for people.
    pub(crate) message: String,
}

impl Words {
    /// Reads an error body: Auth0's `{errorCode, message}`, OAuth's `{error, error_description}`,
    /// Okta's `{errorCode, errorSummary, errorCauses}`, Graph's `{error: {code, message}}`.
    pub(crate) fn of(reply: &Reply) -> Self {
        let body = reply.json();
        let error = body.get("error").filter(|error| error.is_object()).unwrap_or(&body);
        let first = |members: &[&str]| {
            let found = members.iter().find_map(|member| error.get(member)?.as_str());
            found.unwrap_or_default().to_owned()
        };
        let code = first(&["errorCode", "code", "error"]);
        let mut message = first(&["message", "errorSummary", "error_description"]);
        for cause in body.get("errorCauses").and_then(Value::as_array).into_iter().flatten() {
            if let Some(summary) = cause.get("errorSummary").and_then(Value::as_str) {
                message = format!("{message}: {summary}");
            }
        }
        Self { code, message }
    }

    /// Whether the code is one of these.
    pub(crate) fn is(&self, codes: &[&str]) -> bool {
        codes.contains(&self.code.as_str())
    }

    /// The answer in a few words. What must not be told is blotted out.
    pub(crate) fn tell(
        &self,
        provider: &str,
        status: u16,
        state: &State,
        secret: Option<&str>,
    ) -> String {
        let mut told = format!("{provider} answers {status}");
        for part in [&self.code, &self.message] {
            if !part.is_empty() {
                told.push_str(": ");
                told.extend(part.chars().map(|c| if c.is_control() { ' ' } else { c }));
            }
        }
        let known = [
            secret,
            state.session.admin_token.as_ref().map(|(token, _)| token.expose().as_str()),
            state.once.as_ref().map(|token| token.expose().as_str()),
            state.remote.registration_access_token.as_ref().map(|token| token.expose().as_str()),
            state.issued.as_ref().map(|issued| issued.secret.expose().as_str()),
        ];
        for secret in known.into_iter().flatten().filter(|secret| !secret.is_empty()) {
            told = told.replace(secret, "…");
        }
        told
    }

    /// The failure of a step whose call was refused.
    pub(crate) fn refuse(
        &self,
        provider: &str,
        step: Step,
        reply: &Reply,
        state: &State,
        secret: Option<&str>,
    ) -> Settled {
        let kind = match reply.status {
            401 => FailureKind::Unauthorized,
            404 | 410 => FailureKind::Gone,
            400..=499 => FailureKind::Refused,
            _ => FailureKind::Unexpected,
        };
        Settled::Failed(Failure::new(step, kind, self.tell(provider, reply.status, state, secret)))
    }
}

#[cfg(test)]
mod tests {
    use gatekey_core::secret::Secret;

    use super::*;

    fn reply(status: u16, body: &str) -> Reply {
        let body = Secret::new(body.as_bytes().to_vec());
        Reply { status, retry_after_seconds: None, next_page: None, body }
    }

    #[test]
    fn every_vendors_words_are_read() {
        for (body, code, message) in [
            (
                r#"{"statusCode":403,"error":"Forbidden","message":"No","errorCode":"scope"}"#,
                "scope",
                "No",
            ),
            (r#"{"error":"invalid_client","error_description":"No"}"#, "invalid_client", "No"),
            (
                r#"{"errorCode":"E1","errorSummary":"No","errorCauses":[{"errorSummary":"x"}]}"#,
                "E1",
                "No: x",
            ),
            (r#"{"error":{"code":"Denied","message":"No","innerError":{}}}"#, "Denied", "No"),
            ("<html>", "", ""),
        ] {
            let words = Words::of(&reply(400, body));
            assert_eq!((words.code.as_str(), words.message.as_str()), (code, message), "{body}");
        }
    }

    #[test]
    fn secrets_are_blotted_out_and_lines_joined() {
        let mut state = State::default();
        state.session.admin_token = Some((Secret::new("token-of-admin".into()), 0));
        let words = Words {
            code: "odd".into(),
            message: "not token-of-admin\nnor hunter2 with hunter2".into(),
        };
        let Settled::Failed(failure) =
            words.refuse("Auth0", "create the client", &reply(403, ""), &state, Some("hunter2"))
        else {
            panic!()
        };
        assert_eq!(failure.kind, FailureKind::Refused);
        assert_eq!(
            failure.to_string(),
            "cannot create the client: Auth0 answers 403: odd: not … nor … with …"
        );
    }
}
