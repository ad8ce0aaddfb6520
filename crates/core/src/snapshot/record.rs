//! The records of a snapshot: what a gateway has to know, and nothing else.

use alloc::string::String;
use alloc::vec::Vec;

use super::wire::{FormatError, Reader, push_list, push_str, push_strings};
use super::writer::PAGE_MAGIC;
use crate::digest::Digest;
use crate::id::{
    ApiId, ApplicationId, ConsumerId, CredentialId, DeveloperId, PortalId, RouteId, ServiceId,
    StrategyId, TeamId,
};
use crate::lifecycle::limit::{Limit, LimitKind, Network};
use crate::lifecycle::registration::RegistrationStatus;
use crate::time::UnixTime;

/// How applications under a strategy prove themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strategy {
    /// The strategy's id.
    pub id: StrategyId,
    /// Its method, with the method's own settings.
    pub method: StrategyMethod,
}

/// A strategy's method and settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StrategyMethod {
    /// An API key in one of these request headers.
    KeyAuth {
        /// Header names, in order of preference.
        key_names: Vec<String>,
    },
    /// What an identity provider says: tokens, sessions, grants.
    OpenIdConnect {
        /// The settings as a JSON object: see [`crate::oidc::settings`].
        settings: Vec<u8>,
    },
    /// A method this build has no type for. It is carried along and refuses.
    Other {
        /// The method's name.
        name: String,
        /// Its settings, uninterpreted.
        settings: Vec<u8>,
    },
}

/// The name of [`StrategyMethod::KeyAuth`] on the wire.
pub(crate) const KEY_AUTH_METHOD: &str = "key-auth";
/// The name of [`StrategyMethod::OpenIdConnect`] on the wire.
pub(crate) const OPENID_CONNECT_METHOD: &str = "openid-connect";
/// The name, in [`StrategyMethod::Other`], of an OpenID Connect strategy whose issuer the portal has
/// not discovered yet. Its settings are the issuer as it was entered.
pub const UNDISCOVERED_METHOD: &str = "openid-connect-undiscovered";

/// A service of the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// The service's id.
    pub id: ServiceId,
    /// Its name: what route metadata or the filter's configuration may call it.
    pub name: String,
}

/// Which requests belong to a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The route's id.
    pub id: RouteId,
    /// The service it leads to.
    pub service: ServiceId,
    /// Host names, `*.example.com` and `example.*` allowed; none means any.
    pub hosts: Vec<String>,
    /// Path prefixes; none means any.
    pub paths: Vec<String>,
    /// Methods; none means any.
    pub methods: Vec<String>,
    /// Headers that must be there with one of the values.
    pub headers: Vec<(String, Vec<String>)>,
}

/// An API offered on a portal and served by a service of this gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// The API.
    pub api: ApiId,
    /// The portal.
    pub portal: PortalId,
    /// The service that implements the API.
    pub service: ServiceId,
    /// How callers prove themselves. `None` is an admin's explicit word that this API is open.
    pub strategy: Option<StrategyId>,
    /// Whether an application that is a consumer passes without a registration.
    pub consumers_too: bool,
}

/// Who owns an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A developer.
    Developer(DeveloperId),
    /// A team: all its members together.
    Team(TeamId),
}

/// A consumer of the gateway, whom the upstream is told of in the application's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// The consumer's id.
    pub id: ConsumerId,
    /// Its user name; an empty one is none.
    pub username: Option<String>,
    /// The id it has elsewhere; an empty one is none.
    pub custom_id: Option<String>,
}

/// An application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// The application's id.
    pub id: ApplicationId,
    /// The portal it was made on.
    pub portal: PortalId,
    /// Its one strategy.
    pub strategy: StrategyId,
    /// Who owns it.
    pub owner: Owner,
    /// The name its owner gave it.
    pub name: String,
    /// Whether its credentials are honoured at all.
    pub active: bool,
    /// How often it may call.
    pub limits: Vec<Limit>,
    /// From where it may call; none means from anywhere.
    pub networks: Vec<Network>,
    /// The consumer whose credentials it carries.
    pub consumer: Option<Consumer>,
}

/// An application's registration for an API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The application.
    pub application: ApplicationId,
    /// The API.
    pub api: ApiId,
    /// Where the registration stands.
    pub status: RegistrationStatus,
    /// Whom the upstream of the API is told of in the application's place.
    pub consumer: Option<Consumer>,
}

/// What a credential is, and how it was digested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// A key, under one of the gateway's peppers.
    HmacSha256,
    /// A key, plainly; only for those imported from elsewhere.
    Sha256,
    /// A client of an identity provider: [`crate::oidc::client_digest`].
    Client,
    /// An access token of our own authorization servers: [`crate::oidc::access_token_digest`].
    AccessToken,
}

/// A key, a client or an access token that is honoured until its end of life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The credential's id.
    pub id: CredentialId,
    /// The application that holds it.
    pub application: ApplicationId,
    /// The digest of the key, the client or the token.
    pub digest: Digest,
    /// How the digest was made.
    pub scheme: Scheme,
    /// From this second on the credential is refused.
    pub expires_at: Option<UnixTime>,
}

macro_rules! records {
    ($($kind:literal $name:ident { $($key:ident: $key_type:ty),* })*) => {
        /// One record of any kind.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each variant holds the type of its name")]
        pub enum Record {
            $($name($name),)*
        }

        /// What identifies a record.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "each variant holds the key of the type of its name")]
        pub enum RecordKey {
            $($name { $($key: $key_type),* },)*
        }

        impl Record {
            /// The record's place in the order of kinds, which is its code on the wire.
            #[must_use]
            pub const fn kind(&self) -> u8 {
                match self { $(Self::$name(_) => $kind,)* }
            }

            /// What identifies this record.
            #[must_use]
            pub const fn key(&self) -> RecordKey {
                match self {
                    $(Self::$name(record) => RecordKey::$name { $($key: record.$key),* },)*
                }
            }

            /// Appends the record.
            pub fn encode(&self, bytes: &mut Vec<u8>) {
                bytes.push(self.kind());
                match self { $(Self::$name(record) => record.encode(bytes),)* }
            }

            pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, FormatError> {
                match reader.u8()? {
                    $($kind => $name::decode(reader).map(Self::$name),)*
                    _ => Err(FormatError::UnknownCode),
                }
            }
        }

        impl RecordKey {
            pub(crate) fn encode(&self, bytes: &mut Vec<u8>) {
                match self {
                    $(Self::$name { $($key),* } => {
                        bytes.push($kind);
                        $(bytes.extend_from_slice($key.as_bytes());)*
                    })*
                }
            }

            pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, FormatError> {
                match reader.u8()? {
                    $($kind => Ok(Self::$name {
                        $($key: <$key_type>::from_bytes(reader.array()?)),*
                    }),)*
                    _ => Err(FormatError::UnknownCode),
                }
            }
        }

        $(impl From<$name> for Record {
            fn from(record: $name) -> Self {
                Self::$name(record)
            }
        })*
    };
}

records! {
    1 Strategy { id: StrategyId }
    2 Service { id: ServiceId }
    3 Route { id: RouteId }
    4 Publication { api: ApiId, portal: PortalId }
    5 Application { id: ApplicationId }
    6 Registration { application: ApplicationId, api: ApiId }
    7 Credential { digest: Digest }
}

/// Reads the records of a page, as it stands: whether it is genuine, only its manifest tells.
///
/// # Errors
///
/// When the bytes are not a page. A record that cannot be read ends the page.
pub fn read_page(
    page: &[u8],
) -> Result<impl Iterator<Item = Result<Record, FormatError>>, FormatError> {
    page.strip_prefix(&PAGE_MAGIC).map(read_all).ok_or(FormatError::UnknownFormat)
}

/// Reads records until the bytes end; stops at the first that is none.
pub(crate) fn read_all(bytes: &[u8]) -> impl Iterator<Item = Result<Record, FormatError>> {
    let mut reader = Reader(bytes);
    core::iter::from_fn(move || {
        if reader.is_empty() {
            return None;
        }
        let record = Record::decode(&mut reader);
        if record.is_err() {
            reader = Reader(&[]);
        }
        Some(record)
    })
}

impl Strategy {
    pub(crate) fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self.id.as_bytes());
        let mut key_settings = Vec::new();
        let (name, settings) = match &self.method {
            StrategyMethod::KeyAuth { key_names } => {
                push_strings(&mut key_settings, key_names);
                (KEY_AUTH_METHOD, &key_settings)
            }
            StrategyMethod::OpenIdConnect { settings } => (OPENID_CONNECT_METHOD, settings),
            StrategyMethod::Other { name, settings } => (name.as_str(), settings),
        };
        push_str(bytes, name);
        let length = u32::try_from(settings.len()).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(settings);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, FormatError> {
        let id = StrategyId::from_bytes(reader.array()?);
        let name = reader.str()?;
        let length = reader.u32()?;
        let settings = reader.bytes(usize::try_from(length).map_err(|_| FormatError::TooLarge)?)?;
        let method = match name {
            KEY_AUTH_METHOD => {
                let mut settings = Reader(settings);
                let key_names = settings.strings()?;
                settings.finish()?;
                StrategyMethod::KeyAuth { key_names }
            }
            OPENID_CONNECT_METHOD => StrategyMethod::OpenIdConnect { settings: settings.into() },
            name => StrategyMethod::Other { name: name.into(), settings: settings.into() },
        };
        Ok(Self { id, method })
    }
}

impl Service {
    pub(crate) fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self.id.as_bytes());
        push_str(bytes, &self.name);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, FormatError> {
        Ok(Self { id: ServiceId::from_bytes(reader.array()?), name: reader.str()?.into() })
    }
}

impl Route {
    fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self.id.as_bytes());
        bytes.extend_from_slice(self.service.as_bytes());
        push_strings(bytes, &self.hosts);
        push_strings(bytes, &self.paths);
        push_strings(bytes, &self.methods);
        push_list(bytes, &self.headers, |bytes, (name, values)| {
            push_str(bytes, name);
            push_strings(bytes, values);
        });
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, FormatError> {
        Ok(Self {
            id: RouteId::from_bytes(reader.array()?),
            service: ServiceId::from_bytes(reader.array()?),
            hosts: reader.strings()?,
            paths: reader.strings()?,
            methods: reader.strings()?,
            headers: reader.list(|reader| Ok((reader.str()?.into(), reader.strings()?)))?,
        })
    }
}

impl Publication {
    /// One that every application has to register for.
    #[must_use]
    pub const fn new(
        api: ApiId,
        portal: PortalId,
        service: ServiceId,
        strategy: Option<StrategyId>,
    ) -> Self {
        Self { api, portal, service, strategy, consumers_too: false }
    }

    pub(crate) fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self.api.as_bytes());
        bytes.extend_from_slice(self.portal.as_bytes());
        bytes.extend_from_slice(self.service.as_bytes());
        bytes.push(u8::from(self.strategy.is_some()) | u8::from(self.consumers_too) << 1);
        if let Some(strategy) = &self.strategy {
            bytes.extend_from_slice(strategy.as_bytes());
        }
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, FormatError> {
        let api = ApiId::from_bytes(reader.array()?);
        let portal = PortalId::from_bytes(reader.array()?);
        let service = ServiceId::from_bytes(reader.array()?);
        let [has_strategy, consumers_too] = bits(reader.u8()?)?;
        let strategy =
            if has_strategy { Some(StrategyId::from_bytes(reader.array()?)) } else { None };
        Ok(Self { api, portal, service, strategy, consumers_too })
    }
}

impl Application {
    /// An active one that may call as often as it likes, from anywhere, as itself.
    #[must_use]
    pub fn new(
        id: ApplicationId,
        portal: PortalId,
        strategy: StrategyId,
        owner: Owner,
        name: impl Into<String>,
    ) -> Self {
        let (limits, networks) = (Vec::new(), Vec::new());
        let (name, active, consumer) = (name.into(), true, None);
        Self { id, portal, strategy, owner, name, active, limits, networks, consumer }
    }

    fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self.id.as_bytes());
        bytes.extend_from_slice(self.portal.as_bytes());
        bytes.extend_from_slice(self.strategy.as_bytes());
        let (owner, is_team) = match &self.owner {
            Owner::Developer(id) => (id.as_bytes(), false),
            Owner::Team(id) => (id.as_bytes(), true),
        };
        bytes.extend_from_slice(owner);
        push_str(bytes, &self.name);
        let (limits, networks) = (!self.limits.is_empty(), !self.networks.is_empty());
        let bits = [self.active, is_team, limits, networks, self.consumer.is_some()];
        bytes.push((0..).zip(bits).fold(0, |bits, (at, bit)| bits | u8::from(bit) << at));
        if limits {
            push_list(bytes, &self.limits, push_limit);
        }
        if networks {
            push_list(bytes, &self.networks, |bytes, network| {
                bytes.extend_from_slice(network.address());
                bytes.push(network.bits());
            });
        }
        if let Some(consumer) = &self.consumer {
            consumer.encode(bytes);
        }
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, FormatError> {
        let id = ApplicationId::from_bytes(reader.array()?);
        let portal = PortalId::from_bytes(reader.array()?);
        let strategy = StrategyId::from_bytes(reader.array()?);
        let owner = reader.array()?;
        let name = reader.str()?.into();
        let [active, is_team, limits, networks, consumer] = bits(reader.u8()?)?;
        let owner = if is_team {
            Owner::Team(TeamId::from_bytes(owner))
        } else {
            Owner::Developer(DeveloperId::from_bytes(owner))
        };
        let limits = if limits { reader.list(read_limit)? } else { Vec::new() };
        let networks = if networks { reader.list(read_network)? } else { Vec::new() };
        let consumer = if consumer { Some(Consumer::decode(reader)?) } else { None };
        Ok(Self { id, portal, strategy, owner, name, active, limits, networks, consumer })
    }
}

/// The lowest bits of a byte; any other is an unknown code.
fn bits<const N: usize>(byte: u8) -> Result<[bool; N], FormatError> {
    if u32::from(byte) >> N != 0 {
        return Err(FormatError::UnknownCode);
    }
    Ok(core::array::from_fn(|at| byte >> at & 1 == 1))
}

fn push_limit(bytes: &mut Vec<u8>, limit: &Limit) {
    bytes.push(match limit.kind {
        LimitKind::Rate => 1,
        LimitKind::Quota => 2,
    });
    bytes.extend_from_slice(&limit.requests.to_le_bytes());
    bytes.extend_from_slice(&limit.window_seconds.to_le_bytes());
    push_list(bytes, &limit.apis, |bytes, api| bytes.extend_from_slice(api.as_bytes()));
}

fn read_limit(reader: &mut Reader<'_>) -> Result<Limit, FormatError> {
    let kind = match reader.u8()? {
        1 => LimitKind::Rate,
        2 => LimitKind::Quota,
        _ => return Err(FormatError::UnknownCode),
    };
    let (requests, window_seconds) = (reader.u32()?, reader.u32()?);
    if requests == 0 || window_seconds == 0 {
        return Err(FormatError::UnknownCode);
    }
    let apis = reader.list(|reader| reader.array().map(ApiId::from_bytes))?;
    Ok(Limit { kind, requests, window_seconds, apis })
}

fn read_network(reader: &mut Reader<'_>) -> Result<Network, FormatError> {
    let (address, bits) = (reader.array()?, reader.u8()?);
    Network::from_bytes(address, bits).ok_or(FormatError::UnknownCode)
}

impl Consumer {
    fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self.id.as_bytes());
        push_str(bytes, self.username.as_deref().unwrap_or_default());
        push_str(bytes, self.custom_id.as_deref().unwrap_or_default());
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, FormatError> {
        let id = ConsumerId::from_bytes(reader.array()?);
        let some = |text: &str| (!text.is_empty()).then(|| text.into());
        Ok(Self { id, username: some(reader.str()?), custom_id: some(reader.str()?) })
    }
}

/// Added to the status of a registration that a consumer follows.
const WITH_CONSUMER: u8 = 0x80;

impl Registration {
    /// One as the application itself.
    #[must_use]
    pub const fn new(application: ApplicationId, api: ApiId, status: RegistrationStatus) -> Self {
        Self { application, api, status, consumer: None }
    }

    fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self.application.as_bytes());
        bytes.extend_from_slice(self.api.as_bytes());
        let status = match self.status {
            RegistrationStatus::Pending => 1,
            RegistrationStatus::Approved => 2,
            RegistrationStatus::Rejected => 3,
            RegistrationStatus::Revoked => 4,
        };
        bytes.push(if self.consumer.is_some() { status | WITH_CONSUMER } else { status });
        if let Some(consumer) = &self.consumer {
            consumer.encode(bytes);
        }
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, FormatError> {
        let application = ApplicationId::from_bytes(reader.array()?);
        let api = ApiId::from_bytes(reader.array()?);
        let code = reader.u8()?;
        let status = match code & !WITH_CONSUMER {
            1 => RegistrationStatus::Pending,
            2 => RegistrationStatus::Approved,
            3 => RegistrationStatus::Rejected,
            4 => RegistrationStatus::Revoked,
            _ => return Err(FormatError::UnknownCode),
        };
        let consumer =
            if code & WITH_CONSUMER == 0 { None } else { Some(Consumer::decode(reader)?) };
        Ok(Self { application, api, status, consumer })
    }
}

impl Credential {
    fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self.digest.as_bytes());
        bytes.extend_from_slice(self.id.as_bytes());
        bytes.extend_from_slice(self.application.as_bytes());
        bytes.push(match self.scheme {
            Scheme::HmacSha256 => 1,
            Scheme::Sha256 => 2,
            Scheme::Client => 3,
            Scheme::AccessToken => 4,
        });
        // An end of life of zero would read as none; one is as long past.
        let end = self.expires_at.map_or(0, |end| end.0.max(1));
        bytes.extend_from_slice(&end.to_le_bytes());
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, FormatError> {
        Ok(Self {
            digest: Digest::from_bytes(reader.array()?),
            id: CredentialId::from_bytes(reader.array()?),
            application: ApplicationId::from_bytes(reader.array()?),
            scheme: match reader.u8()? {
                1 => Scheme::HmacSha256,
                2 => Scheme::Sha256,
                3 => Scheme::Client,
                4 => Scheme::AccessToken,
                _ => return Err(FormatError::UnknownCode),
            },
            expires_at: match reader.u64()? {
                0 => None,
                end => Some(UnixTime(end)),
            },
        })
    }
}
