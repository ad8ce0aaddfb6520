//! The administrator, who speaks the management API with a token.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::http::{Http, Reply};
use super::portal::Portal;

#[derive(Debug)]
pub(super) struct Admin<'a> {
    http: &'a Http,
    portal: &'a Portal,
    authorization: String,
}

impl<'a> Admin<'a> {
    pub(super) fn of(portal: &'a Portal, http: &'a Http) -> Result<Self> {
        let authorization = format!("Bearer {}", portal.secret("admin-token")?);
        Ok(Self { http, portal, authorization })
    }

    pub(super) fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Reply> {
        let headers = [("authorization", self.authorization.as_str())];
        self.http.send(method, &self.portal.url(path), &headers, body)
    }

    /// Creates something and returns its id.
    pub(super) fn create(&self, path: &str, body: &Value) -> Result<String> {
        self.call("POST", path, Some(body))?.expect(201)?.text("/id")
    }

    pub(super) fn developer_by_email(&self, portal_id: &str, email: &str) -> Result<String> {
        let path = format!("/v3/portals/{portal_id}/developers?filter%5Bemail%5D%5Beq%5D={email}");
        let found = self.call("GET", &path, None)?.expect(200)?;
        found.text("/data/0/id").context("the administrator does not see the developer")
    }

    pub(super) fn decide_on_developer(
        &self,
        portal_id: &str,
        developer_id: &str,
        status: &str,
    ) -> Result<()> {
        let path = format!("/v3/portals/{portal_id}/developers/{developer_id}");
        self.call("PATCH", &path, Some(&json!({ "status": status })))?.expect(200)?;
        Ok(())
    }

    pub(super) fn decide_on_registration(
        &self,
        portal_id: &str,
        application_id: &str,
        registration_id: &str,
        status: &str,
    ) -> Result<()> {
        let path = format!(
            "/v3/portals/{portal_id}/applications/{application_id}/registrations/{registration_id}"
        );
        self.call("PATCH", &path, Some(&json!({ "status": status })))?.expect(200)?;
        Ok(())
    }
}
