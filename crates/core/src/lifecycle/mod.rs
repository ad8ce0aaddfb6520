//! What may happen to a developer, an application, a registration and a credential.
//!
//! Each submodule holds one status and one table: every pair of (status, command) is listed, with
//! the new status and the events it causes, or the refusal. The portal asks here before it
//! stores anything, on every path (API, pages, command line). The rules are Konnect's where
//! Konnect has one.

pub mod application;
pub mod credential;
pub mod developer;
pub mod limit;
pub mod registration;
pub mod role;

/// Applications one developer, or one team, may own (Konnect's limit).
pub const APPLICATIONS_PER_DEVELOPER: usize = 500;
/// API keys one application may hold at a time (Konnect's limit).
pub const KEYS_PER_APPLICATION: usize = 20;

macro_rules! status {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// Every status.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name Konnect's contracts use.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }

            /// Reads the name Konnect's contracts use.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use status;
