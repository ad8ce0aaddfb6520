//! A developer, who speaks the portal's own API.

use serde_json::{Value, json};

use crate::admin::{id_of, send};
use crate::http::Answer;
use crate::portal::Portal;

/// What every developer signs in with.
pub const PASSWORD: &str = "A-long-way-from-Turin-1842";

/// A developer who is signed in.
#[derive(Clone, Debug)]
pub struct Developer {
    base: String,
    /// The address, which is also the user name.
    pub email: String,
    cookie: String,
}

impl Developer {
    pub(crate) fn join(portal: &Portal, portal_id: &str, name: &str) -> Self {
        let base = format!("{}/portals/{portal_id}/api/v3", portal.base());
        let email = format!("{name}@example.com");
        let mut developer = Self { base, email: email.clone(), cookie: String::new() };
        let post = |path: &str, body: Value, status: u16| {
            let answer = developer.call("POST", path, &body);
            assert_eq!(answer.status, status, "{path}: {}", answer.body);
            answer
        };
        post("/developer", json!({ "email": email, "full_name": name }), 201);
        let token = portal.token_from_mail(&email, "confirm-email-address");
        let token = post("/developer/verify-email", json!({ "token": token }), 202).json();
        let password = json!({ "token": token["token"], "password": PASSWORD });
        post("/developer/reset-password", password, 204);
        let credentials = json!({ "username": email, "password": PASSWORD });
        let signed_in = post("/developer/authenticate", credentials, 204);
        let pairs = signed_in.headers("set-cookie").filter_map(|cookie| cookie.split(';').next());
        let pair = pairs.into_iter().find(|pair| pair.starts_with("portalaccesstoken="));
        developer.cookie = pair.expect("a cookie of the session").to_owned();
        developer
    }

    /// The cookie of the session.
    #[must_use]
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    /// Sends a request; `Null` is no body.
    #[must_use]
    pub fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        send(method, &format!("{}{path}", self.base), ("cookie", &self.cookie), body)
    }

    /// Creates an application under a strategy: the answer, with the client secret if there is one.
    #[must_use]
    pub fn try_create(&self, name: &str, strategy: &str, more: &Value) -> Answer {
        let mut body = json!({ "name": name, "auth_strategy_id": strategy });
        let members = body.as_object_mut().expect("an object");
        members.extend(more.as_object().cloned().unwrap_or_default());
        self.call("POST", "/applications", &body)
    }

    /// Creates an application under a strategy whose provider makes the client. People who sign in
    /// are sent back to the redirect URI.
    ///
    /// # Panics
    ///
    /// When it is refused, or tells no client.
    #[must_use]
    pub fn create(&self, name: &str, strategy: &str, redirect_uri: Option<&str>) -> Application {
        let more = redirect_uri.map_or(Value::Null, |uri| json!({ "redirect_uri": uri }));
        let answer = self.try_create(name, strategy, &more);
        assert_eq!(answer.status, 201, "{}", answer.body);
        let made = answer.json();
        let text = |name: &str| {
            let value = made[name].as_str();
            value.unwrap_or_else(|| panic!("no {name} in {made}")).to_owned()
        };
        Application {
            id: id_of(&made),
            client_id: text("client_id"),
            client_secret: text("client_secret"),
        }
    }

    /// Removes an application, and waits until every gateway knows.
    ///
    /// # Panics
    ///
    /// When it is refused, or a gateway does not hear of it.
    pub fn delete(&self, application: &str) {
        let path = format!("/applications/{application}?wait_for=gateways");
        let answer = self.call("DELETE", &path, &Value::Null);
        assert_eq!(answer.status, 204, "{}", answer.body);
        assert_enforced(&answer);
    }

    /// Asks for access to an API; it is granted at once where the publication says so.
    ///
    /// # Panics
    ///
    /// When it is refused.
    pub fn register(&self, application: &str, api: &str) {
        let path = format!("/applications/{application}/registrations?wait_for=gateways");
        let answer = self.call("POST", &path, &json!({ "api_id": api }));
        assert_eq!(answer.status, 201, "{}", answer.body);
        assert_eq!(answer.json()["status"], "approved");
        assert_enforced(&answer);
    }
}

/// The answer came when every running gateway had applied the change.
fn assert_enforced(answer: &Answer) {
    let told = answer.header("gatekey-enforcement");
    let words: Vec<&str> = told.split(' ').collect();
    assert!(
        matches!(*words, ["enforced", "on", done, "of", live, ..] if done == live),
        "{answer:?}"
    );
}

/// An application and its client, as it was told when it was created.
#[derive(Clone, Debug)]
pub struct Application {
    /// Its id at the portal.
    pub id: String,
    /// Its id at the provider.
    pub client_id: String,
    /// Its secret there.
    pub client_secret: String,
}
