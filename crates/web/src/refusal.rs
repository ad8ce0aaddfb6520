//! What the API answers when it does not do what it was asked.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

/// A refusal, or a failure. As a response it becomes a page when it leaves through
/// [`crate::visit::enter`].
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    /// The status.
    pub(crate) status: StatusCode,
    /// What kind it is.
    pub(crate) title: String,
    /// What it is about.
    pub(crate) detail: String,
    /// The members of the body to blame.
    pub(crate) faults: Vec<Fault>,
    /// After how many seconds it can be tried again.
    pub(crate) retry_after: Option<u64>,
}

/// A member of a body, or a parameter, that broke a rule.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Fault {
    /// Which, as a dotted path.
    pub(crate) field: String,
    /// The rule.
    pub(crate) rule: String,
    /// The rule in words.
    pub(crate) reason: String,
    /// The least that the rule allows.
    pub(crate) minimum: Option<i64>,
    /// The most that the rule allows.
    pub(crate) maximum: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body {
    title: String,
    detail: String,
    invalid_parameters: Vec<Fault>,
}

impl Refusal {
    /// A refusal of the pages' own.
    pub(crate) fn of(status: StatusCode) -> Self {
        let title = status.canonical_reason().unwrap_or_default().to_owned();
        Self { status, title, detail: String::new(), faults: Vec::new(), retry_after: None }
    }

    /// There is no such page.
    pub(crate) fn not_found() -> Self {
        Self::of(StatusCode::NOT_FOUND)
    }

    /// What the API said.
    pub(crate) fn read(status: StatusCode, retry_after: Option<u64>, body: &[u8]) -> Self {
        let body: Body = serde_json::from_slice(body).unwrap_or_default();
        let (title, detail, faults) = (body.title, body.detail, body.invalid_parameters);
        Self { status, title, detail, faults, retry_after }
    }

    /// With a fault of a field that the page itself found.
    pub(crate) fn fault(field: &str, rule: &str, reason: &str) -> Self {
        let (field, rule, reason) = (field.to_owned(), rule.to_owned(), reason.to_owned());
        let fault = Fault { field, rule, reason, ..Fault::default() };
        Self { faults: vec![fault], ..Self::of(StatusCode::BAD_REQUEST) }
    }

    /// Whether the form can be shown again with what is to be changed in it: the person can do
    /// something about it.
    pub(crate) fn is_about_the_form(&self) -> bool {
        matches!(self.status.as_u16(), 400 | 403 | 409 | 410 | 413 | 422 | 429 | 502 | 503)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = self.status;
        let mut response = status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_are_read_and_what_is_none_is_kept_as_a_status() {
        let body = br#"{"status":400,"title":"Invalid Request","detail":"Invalid Parameters",
            "instance":"x","invalid_parameters":[{"field":"name","rule":"min_length",
            "reason":"must have at least 1 character","source":"body","minimum":1}]}"#;
        let refusal = Refusal::read(StatusCode::BAD_REQUEST, None, body);
        assert_eq!(refusal.faults[0].field, "name");
        assert_eq!(refusal.faults[0].minimum, Some(1));
        let refusal = Refusal::read(StatusCode::BAD_GATEWAY, Some(3), b"<html>");
        assert_eq!((refusal.title.as_str(), refusal.retry_after), ("", Some(3)));
    }
}
