//! Authorization requests: what a client asks a browser to bring.
//!
//! Until the client and its redirect URI are known to be what they say, the browser is sent
//! nowhere: what is wrong is told on a page. After that it is told to the client.

use std::sync::Arc;

use sea_orm::DbErr;
use uuid::Uuid;

use super::form::{Form, with_query};
use super::grant::{AUTHORIZATION_CODE, is_audience, may_ask};
use super::known::{ClientView, ServerView};
use super::people;
use super::pkce;
use super::refusal::{Code, Refusal};
use super::scope::{self, About, Granted, texts};
use crate::app::App;
use crate::problem::Problem;
use crate::store::entity::portal;

/// The longest `state` and `nonce` that are carried along.
const LONGEST_CARRIED: usize = 2_048;

/// A request that can be shown to somebody.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) server: Arc<ServerView>,
    pub(crate) client: Arc<ClientView>,
    /// Whose developers are asked.
    pub(crate) portal: portal::Model,
    pub(crate) granted: Granted,
    pub(crate) nonce: Option<String>,
    pub(crate) challenge: String,
    /// Nobody may be asked anything.
    pub(crate) silent: bool,
    /// Somebody has to sign in for this request.
    pub(crate) sign_in_again: bool,
    /// How many seconds ago somebody may have signed in at most.
    pub(crate) max_age: Option<i64>,
    /// Who is expected.
    pub(crate) login_hint: Option<String>,
    back: Back,
}

/// The way back to the client.
#[derive(Clone, Debug)]
struct Back {
    redirect_uri: String,
    state: Option<String>,
    issuer: String,
}

impl Back {
    fn with(&self, answer: &[(&str, &str)]) -> String {
        let state = self.state.as_deref().map(|state| ("state", state));
        let more = state.into_iter().chain([("iss", self.issuer.as_str())]);
        with_query(&self.redirect_uri, answer.iter().copied().chain(more))
    }

    fn refusal(&self, refusal: Refusal) -> Bad {
        match refusal {
            Refusal::Told(code, reason) => {
                let answer = [("error", code.as_str()), ("error_description", reason.as_ref())];
                Bad::Back(self.with(&answer))
            }
            Refusal::Failed(problem) => Bad::Failed(problem),
        }
    }
}

/// A request that cannot.
#[derive(Debug)]
pub(crate) enum Bad {
    /// The person is told, and stays here.
    Page(&'static str),
    /// The browser is sent back with the reason.
    Back(String),
    /// Something failed.
    Failed(Problem),
}

impl From<Problem> for Bad {
    fn from(problem: Problem) -> Self {
        Self::Failed(problem)
    }
}

impl From<DbErr> for Bad {
    fn from(error: DbErr) -> Self {
        Self::Failed(error.into())
    }
}

impl Request {
    /// Where the code goes.
    pub(crate) fn redirect_uri(&self) -> &str {
        &self.back.redirect_uri
    }

    /// The URI that takes a code to the client.
    pub(crate) fn granted(&self, code: &str) -> String {
        self.back.with(&[("code", code)])
    }

    /// The URI that tells the client why there is no code.
    pub(crate) fn refused(&self, code: Code, reason: &str) -> String {
        self.back.with(&[("error", code.as_str()), ("error_description", reason)])
    }

    /// The scopes asked for, and how the server describes them, for whoever has to agree.
    pub(crate) fn described(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.granted.names.iter().map(|name| {
            let scope = self.server.scopes.iter().find(|scope| scope.name == *name);
            (name.as_str(), scope.and_then(|scope| scope.description.as_deref()))
        })
    }
}

/// Reads a request.
pub(crate) async fn read(app: &App, server: Uuid, query: &[u8]) -> Result<Request, Bad> {
    let form = Form::parse(query).map_err(|_| Bad::Page("The request is malformed."))?;
    let id = form.get("client_id").ok_or(Bad::Page("The request names no client."))?;
    let pair = app.authorization.known.read(app.store.db(), server, id).await?;
    let pair = pair.ok_or_else(Problem::not_found)?;
    let client = pair.client.ok_or(Bad::Page("The client is not known."))?;
    let server = pair.server;
    let redirect_uri = form.get("redirect_uri").unwrap_or_default();
    if !texts(&client.row.redirect_uris).iter().any(|known| known == redirect_uri) {
        return Err(Bad::Page("The address to return to is not one of the client's."));
    }
    let back = Back {
        redirect_uri: redirect_uri.to_owned(),
        state: form.get("state").map(str::to_owned),
        issuer: server.row.issuer(app),
    };
    let asked = asked(&server, &client, &form).map_err(|refusal| back.refusal(refusal))?;
    let Some(portal) = people::portal_of(app.store.db(), &client.row).await? else {
        let reason = "The client belongs to no portal whose developers could sign in";
        return Err(back.refusal(Refusal::new(Code::UnauthorizedClient, reason)));
    };
    let prompts: Vec<_> = form.get("prompt").unwrap_or_default().split(' ').collect();
    let text = |name: &str| form.get(name).map(str::to_owned);
    Ok(Request {
        portal,
        granted: asked.granted,
        nonce: text("nonce"),
        challenge: asked.challenge,
        silent: prompts.contains(&"none"),
        sign_in_again: prompts.contains(&"login") || prompts.contains(&"select_account"),
        max_age: asked.max_age,
        login_hint: text("login_hint"),
        back,
        server,
        client,
    })
}

struct Asked {
    granted: Granted,
    challenge: String,
    max_age: Option<i64>,
}

fn asked(server: &ServerView, client: &ClientView, form: &Form) -> Result<Asked, Refusal> {
    if form.get("request").is_some() {
        return Err(Refusal::new(Code::RequestNotSupported, "Signed requests are not taken"));
    }
    if form.get("request_uri").is_some() {
        return Err(Refusal::new(Code::RequestUriNotSupported, "References are not taken"));
    }
    if form.required("response_type")? != "code" {
        let reason = "The only response type is `code`";
        return Err(Refusal::new(Code::UnsupportedResponseType, reason));
    }
    may_ask(client, AUTHORIZATION_CODE)?;
    if form.get("response_mode").is_some_and(|mode| mode != "query") {
        return Err(Refusal::request("The only response mode is `query`"));
    }
    let challenge = form.required("code_challenge")?;
    if form.get("code_challenge_method") != Some("S256") || !pkce::is_challenge(challenge) {
        return Err(Refusal::request("PKCE with S256 is needed"));
    }
    for carried in ["state", "nonce", "login_hint"] {
        if form.get(carried).is_some_and(|text| text.len() > LONGEST_CARRIED) {
            return Err(Refusal::request("A parameter is too long"));
        }
    }
    let prompts: Vec<_> = form.get("prompt").unwrap_or_default().split(' ').collect();
    if prompts.contains(&"none") && prompts.len() > 1 {
        return Err(Refusal::request("`prompt` has `none` and more"));
    }
    let max_age = form.get("max_age").map(|text| text.parse::<u32>().map(i64::from));
    let max_age = max_age.transpose().map_err(|_| Refusal::request("`max_age` is no number"))?;
    is_audience(server, form)?;
    let granted = scope::grant(server, client, form.get("scope"), About::Person)?;
    Ok(Asked { granted, challenge: challenge.to_owned(), max_age })
}
