//! The e-mails there are: their names, which are Konnect's, their words, and what may stand in them.

/// What an e-mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Template {
    /// Prove that the address is yours.
    ConfirmAddress,
    /// Choose a password.
    ResetPassword,
    /// You were given an account.
    Invitation,
    /// Your account was approved.
    AccessApproved,
    /// Your account was rejected.
    AccessRejected,
    /// Your account was revoked.
    AccessRevoked,
    /// Your application may use an API.
    RegistrationApproved,
    /// Your application may not use an API.
    RegistrationRejected,
    /// Your application may no longer use an API.
    RegistrationRevoked,
    /// A key of yours ends soon.
    KeyExpiringSoon,
    /// A key of yours has ended.
    KeyExpired,
}

/// The words of an e-mail. In each, `{{ name }}` stands for a variable; in the body `**` makes bold,
/// and an empty line begins a paragraph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    /// The subject.
    pub(crate) subject: String,
    /// The heading.
    pub(crate) title: String,
    /// What stands below it.
    pub(crate) body: String,
    /// What the button says; without words there is no button.
    pub(crate) button_label: String,
}

/// Something that can stand in an e-mail.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Variable {
    /// How it is called.
    pub(crate) name: &'static str,
    /// What it is.
    pub(crate) description: &'static str,
    /// What it may be.
    pub(crate) example: &'static str,
}

/// The variables of templates. What else an e-mail carries (its token, the portal's URL) is for the
/// button.
pub(crate) const VARIABLES: [Variable; 12] = [
    variable("portal_display_name", "The name of the portal", "Example APIs"),
    variable("portal_domain", "The domain of the portal", "portal.example.com"),
    variable("developer_email", "The developer's e-mail address", "ann@example.com"),
    variable("developer_fullname", "The developer's name", "Ann Example"),
    variable("dev_portal_reply_to", "The address that answers go to", "apis@example.com"),
    variable("developer_status", "Where the account stands", "approved"),
    variable(
        "api_documentation_url",
        "Where the API is described",
        "https://portal.example.com/apis/flights",
    ),
    variable("api_name", "The name of the API", "Flights"),
    variable("api_version", "The version of the API", "1.0.0"),
    variable("application_name", "The name of the application", "Timetable"),
    variable("credential_name", "The name of the key", "Production"),
    variable("credential_expires_at", "When the key ends", "2030-01-31T12:00:00.000Z"),
];

const fn variable(
    name: &'static str,
    description: &'static str,
    example: &'static str,
) -> Variable {
    Variable { name, description, example }
}

const EVERYWHERE: [&str; 6] = [
    "portal_display_name",
    "portal_domain",
    "developer_email",
    "developer_fullname",
    "dev_portal_reply_to",
    "developer_status",
];

impl Template {
    /// Every e-mail.
    pub(crate) const ALL: [Self; 11] = [
        Self::ConfirmAddress,
        Self::RegistrationApproved,
        Self::RegistrationRejected,
        Self::RegistrationRevoked,
        Self::ResetPassword,
        Self::AccessApproved,
        Self::AccessRejected,
        Self::AccessRevoked,
        Self::KeyExpiringSoon,
        Self::KeyExpired,
        Self::Invitation,
    ];

    /// The e-mail of that name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|template| template.name() == name)
    }

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ConfirmAddress => "confirm-email-address",
            Self::ResetPassword => "reset-password",
            Self::Invitation => "developer-invitation",
            Self::AccessApproved => "account-access-approved",
            Self::AccessRejected => "account-access-rejected",
            Self::AccessRevoked => "account-access-revoked",
            Self::RegistrationApproved => "app-registration-approved",
            Self::RegistrationRejected => "app-registration-rejected",
            Self::RegistrationRevoked => "app-registration-revoked",
            Self::KeyExpiringSoon => "api-key-expiring-soon",
            Self::KeyExpired => "api-key-expired",
        }
    }

    /// What it is for, in words.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::ConfirmAddress => "Ask a developer to confirm their address",
            Self::ResetPassword => "Let a developer choose a password",
            Self::Invitation => "Tell a developer that they have an account",
            Self::AccessApproved => "Tell a developer that their account is approved",
            Self::AccessRejected => "Tell a developer that their account is rejected",
            Self::AccessRevoked => "Tell a developer that their account is revoked",
            Self::RegistrationApproved => "Tell a developer that a registration is approved",
            Self::RegistrationRejected => "Tell a developer that a registration is rejected",
            Self::RegistrationRevoked => "Tell a developer that a registration is revoked",
            Self::KeyExpiringSoon => "Tell a developer that a key ends soon",
            Self::KeyExpired => "Tell a developer that a key has ended",
        }
    }

    /// The names of the variables that have a value in it.
    pub(crate) fn variables(self) -> Vec<&'static str> {
        let more: &[&'static str] = match self {
            Self::RegistrationApproved | Self::RegistrationRejected | Self::RegistrationRevoked => {
                &["api_documentation_url", "api_name", "api_version", "application_name"]
            }
            Self::KeyExpiringSoon | Self::KeyExpired => {
                &["application_name", "credential_name", "credential_expires_at"]
            }
            _ => &[],
        };
        EVERYWHERE.iter().chain(more).copied().collect()
    }

    /// Where its button leads, below the portal's URL, and whether it takes the token along.
    pub(crate) const fn page(self) -> (&'static str, bool) {
        match self {
            Self::ConfirmAddress => ("/verify-email", true),
            Self::ResetPassword | Self::Invitation => ("/reset-password", true),
            Self::AccessApproved => ("/sign-in", false),
            Self::AccessRejected | Self::AccessRevoked => ("/", false),
            Self::RegistrationApproved
            | Self::RegistrationRejected
            | Self::RegistrationRevoked
            | Self::KeyExpiringSoon
            | Self::KeyExpired => ("/applications", false),
        }
    }

    /// Its words where a portal has no own.
    pub(crate) fn content(self) -> Content {
        let [subject, title, body, button_label] = match self {
            Self::ConfirmAddress => [
                "Confirm your e-mail address",
                "Confirm your e-mail address",
                "Hello {{ developer_fullname }},\n\nplease confirm that this address is yours, to \
                 go on with your account at {{ portal_display_name }}.\n\nIf you did not sign up, \
                 there is nothing to do.",
                "Confirm address",
            ],
            Self::ResetPassword => [
                "Choose a new password",
                "Choose a new password",
                "Hello {{ developer_fullname }},\n\nsomebody asked for a new password for your \
                 account at {{ portal_display_name }}.\n\nIf it was not you, there is nothing to \
                 do: your password stays as it is.",
                "Choose password",
            ],
            Self::Invitation => [
                "You are invited to {{ portal_display_name }}",
                "You are invited",
                "Hello {{ developer_fullname }},\n\nthere is an account for you at \
                 **{{ portal_display_name }}**. Choose a password to use it.",
                "Choose password",
            ],
            Self::AccessApproved => [
                "Your account at {{ portal_display_name }} is approved",
                "Your account is approved",
                "Hello {{ developer_fullname }},\n\nyour account at {{ portal_display_name }} is \
                 approved. You can sign in now.",
                "Sign in",
            ],
            Self::AccessRejected => [
                "Your account at {{ portal_display_name }} is not approved",
                "Your account is not approved",
                "Hello {{ developer_fullname }},\n\nyour request for an account at \
                 {{ portal_display_name }} was rejected.",
                "",
            ],
            Self::AccessRevoked => [
                "Your account at {{ portal_display_name }} is revoked",
                "Your account is revoked",
                "Hello {{ developer_fullname }},\n\nyou can no longer sign in at \
                 {{ portal_display_name }}: your account was revoked.",
                "",
            ],
            Self::RegistrationApproved => [
                "{{ application_name }} may use {{ api_name }}",
                "Your registration is approved",
                "Hello {{ developer_fullname }},\n\nyour application **{{ application_name }}** \
                 may use **{{ api_name }}** {{ api_version }} from now on.",
                "Show application",
            ],
            Self::RegistrationRejected => [
                "{{ application_name }} may not use {{ api_name }}",
                "Your registration is rejected",
                "Hello {{ developer_fullname }},\n\nthe request of your application \
                 **{{ application_name }}** to use **{{ api_name }}** {{ api_version }} was \
                 rejected.",
                "Show application",
            ],
            Self::RegistrationRevoked => [
                "{{ application_name }} may no longer use {{ api_name }}",
                "Your registration is revoked",
                "Hello {{ developer_fullname }},\n\nyour application **{{ application_name }}** \
                 may no longer use **{{ api_name }}** {{ api_version }}.",
                "Show application",
            ],
            Self::KeyExpiringSoon => [
                "The key {{ credential_name }} ends soon",
                "A key ends soon",
                "Hello {{ developer_fullname }},\n\nthe key **{{ credential_name }}** of your \
                 application **{{ application_name }}** ends at {{ credential_expires_at }}. Make \
                 another in time.",
                "Show application",
            ],
            Self::KeyExpired => [
                "The key {{ credential_name }} has ended",
                "A key has ended",
                "Hello {{ developer_fullname }},\n\nthe key **{{ credential_name }}** of your \
                 application **{{ application_name }}** ended at {{ credential_expires_at }}. \
                 Calls with it are refused.",
                "Show application",
            ],
        }
        .map(str::to_owned);
        Content { subject, title, body, button_label }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::render::names;

    #[test]
    fn default_words_use_only_what_the_template_has() {
        for template in Template::ALL {
            assert_eq!(Template::parse(template.name()), Some(template));
            let known = template.variables();
            let Content { subject, title, body, button_label } = template.content();
            for text in [subject, title, body, button_label] {
                for name in names(&text) {
                    assert!(known.contains(&name.as_str()), "{}: {name}", template.name());
                }
            }
            for name in known {
                assert!(VARIABLES.iter().any(|variable| variable.name == name), "{name}");
            }
        }
    }
}
