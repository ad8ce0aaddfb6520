//! What the portal knows, as a scenario file writes it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::is_default;
use crate::forge;

/// The readable name of something; its id is derived from it.
pub type Name = String;

/// The records of a portal that matter to the gateway.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs, reason = "each field holds the records of its name")]
pub struct Policy {
    #[serde(skip_serializing_if = "is_default")]
    pub strategies: Vec<Strategy>,
    #[serde(skip_serializing_if = "is_default")]
    pub services: Vec<Service>,
    #[serde(skip_serializing_if = "is_default")]
    pub routes: Vec<Route>,
    #[serde(skip_serializing_if = "is_default")]
    pub publications: Vec<Publication>,
    #[serde(skip_serializing_if = "is_default")]
    pub applications: Vec<Application>,
    #[serde(skip_serializing_if = "is_default")]
    pub registrations: Vec<Registration>,
    #[serde(skip_serializing_if = "is_default")]
    pub credentials: Vec<Credential>,
}

/// How applications prove themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Strategy {
    /// The strategy's name.
    pub name: Name,
    /// Its method and settings.
    pub method: StrategyMethod,
}

/// A strategy's method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StrategyMethod {
    /// An API key in one of these headers.
    KeyAuth(Vec<String>),
    /// Tokens of an identity provider.
    #[serde(rename = "openid_connect")]
    OpenIdConnect(OpenIdConnect),
    /// A method of this name, which no subject knows.
    Other(String),
}

/// What a strategy accepts of an identity provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenIdConnect {
    /// The settings, as Konnect's `configs.openid-connect` has them.
    pub settings: Map<String, Value>,
    /// Keys of the forge: they become the setting `jwks`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub keys: Vec<String>,
}

impl OpenIdConnect {
    /// The settings with the keys in them.
    ///
    /// # Errors
    ///
    /// When the forge does not have a key.
    pub fn whole(&self) -> Result<Map<String, Value>, String> {
        let mut settings = self.settings.clone();
        if !self.keys.is_empty() {
            settings.insert("jwks".into(), forge::key_set(&self.keys)?);
        }
        Ok(settings)
    }
}

/// A service of the gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The name its id is derived from.
    pub name: Name,
    /// The name it is shown under, if another: two services may share it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub shown_as: Option<String>,
}

/// Which requests belong to a service. An empty list means any.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the fields of a route are those of the gateway's")]
pub struct Route {
    pub name: Name,
    pub service: Name,
    #[serde(default, skip_serializing_if = "is_default")]
    pub hosts: Vec<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub paths: Vec<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub methods: Vec<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub headers: Vec<(String, Vec<String>)>,
}

/// An API offered on a portal and served by a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "each field names what it is called after")]
pub struct Publication {
    pub api: Name,
    pub portal: Name,
    pub service: Name,
    /// `null` is an admin's word that the API is open.
    #[serde(deserialize_with = "nullable")]
    #[schemars(required)]
    pub strategy: Option<Name>,
    /// Whether applications that are consumers pass without a registration.
    #[serde(default, skip_serializing_if = "is_default")]
    pub consumers_too: bool,
}

/// Takes `null` for `None` but refuses a missing field: an API is not open by oversight.
fn nullable<'de, D: serde::Deserializer<'de>>(reader: D) -> Result<Option<Name>, D::Error> {
    Option::deserialize(reader)
}

/// An application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "each field names what it is called after")]
pub struct Application {
    pub name: Name,
    pub portal: Name,
    pub strategy: Name,
    /// Who owns it, unless a team does.
    #[serde(default = "somebody", skip_serializing_if = "is_somebody")]
    pub developer: Name,
    /// The team that owns it in a developer's place.
    #[serde(default, skip_serializing_if = "is_default")]
    pub team: Option<Name>,
    /// The name its owner gave it, if another than `name`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub shown_as: Option<String>,
    /// Its credentials are not honoured.
    #[serde(default, skip_serializing_if = "is_default")]
    pub suspended: bool,
    /// How often it may call.
    #[serde(default, skip_serializing_if = "is_default")]
    pub limits: Vec<Limit>,
    /// From where it may call; none means from anywhere.
    #[serde(default, skip_serializing_if = "is_default")]
    pub networks: Vec<String>,
    /// The consumer whose credentials it carries.
    #[serde(default, skip_serializing_if = "is_default")]
    pub consumer: Option<Consumer>,
}

fn somebody() -> Name {
    "somebody".into()
}

fn is_somebody(developer: &Name) -> bool {
    *developer == somebody()
}

/// How often an application may call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// How it counts.
    pub kind: LimitKind,
    /// How many requests a window holds.
    pub requests: u32,
    /// How long a window is.
    pub window_seconds: u32,
    /// The APIs that count; none means every API.
    #[serde(default, skip_serializing_if = "is_default")]
    pub apis: Vec<Name>,
}

/// How a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "these are the words of the product")]
pub enum LimitKind {
    Rate,
    Quota,
}

/// A consumer of the gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Consumer {
    /// The name its id is derived from.
    pub name: Name,
    /// Its user name.
    #[serde(default, skip_serializing_if = "is_default")]
    pub username: Option<String>,
    /// The id it has elsewhere.
    #[serde(default, skip_serializing_if = "is_default")]
    pub custom_id: Option<String>,
}

impl Application {
    /// The name its owner gave it.
    #[must_use]
    pub fn shown_name(&self) -> &str {
        self.shown_as.as_deref().unwrap_or(&self.name)
    }
}

/// An application's registration for an API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "each field names what it is called after")]
pub struct Registration {
    pub application: Name,
    pub api: Name,
    pub status: RegistrationStatus,
    /// As whom the application calls this API.
    #[serde(default, skip_serializing_if = "is_default")]
    pub consumer: Option<Consumer>,
}

/// Where a registration stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "these are the words of the product")]
pub enum RegistrationStatus {
    Pending,
    Approved,
    Rejected,
    Revoked,
}

/// A key that is honoured until its end of life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// The credential's name.
    pub name: Name,
    /// The application that holds it.
    pub application: Name,
    /// The key.
    pub key: KeySource,
    /// How the key was digested.
    #[serde(default, skip_serializing_if = "is_default")]
    pub scheme: Scheme,
    /// The pepper it was digested under, if by HMAC.
    #[serde(default = "first_pepper", skip_serializing_if = "is_first_pepper")]
    pub pepper: String,
    /// From this second of the case on it is refused; a negative one is long past.
    #[serde(default, skip_serializing_if = "is_default")]
    pub expires_in_seconds: Option<i64>,
}

fn first_pepper() -> String {
    "p1".into()
}

fn is_first_pepper(pepper: &String) -> bool {
    pepper == "p1"
}

fn provider() -> String {
    "https://idp.test".into()
}

fn is_provider(issuer: &String) -> bool {
    *issuer == provider()
}

/// Where a key comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeySource {
    /// Issued by us; requests refer to it as `{{key:name}}`.
    Issue(Name),
    /// Issued by us under words of the operator's choice; requests refer to it as
    /// `{{key:name}}`.
    IssueAs {
        /// The key's name.
        name: Name,
        /// The first word of the key.
        prefix: String,
        /// Its second word.
        environment: String,
    },
    /// Imported from elsewhere: the key itself.
    Raw(String),
    /// Imported from elsewhere: its digest, in hexadecimal digits.
    Digest(String),
    /// No key: an identity provider knows the application as this client.
    Client {
        /// The strategy that accepts its tokens.
        strategy: Name,
        /// Who issues them.
        #[serde(default = "provider", skip_serializing_if = "is_provider")]
        issuer: String,
        /// The client id.
        id: String,
    },
}

/// How a key was digested.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// HMAC-SHA-256 under a pepper.
    #[default]
    HmacSha256,
    /// Plain SHA-256.
    Sha256,
}

/// A record of any kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "each variant holds the type of its name")]
pub enum Record {
    Strategy(Strategy),
    Service(Service),
    Route(Route),
    Publication(Publication),
    Application(Application),
    Registration(Registration),
    Credential(Credential),
}

/// What identifies a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs, reason = "each variant holds the name of a record of its kind")]
pub enum RecordName {
    Strategy(Name),
    Service(Name),
    Route(Name),
    Publication { api: Name, portal: Name },
    Application(Name),
    Registration { application: Name, api: Name },
    Credential(Name),
}

/// One change of the policy.
#[allow(clippy::large_enum_variant, reason = "a file has few of them")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The record is now this.
    Put(Record),
    /// There is no such record any more.
    Delete(RecordName),
}

impl Policy {
    /// Makes a change, the plain way.
    pub fn change(&mut self, change: &Change) {
        match change {
            Change::Put(record) => {
                self.delete(&record.name());
                self.put(record.clone());
            }
            Change::Delete(name) => {
                self.delete(name);
                if let RecordName::Application(gone) = name {
                    // An application takes its registrations with it.
                    self.registrations.retain(|known| known.application != *gone);
                }
            }
        }
    }

    /// Every record, kind by kind.
    pub fn records(&self) -> impl Iterator<Item = Record> {
        let strategies = self.strategies.iter().cloned().map(Record::Strategy);
        let services = self.services.iter().cloned().map(Record::Service);
        let routes = self.routes.iter().cloned().map(Record::Route);
        let publications = self.publications.iter().cloned().map(Record::Publication);
        let applications = self.applications.iter().cloned().map(Record::Application);
        let registrations = self.registrations.iter().cloned().map(Record::Registration);
        let credentials = self.credentials.iter().cloned().map(Record::Credential);
        let catalogue = strategies.chain(services).chain(routes).chain(publications);
        catalogue.chain(applications).chain(registrations).chain(credentials)
    }

    fn put(&mut self, record: Record) {
        match record {
            Record::Strategy(strategy) => self.strategies.push(strategy),
            Record::Service(service) => self.services.push(service),
            Record::Route(route) => self.routes.push(route),
            Record::Publication(publication) => self.publications.push(publication),
            Record::Application(application) => self.applications.push(application),
            Record::Registration(registration) => self.registrations.push(registration),
            Record::Credential(credential) => self.credentials.push(credential),
        }
    }

    fn delete(&mut self, name: &RecordName) {
        match name {
            RecordName::Strategy(name) => self.strategies.retain(|known| known.name != *name),
            RecordName::Service(name) => self.services.retain(|known| known.name != *name),
            RecordName::Route(name) => self.routes.retain(|known| known.name != *name),
            RecordName::Publication { api, portal } => {
                self.publications.retain(|known| known.api != *api || known.portal != *portal);
            }
            RecordName::Application(name) => {
                self.applications.retain(|known| known.name != *name);
            }
            RecordName::Registration { application, api } => {
                self.registrations
                    .retain(|known| known.application != *application || known.api != *api);
            }
            RecordName::Credential(name) => self.credentials.retain(|known| known.name != *name),
        }
    }
}

impl Record {
    /// What identifies this record.
    #[must_use]
    pub fn name(&self) -> RecordName {
        match self {
            Self::Strategy(record) => RecordName::Strategy(record.name.clone()),
            Self::Service(record) => RecordName::Service(record.name.clone()),
            Self::Route(record) => RecordName::Route(record.name.clone()),
            Self::Publication(record) => {
                RecordName::Publication { api: record.api.clone(), portal: record.portal.clone() }
            }
            Self::Application(record) => RecordName::Application(record.name.clone()),
            Self::Registration(record) => RecordName::Registration {
                application: record.application.clone(),
                api: record.api.clone(),
            },
            Self::Credential(record) => RecordName::Credential(record.name.clone()),
        }
    }
}
