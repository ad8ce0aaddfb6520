//! Issuers as people enter them, and what may be meant by them.
//!
//! The issuer of a provider is what its tokens name, byte for byte. What is entered is often another
//! spelling: without the slash at its end, or the place of the discovery document. Only those few
//! spellings count as the same; everything else is told apart, with the reason.

use gatekey_core::oidc::url::Url;

/// Where OpenID Connect Discovery 1.0 has a document: behind the issuer.
const OPENID: &str = "/.well-known/openid-configuration";
/// Where RFC 8414 has one: between host and path.
const OAUTH: &str = "/.well-known/oauth-authorization-server";
/// Hosts of Entra ID, and those of its issuers of version 1, cloud by cloud.
const ENTRA: [(&str, &str); 4] = [
    ("login.microsoftonline.com", "sts.windows.net"),
    ("login.windows.net", "sts.windows.net"),
    ("login.microsoftonline.us", "sts.windows.net"),
    ("login.partner.microsoftonline.cn", "sts.chinacloudapi.cn"),
];
/// Names that stand for any tenant of Entra ID.
const ANY_TENANT: [&str; 3] = ["common", "organizations", "consumers"];

/// An issuer as it was entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entered {
    /// Without the place of the document.
    base: String,
    /// The place of the document, if that was entered.
    place: Option<String>,
}

impl Entered {
    /// Reads what was entered; the fault is a rule in words.
    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        if text.contains(['{', '}']) || text.to_ascii_lowercase().contains("%7b") {
            return Err("must name the tenant itself: a placeholder is no issuer");
        }
        let url = Url::parse(text).filter(|_| !text.contains('?')).ok_or(
            "must be an absolute https URL (http on this machine) without query, user and fragment",
        )?;
        let host = url.authority.split(':').next().unwrap_or_default();
        let is_entra = ENTRA.iter().any(|(login, issuer)| host == *login || host == *issuer);
        let tenant = url.path().split('/').nth(1).unwrap_or_default().to_ascii_lowercase();
        if is_entra && ANY_TENANT.contains(&tenant.as_str()) {
            return Err("must name one tenant by its id: tokens never name `common`, \
                        `organizations` or `consumers`");
        }
        let trimmed = text.strip_suffix('/').unwrap_or(text);
        let origin = origin(text);
        let base = if let Some(base) = trimmed.strip_suffix(OPENID) {
            base.to_owned()
        } else if let Some(base) = trimmed.strip_suffix(OAUTH) {
            base.to_owned()
        } else if let Some(path) = trimmed.get(origin.len()..).and_then(|p| p.strip_prefix(OAUTH))
            && path.starts_with('/')
        {
            [origin, path].concat()
        } else {
            return Ok(Self { base: text.to_owned(), place: None });
        };
        Ok(Self { base, place: Some(trimmed.to_owned()) })
    }

    /// The issuer that was entered, without the place of the document.
    pub(crate) fn issuer(&self) -> &str {
        &self.base
    }

    /// Whether the place of the document was entered instead of the issuer.
    pub(crate) const fn is_place(&self) -> bool {
        self.place.is_some()
    }

    /// Where the document may be, in the order in which it is looked for.
    pub(crate) fn places(&self) -> Vec<String> {
        let plain = plain(&self.base);
        let origin = origin(plain);
        let path = plain.get(origin.len()..).unwrap_or_default();
        let mut places: Vec<String> = self.place.iter().cloned().collect();
        for place in [[plain, OPENID].concat(), [origin, OAUTH, path].concat()] {
            if !places.contains(&place) {
                places.push(place);
            }
        }
        places
    }

    /// The issuers that may be meant: what was entered with and without a slash at its end, and for
    /// a tenant of Entra ID without a version the issuer of version 1.
    pub(crate) fn meant(&self) -> Vec<String> {
        let plain = plain(&self.base);
        let mut meant = vec![self.base.clone(), plain.to_owned(), format!("{plain}/")];
        if let Some((tenant, issuer, false)) = entra(plain) {
            meant.push(format!("https://{issuer}/{tenant}/"));
        }
        meant.dedup();
        meant
    }

    /// Whether a document that names this issuer speaks for what was entered.
    pub(crate) fn is_meant(&self, said: &str) -> bool {
        self.meant().iter().any(|meant| meant == said)
    }

    /// Why the issuer of a document is not what was entered, and what to do.
    pub(crate) fn near_miss(&self, said: &str) -> String {
        if said.contains(['{', '}']) {
            return "the document is one for all tenants: enter the issuer with the id of the tenant"
                .into();
        }
        let same = |a: &str, b: &str| plain(a).eq_ignore_ascii_case(plain(b));
        let difference = if same(&self.base, said) {
            "only upper and lower case differ, and tokens are compared exactly: "
        } else if entra(plain(&self.base)).is_some() {
            "the tenant is spelled otherwise, or tokens of the other version are meant: "
        } else if origin(&self.base) != origin(said) {
            "the provider answers under several names, and its tokens name one: "
        } else {
            ""
        };
        let elsewhere = if self.is_place() {
            ", with `jwks_endpoint` and the endpoints that its methods need, because its document is \
             not below it"
        } else {
            ""
        };
        format!("{difference}enter `{said}` if its tokens are meant{elsewhere}")
    }

    /// What else is worth knowing of an issuer that was discovered.
    pub(crate) fn hint(discovered: &str) -> Option<String> {
        let (tenant, first, second) = entra(plain(discovered))?;
        let (this, other) = if second {
            ("2", format!("https://{first}/{tenant}/"))
        } else {
            let (login, _) = ENTRA.iter().find(|(_, issuer)| *issuer == first)?;
            ("1", format!("https://{login}/{tenant}/v2.0"))
        };
        Some(format!(
            "The tokens of this issuer are of version {this}. The called API's app registration \
             decides on the version (`requestedAccessTokenVersion`): tokens of the other one name \
             `{other}` and are refused"
        ))
    }
}

/// Without the slash at the end.
fn plain(issuer: &str) -> &str {
    issuer.strip_suffix('/').unwrap_or(issuer)
}

/// Scheme and authority.
fn origin(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url.get(start..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| start + at);
    url.get(..end).unwrap_or(url)
}

/// The tenant of an issuer of Entra ID, the host of its issuer of version 1, and whether it is of
/// version 2.
fn entra(issuer: &str) -> Option<(&str, &'static str, bool)> {
    let rest = issuer.strip_prefix("https://")?;
    let (host, path) = rest.split_once('/')?;
    let (_, first) = *ENTRA.iter().find(|(login, first)| host == *login || host == *first)?;
    match path.split_once('/') {
        None if !path.is_empty() => Some((path, first, false)),
        Some((tenant, "v2.0")) if host != first => Some((tenant, first, true)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: &str = "0b4f2b46-9d3e-4cc0-8a5e-0123456789ab";

    fn read(text: &str) -> Entered {
        Entered::read(text).unwrap()
    }

    #[test]
    fn the_slash_and_the_place_of_the_document_do_not_count() {
        for (entered, issuer) in [
            ("https://t.auth0.com", "https://t.auth0.com/"),
            ("https://t.auth0.com/", "https://t.auth0.com/"),
            ("https://t.auth0.com/.well-known/openid-configuration", "https://t.auth0.com/"),
            ("https://idp.test/realms/a/", "https://idp.test/realms/a"),
            ("https://idp.test/.well-known/oauth-authorization-server/a", "https://idp.test/a"),
            ("https://okta.test/o/.well-known/oauth-authorization-server", "https://okta.test/o"),
            (
                "https://c.test/oauth/v2/oauth-anonymous/.well-known/openid-configuration/",
                "https://c.test/oauth/v2/oauth-anonymous",
            ),
        ] {
            assert!(read(entered).is_meant(issuer), "{entered}");
        }
        let tenant = |start: &str, end: &str| format!("https://{start}/{TENANT}{end}");
        let first = tenant("sts.windows.net", "/");
        for entered in [
            tenant("sts.windows.net", ""),
            first.clone(),
            tenant("login.microsoftonline.com", ""),
            tenant("login.microsoftonline.com", "/.well-known/openid-configuration"),
        ] {
            assert!(read(&entered).is_meant(&first), "{entered}");
        }
        let second = tenant("login.microsoftonline.com", "/v2.0");
        assert!(read(&second).is_meant(&second));
        assert!(!read(&second).is_meant(&first) && !read(&first).is_meant(&second));
    }

    #[test]
    fn documents_are_looked_for_in_a_fixed_order() {
        assert_eq!(
            read("https://idp.test/realms/a/").places(),
            [
                "https://idp.test/realms/a/.well-known/openid-configuration",
                "https://idp.test/.well-known/oauth-authorization-server/realms/a",
            ]
        );
        assert_eq!(
            read("https://idp.test:8443").places(),
            [
                "https://idp.test:8443/.well-known/openid-configuration",
                "https://idp.test:8443/.well-known/oauth-authorization-server",
            ]
        );
        assert_eq!(
            read("https://idp.test/.well-known/oauth-authorization-server/a").places(),
            [
                "https://idp.test/.well-known/oauth-authorization-server/a",
                "https://idp.test/a/.well-known/openid-configuration",
            ]
        );
    }

    #[test]
    fn what_names_no_single_issuer_is_refused() {
        for (text, rule) in [
            ("", "absolute"),
            ("not a url", "absolute"),
            ("http://idp.test", "https"),
            ("https://idp.test?a", "query"),
            ("https://a@idp.test", "user"),
            ("https://login.microsoftonline.com/common/v2.0", "one tenant"),
            ("https://login.microsoftonline.com/Organizations/v2.0", "one tenant"),
            ("https://sts.windows.net/consumers/", "one tenant"),
            ("https://login.microsoftonline.com/{tenantid}/v2.0", "placeholder"),
            ("https://login.microsoftonline.com/%7Btenantid%7D/v2.0", "placeholder"),
        ] {
            let fault = Entered::read(text).unwrap_err();
            assert!(fault.contains(rule), "{text}: {fault}");
        }
        read("https://idp.test/common");
    }

    #[test]
    fn other_issuers_are_near_misses_at_best() {
        for (entered, said, told) in [
            ("https://idp.test/a", "https://IDP.test/a", "upper and lower case"),
            ("https://login.test/", "https://t.auth0.com/", "several names"),
            ("https://idp.test/a", "https://idp.test/b", "enter `https://idp.test/b`"),
            ("https://idp.test/a", "https://idp.test/a//", "enter `https://idp.test/a//`"),
            (
                "https://c.test/x/.well-known/openid-configuration",
                "https://c.test",
                "`jwks_endpoint`",
            ),
            (
                "https://login.microsoftonline.com/contoso.com/v2.0",
                "https://login.microsoftonline.com/0b4f/v2.0",
                "tenant is spelled otherwise",
            ),
            ("https://i.test", "https://login.microsoftonline.com/{tenantid}/v2.0", "all tenants"),
        ] {
            let entered = read(entered);
            assert!(!entered.is_meant(said), "{said}");
            assert!(entered.near_miss(said).contains(told), "{}", entered.near_miss(said));
        }
    }

    #[test]
    fn both_versions_of_entra_are_explained() {
        let first = Entered::hint(&format!("https://sts.windows.net/{TENANT}/")).unwrap();
        assert!(first.contains(&format!("https://login.microsoftonline.com/{TENANT}/v2.0")));
        let second = format!("https://login.microsoftonline.com/{TENANT}/v2.0");
        assert!(Entered::hint(&second).unwrap().contains("https://sts.windows.net/"));
        assert_eq!(Entered::hint("https://idp.test/"), None);
    }
}
