//! The developer, who speaks the portal's API with a session.

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::http::{Http, Reply};

pub(super) const EMAIL: &str = "ada@example.com";
pub(super) const PASSWORD: &str = "A-long-way-from-Turin-1842";

#[derive(Debug, Clone)]
pub(super) struct Developer {
    /// Where the developer API of this portal starts.
    base: String,
    session: Option<String>,
}

impl Developer {
    pub(super) fn visiting(portal_url: &str, portal_id: &str) -> Self {
        Self { base: format!("{portal_url}/portals/{portal_id}/api/v3"), session: None }
    }

    pub(super) fn call(
        &self,
        http: &Http,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Reply> {
        let url = format!("{}{path}", self.base);
        match &self.session {
            Some(session) => http.send(method, &url, &[("cookie", session)], body),
            None => http.send(method, &url, &[], body),
        }
    }

    /// The cookie of the session.
    pub(super) fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }

    /// Keeps the session that signing in brought.
    pub(super) fn remember(&mut self, http: &Http, reply: &Reply) -> Result<()> {
        const NAME: &str = "portalaccesstoken=";
        let cookie = reply
            .headers
            .get_all("set-cookie")
            .iter()
            .filter_map(|value| value.to_str().ok()?.split(';').next())
            .find(|pair| pair.starts_with(NAME))
            .context("signing in brought no `portalaccesstoken`")?;
        http.hide(cookie.trim_start_matches(NAME));
        self.session = Some(cookie.to_owned());
        Ok(())
    }
}
