//! The commands that get a token and call an API.

use super::example::Example;
use super::shell::{quoted, within};

/// Where tokens come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Issuer {
    url: Option<String>,
    vendor: Vendor,
}

/// What is to be known of who issues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Vendor {
    /// An authorization server of Gatekey's own.
    Own,
    /// Auth0 wants to know whom the token is for.
    Auth0,
    /// Microsoft Entra ID wants to know it as a scope.
    Entra,
    /// Any other.
    Other,
}

impl Issuer {
    /// The issuer that the portal tells of, if it does.
    pub(super) fn of(url: Option<&str>) -> Self {
        let url = url.map(|url| url.trim_end_matches('/').to_owned());
        let vendor = url.as_deref().map_or(Vendor::Other, Vendor::of);
        Self { url, vendor }
    }
}

impl Vendor {
    fn of(issuer: &str) -> Self {
        let rest = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let own = path.rsplit_once("auth/").and_then(|(_, id)| uuid::Uuid::try_parse(id).ok());
        if own.is_some() {
            Self::Own
        } else if host.ends_with(".auth0.com") {
            Self::Auth0
        } else if matches!(host, "login.microsoftonline.com" | "sts.windows.net") {
            Self::Entra
        } else {
            Self::Other
        }
    }
}

/// The variables of the other commands.
pub(super) fn exports(issuer: &Issuer, example: &Example, for_token: bool) -> String {
    let mut lines = vec![
        "export CLIENT_ID='YOUR-CLIENT-ID'".to_owned(),
        "export CLIENT_SECRET='YOUR-CLIENT-SECRET'".to_owned(),
    ];
    if for_token {
        let url = issuer.url.as_deref().unwrap_or("YOUR-ISSUER-URL");
        lines.push(format!("export ISSUER_URL={}", quoted(url)));
    }
    if example.needs_address() {
        lines.push(ADDRESS.to_owned());
    }
    lines.join("\n")
}

const ADDRESS: &str = "export API_URL='https://ADDRESS-OF-THE-API'";

/// A call that needs nothing.
pub(super) fn plain(example: &Example) -> String {
    with_address(example, format!("curl {}", example.word()))
}

fn with_address(example: &Example, call: String) -> String {
    if example.needs_address() { format!("{ADDRESS}\n{call}") } else { call }
}

/// A call with a key in a header.
pub(super) fn with_key(name: &str, example: &Example) -> String {
    let call = format!("curl -H \"{}: $API_KEY\" {}", within(name), example.word());
    format!("export API_KEY='YOUR-KEY'\n{}", with_address(example, call))
}

/// A call with the client's id and secret.
pub(super) fn with_client(example: &Example) -> String {
    format!("curl -u \"$CLIENT_ID:$CLIENT_SECRET\" {}", example.word())
}

/// Getting a token.
pub(super) fn token(issuer: &Issuer, scopes: &[String]) -> String {
    let (before, endpoint) = match issuer.vendor {
        Vendor::Own | Vendor::Auth0 => (None, "$ISSUER_URL/oauth/token"),
        _ => (
            Some(
                "TOKEN_URL=\"$(curl -s \"$ISSUER_URL/.well-known/openid-configuration\" | jq -r .token_endpoint)\"",
            ),
            "$TOKEN_URL",
        ),
    };
    let scope = match issuer.vendor {
        Vendor::Entra => "YOUR-APPLICATION-ID-URI/.default".to_owned(),
        _ if scopes.is_empty() => "openid".to_owned(),
        _ => within(&scopes.join(" ")),
    };
    let mut lines: Vec<String> = before.into_iter().map(str::to_owned).collect();
    lines.extend([
        "ACCESS_TOKEN=\"$(curl -s -H \"Content-Type: application/x-www-form-urlencoded\" \\".into(),
        "  -d \"grant_type=client_credentials\" \\".into(),
        "  --data-urlencode \"client_id=$CLIENT_ID\" \\".into(),
        "  --data-urlencode \"client_secret=$CLIENT_SECRET\" \\".into(),
    ]);
    if issuer.vendor == Vendor::Auth0 {
        lines.push("  --data-urlencode \"audience=YOUR-AUDIENCE\" \\".into());
    }
    lines.push(format!("  --data-urlencode \"scope={scope}\" \\"));
    lines.push(format!("  \"{endpoint}\" | jq -r .access_token)\""));
    lines.join("\n")
}

/// A call with a token.
pub(super) fn with_token(example: &Example) -> String {
    format!("curl -H \"Authorization: Bearer $ACCESS_TOKEN\" {}", example.word())
}

/// A call with a person's name and password.
pub(super) fn with_password(example: &Example) -> String {
    let call = format!("curl -u \"$USER_NAME:$PASSWORD\" {}", example.word());
    let exports = "export USER_NAME='YOUR-USER-NAME'\nexport PASSWORD='YOUR-PASSWORD'";
    format!("{exports}\n{}", with_address(example, call))
}

/// A call that begins a session, and one that goes on with it.
pub(super) fn with_session(example: &Example, basic: bool, bearer: bool) -> String {
    let proof = if basic {
        "-u \"$CLIENT_ID:$CLIENT_SECRET\""
    } else if bearer {
        "-H \"Authorization: Bearer $ACCESS_TOKEN\""
    } else {
        "-u \"$USER_NAME:$PASSWORD\""
    };
    let word = example.word();
    format!("curl -c cookies.txt {proof} {word}\ncurl -b cookies.txt {word}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01a1feb8-d950-70d2-a363-7a4ae64ed489";

    #[test]
    fn who_issues_is_known_by_the_address() {
        let vendor = |url: &str| Issuer::of(Some(url)).vendor;
        assert_eq!(vendor(&format!("https://gatekey.test/auth/{ID}")), Vendor::Own);
        assert_eq!(vendor(&format!("https://gatekey.test/below/auth/{ID}/")), Vendor::Own);
        assert_eq!(vendor("https://idp.test/auth/realm"), Vendor::Other);
        assert_eq!(vendor("https://dev-1.eu.auth0.com/"), Vendor::Auth0);
        assert_eq!(vendor("https://auth0.com.test/"), Vendor::Other);
        assert_eq!(vendor("https://login.microsoftonline.com/x/v2.0"), Vendor::Entra);
        assert_eq!(Issuer::of(None).vendor, Vendor::Other);
    }

    #[test]
    fn a_token_is_got_at_the_issuers_endpoint() {
        let own = Issuer::of(Some(&format!("https://gatekey.test/auth/{ID}")));
        let command = token(&own, &[]);
        assert!(command.contains("\"$ISSUER_URL/oauth/token\" | jq -r .access_token)\""));
        assert!(command.contains("scope=openid") && !command.contains("well-known"), "{command}");
        let other = token(&Issuer::of(None), &["a".into(), "b$(id)".into()]);
        assert!(other.starts_with("TOKEN_URL=") && other.contains("\"$TOKEN_URL\""), "{other}");
        assert!(other.contains("\"scope=a b\\$(id)\""), "{other}");
        let auth0 = token(&Issuer::of(Some("https://dev-1.auth0.com/")), &[]);
        assert!(auth0.contains("audience="), "{auth0}");
    }

    #[test]
    fn commands_are_ones() {
        let examples = [Example::default(), Example::read("servers: [{url: 'https://a.test'}]")];
        for example in examples {
            for command in [
                plain(&example),
                with_key("x-'key\"", &example),
                exports(&Issuer::of(Some("https://it's.test")), &example, true),
                token(&Issuer::of(None), &["it's".into()]),
                with_client(&example),
                with_token(&example),
                with_password(&example),
                with_session(&example, true, false),
            ] {
                let mut sh = std::process::Command::new("sh");
                assert!(sh.args(["-n", "-c", &command]).status().unwrap().success(), "{command}");
            }
        }
    }
}
