//! What a provider can do.

/// What reading a client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// Nothing: it can be read at any time.
    Safe,
    /// It replaces the registration token, or even the client's secret: never without need.
    Rotating,
    /// A client cannot be read.
    Never,
}

/// How a client gets a new secret in the place of its old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotate {
    /// By a call of its own.
    Call,
    /// By an update, as a side effect.
    Update,
    /// Only by another registration: the client gets another id.
    Reregister,
    /// Not at all.
    Never,
}

/// What a provider can do, as its configuration has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// What reading does.
    pub read: Read,
    /// How many secrets a client can have at a time, 1 or more. More than 1: secrets can be added
    /// and removed one by one.
    pub secrets: u32,
    /// How a secret is replaced.
    pub rotate: Rotate,
    /// Whether a client can be changed.
    pub update: bool,
    /// Whether an update replaces the secret, so that its owner has to be told the new one.
    pub update_rotates: bool,
    /// Whether a client can be found by the tag it was made with.
    pub find: bool,
    /// Whether the provider can say which scopes a client was granted.
    pub granted_scopes: bool,
    /// Whether the provider wants to hear of applications and registrations.
    pub events: bool,
    /// Whether secrets have names at the provider.
    pub named_secrets: bool,
    /// How many seconds a change may take to be seen everywhere at the provider.
    pub consistency_seconds: u32,
}

impl Capabilities {
    /// What the plainest provider can do: one secret that is replaced by a call, changes.
    pub const PLAIN: Self = Self {
        read: Read::Never,
        secrets: 1,
        rotate: Rotate::Call,
        update: true,
        update_rotates: false,
        find: false,
        granted_scopes: false,
        events: false,
        named_secrets: false,
        consistency_seconds: 0,
    };
}
