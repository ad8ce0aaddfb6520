//! What a scenario file expects of a request, held against what came of it.

use crate::document::{Application, CallerName, Expect, Registration, Request, StrategyMethod};
use crate::names;
use crate::scenario::Scenario;
use crate::transcript::{Answer, Asks, Fields, Outcome, answer_to};

/// The headers that tell the upstream who calls.
pub(crate) const IDENTITY: [&str; 8] = [
    "x-api-id",
    "x-application-id",
    "x-application-name",
    "x-consumer-custom-id",
    "x-consumer-id",
    "x-consumer-username",
    "x-credential-identifier",
    "x-developer-id",
];

/// Whether a header could pass for one that tells who calls.
#[must_use]
pub fn is_identity(name: &str) -> bool {
    IDENTITY.contains(&name.to_ascii_lowercase().replace('_', "-").as_str())
}

/// What was expected, when it is not what came.
pub(crate) fn unmet(scenario: &Scenario, request: &Request, outcome: &Outcome) -> Option<String> {
    let (wanted, client) = match expected(scenario, request) {
        Ok(wanted) => wanted,
        Err(why) => return Some(why),
    };
    let agrees = match (&wanted, outcome) {
        (Outcome::Allowed { identity, .. }, Outcome::Allowed { identity: seen, client: kept }) => {
            identity == seen && client.iter().all(|check| check.holds(kept))
        }
        _ => wanted.agrees_with(outcome),
    };
    (!agrees).then(|| match client.is_empty() {
        true => wanted.to_string(),
        false => format!("{wanted} and of the client's headers {client:?}"),
    })
}

/// Whether an expectation makes sense at all.
pub(crate) fn check(scenario: &Scenario, request: &Request) -> Result<(), String> {
    expected(scenario, request).map(|_| ())
}

/// What must come of a request, but for the client's other headers.
pub(crate) fn wanted(scenario: &Scenario, request: &Request) -> Result<Outcome, String> {
    expected(scenario, request).map(|(wanted, _)| wanted)
}

/// What must be left of one of the client's headers.
#[derive(Debug)]
enum ClientHeader {
    Present(String, Vec<u8>),
    Absent(String),
}

impl ClientHeader {
    fn holds(&self, kept: &Fields) -> bool {
        match self {
            Self::Present(name, value) => kept.iter().any(|(n, v)| n == name && v == value),
            Self::Absent(name) => kept.iter().all(|(known, _)| known != name),
        }
    }
}

fn expected(
    scenario: &Scenario,
    request: &Request,
) -> Result<(Outcome, Vec<ClientHeader>), String> {
    let cast = &scenario.cast;
    match &request.expect {
        Expect::Allow { caller, upstream_headers, present, absent } => {
            let mut identity = match (caller, upstream_headers) {
                (None, None) => Fields::new(),
                (Some(caller), None) => identity_of(scenario, caller)?,
                (None, Some(headers)) => headers
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), cast.value(value)?)))
                    .collect::<Result<_, String>>()?,
                (Some(_), Some(_)) => return Err("`caller` excludes `upstream_headers`".into()),
            };
            identity.sort();
            let present = present.iter().map(|(name, value)| {
                let value = cast.value(value)?;
                Ok(ClientHeader::Present(name.to_ascii_lowercase(), value))
            });
            let absent =
                absent.iter().map(|name| Ok(ClientHeader::Absent(name.to_ascii_lowercase())));
            let client = present.chain(absent).collect::<Result<_, String>>()?;
            Ok((Outcome::Allowed { identity, client: Fields::new() }, client))
        }
        Expect::Deny { code, status, message, challenge, limit } => {
            let rule =
                answer_to(code, &asks(scenario)).ok_or_else(|| format!("`{code}` is no code"))?;
            let answer = Answer {
                status: status.unwrap_or(rule.status),
                message: message.clone().unwrap_or(rule.message),
                challenge: challenge.clone().or(rule.challenge),
                retry_after: rule.retry_after,
                limit: limit.clone(),
            };
            Ok((Outcome::Denied { code: Some(code.clone()), answer }, Vec::new()))
        }
    }
}

/// What the services of a scenario ask for, if they all ask alike; a file with others spells the
/// challenge out.
fn asks(scenario: &Scenario) -> Asks {
    let mut asks = Asks { realm: scenario.gateway.realm.clone(), ..Asks::default() };
    for strategy in scenario.everything().strategies {
        match strategy.method {
            StrategyMethod::KeyAuth(names) => asks.key |= !names.is_empty(),
            StrategyMethod::OpenIdConnect(method) => {
                asks.bearer = true;
                let scopes = method.settings.get("scopes_required");
                let first = scopes.and_then(|all| all.get(0)?.as_str());
                asks.scope = asks.scope.or(first.map(String::from));
            }
            StrategyMethod::Other(_) => {}
        }
    }
    // What no strategy explains is about keys, as ever.
    asks.key |= !asks.bearer;
    asks
}

/// The identity headers that follow from who calls, looked up in everything the scenario ever
/// says about the application.
fn identity_of(scenario: &Scenario, caller: &CallerName) -> Result<Fields, String> {
    let everything = scenario.everything();
    let credential = everything
        .credentials
        .iter()
        .find(|known| known.name == caller.credential)
        .ok_or_else(|| format!("no credential `{}`", caller.credential))?;
    let application = everything
        .applications
        .iter()
        .find(|known| known.name == credential.application)
        .ok_or_else(|| format!("no application `{}`", credential.application))?;
    let mut registrations = everything.registrations.iter();
    let registration = registrations
        .find(|known| known.application == application.name && known.api == caller.api);
    let id = scenario.cast.credential_id(&credential.name)?;
    Ok(identity(application, registration, &caller.api, id))
}

/// The identity headers, sorted.
#[must_use]
pub(crate) fn identity(
    application: &Application,
    registration: Option<&Registration>,
    api: &str,
    credential: [u8; 16],
) -> Fields {
    let shown_as = header_text(application.shown_name());
    let id = names::id_text(names::id("application", &application.name));
    let developer = application.team.is_none().then_some(&application.developer);
    let developer = developer.map(|name| names::id_text(names::id("developer", name)));
    let team = application.team.as_ref().map(|name| names::id_text(names::id("team", name)));
    let consumer = registration.and_then(|registration| registration.consumer.as_ref());
    let [custom_id, consumer_id, username] = match consumer.or(application.consumer.as_ref()) {
        None => [team.or(developer.clone()), Some(id.clone()), Some(shown_as.clone())],
        Some(consumer) => [
            consumer.custom_id.as_deref().map(header_text),
            Some(names::id_text(names::id("consumer", &consumer.name))),
            consumer.username.as_deref().map(header_text),
        ],
    };
    let fields = [
        ("x-api-id", Some(names::id_text(names::id("api", api)))),
        ("x-application-id", Some(id)),
        ("x-application-name", Some(shown_as)),
        ("x-consumer-custom-id", custom_id),
        ("x-consumer-id", consumer_id),
        ("x-consumer-username", username),
        ("x-credential-identifier", Some(names::id_text(credential))),
        ("x-developer-id", developer),
    ];
    let told = |(name, value): (&str, Option<String>)| Some((name.to_owned(), value?.into_bytes()));
    fields.into_iter().filter_map(told).collect()
}

/// A name as a header can carry it: percent-encoded but for printable ASCII, without blanks at
/// the ends.
pub(crate) fn header_text(name: &str) -> String {
    let mut text = String::new();
    for byte in name.bytes() {
        match byte {
            b'%' | 0..=31 | 127..=255 => text.push_str(&format!("%{byte:02X}")),
            _ => text.push(char::from(byte)),
        }
    }
    text.trim_matches(' ').to_owned()
}
