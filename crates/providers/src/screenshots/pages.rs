//! The pages that are taken, in one table.

use gatekey_providers::Person;

/// Who looks at a page.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Who {
    /// Somebody who has not signed in.
    Nobody,
    /// A developer of the portal.
    Developer,
    /// An administrator.
    Administrator,
}

/// A page that is taken.
#[derive(Debug)]
pub(crate) struct Page {
    /// The name of its pictures.
    pub(crate) name: &'static str,
    /// Who looks at it.
    pub(crate) who: Who,
    /// Its path; names in braces are of the sample.
    pub(crate) path: &'static str,
    /// What they do there before it is taken.
    pub(crate) act: Option<fn(&Person)>,
}

const fn page(name: &'static str, who: Who, path: &'static str) -> Page {
    Page { name, who, path, act: None }
}

const fn after(name: &'static str, who: Who, path: &'static str, act: fn(&Person)) -> Page {
    Page { name, who, path, act: Some(act) }
}

/// The pages.
pub(crate) const PAGES: &[Page] = &[
    page("catalogue", Who::Nobody, "/portals/{portal}/"),
    page("catalogue-empty", Who::Nobody, "/portals/{empty}/"),
    page("catalogue-nothing-found", Who::Nobody, "/portals/{portal}/apis?q=zeppelin"),
    page("search", Who::Nobody, "/portals/{portal}/search?q=flights"),
    page("api", Who::Nobody, "/portals/{portal}/apis/{api}"),
    after("api-reference", Who::Nobody, "/portals/{portal}/apis/{api}/reference", |person| {
        person.sees("All flights");
    }),
    page("api-document", Who::Nobody, "/portals/{portal}/apis/{api}/documents/start"),
    page("api-authenticate", Who::Nobody, "/portals/{portal}/apis/{api}/authenticate"),
    page("api-use-guest", Who::Nobody, "/portals/{portal}/apis/{api}/use"),
    page("sign-in", Who::Nobody, "/portals/{portal}/sign-in"),
    after("sign-in-refused", Who::Nobody, "/portals/{portal}/sign-in", |person| {
        person.fill("E-mail", "ada@example.com");
        person.fill("Password", "not the password");
        person.press("Sign in");
    }),
    page("sign-up", Who::Nobody, "/portals/{portal}/sign-up"),
    after("sign-up-refused", Who::Nobody, "/portals/{portal}/sign-up", |person| {
        person.fill("Full name", "Ada Lovelace");
        person.fill("E-mail address", "ada@.example.com");
        person.press("Create account");
    }),
    page("sign-up-sent", Who::Nobody, "/portals/{portal}/sign-up/sent"),
    page("choose-password", Who::Nobody, "/portals/{portal}/verify-email?token=of-the-mail"),
    page("forgot-password", Who::Nobody, "/portals/{portal}/forgot-password"),
    page("pending", Who::Nobody, "/portals/{portal}/pending"),
    page("not-found", Who::Nobody, "/portals/{portal}/apis/zeppelin"),
    page("console-sign-in", Who::Nobody, "/manager/sign-in"),
    page("catalogue-signed-in", Who::Developer, "/portals/{portal}/apis"),
    page("api-use", Who::Developer, "/portals/{portal}/apis/{api}/use"),
    after("api-use-refused", Who::Developer, "/portals/{portal}/apis/{api}/use", |person| {
        person.press("Create and use API");
    }),
    page("applications", Who::Developer, "/portals/{portal}/applications"),
    page("application", Who::Developer, "/portals/{portal}/applications/{application}"),
    page("application-new", Who::Developer, "/portals/{portal}/applications/new"),
    page(
        "application-keys",
        Who::Developer,
        "/portals/{portal}/applications/{application}/credentials",
    ),
    page("application-usage", Who::Developer, "/portals/{portal}/applications/{application}/usage"),
    page(
        "application-refusals",
        Who::Developer,
        "/portals/{portal}/applications/{application}/refusals",
    ),
    page("refusal", Who::Developer, "/portals/{portal}/refusals?request_id={request}"),
    page("account", Who::Developer, "/portals/{portal}/account"),
    page("account-teams", Who::Developer, "/portals/{portal}/account/teams"),
    page("account-sessions", Who::Developer, "/portals/{portal}/account/sessions"),
    page("console", Who::Administrator, "/manager/"),
    page("console-requests", Who::Administrator, "/manager/requests"),
    page("console-developers", Who::Administrator, "/manager/developers"),
    page("console-applications", Who::Administrator, "/manager/applications"),
    page("console-application", Who::Administrator, "/manager/applications/{portal}/{application}"),
    page("console-teams", Who::Administrator, "/manager/teams"),
    page("console-portals", Who::Administrator, "/manager/portals"),
    page("console-portal", Who::Administrator, "/manager/portals/{portal}"),
    page("console-published", Who::Administrator, "/manager/portals/{portal}/published-apis"),
    page("console-publish", Who::Administrator, "/manager/portals/{portal}/published-apis/new"),
    page("console-look", Who::Administrator, "/manager/portals/{portal}/look"),
    page("console-apis", Who::Administrator, "/manager/apis"),
    page("console-api", Who::Administrator, "/manager/apis/{api}"),
    page("console-strategies", Who::Administrator, "/manager/auth-strategies"),
    page("console-strategy", Who::Administrator, "/manager/auth-strategies/{strategy}"),
    page("console-dcr-provider-new", Who::Administrator, "/manager/dcr-providers/new"),
    page("console-auth-servers", Who::Administrator, "/manager/auth-servers"),
    page("console-gateways", Who::Administrator, "/manager/gateways"),
    page("console-gateway", Who::Administrator, "/manager/gateways/{gateway}"),
    page("console-usage", Who::Administrator, "/manager/usage"),
    page("console-audit", Who::Administrator, "/manager/audit-log"),
    page("console-tokens", Who::Administrator, "/manager/tokens"),
];
