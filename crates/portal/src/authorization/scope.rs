//! Which scopes a token gets.

use sea_orm::entity::prelude::Json;
use uuid::Uuid;

use super::known::{ClientView, ServerView};
use super::refusal::{Code, Refusal};

/// More scopes than this are not asked for in earnest.
const MOST_SCOPES: usize = 64;

/// Who the token is about: that decides which scopes there are without being defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// The client itself.
    Client,
    /// A person.
    Person,
}

impl About {
    /// Scopes that OpenID Connect defines. A scope of that name that the server defines itself
    /// is used in its place.
    pub(super) const fn built_in(self) -> &'static [&'static str] {
        match self {
            Self::Client => &["openid"],
            Self::Person => &["openid", "profile", "email", "offline_access"],
        }
    }
}

/// What was granted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Granted {
    /// The names, in the order asked.
    pub(crate) names: Vec<String>,
    /// The ids of those that the server defines.
    pub(crate) ids: Vec<Uuid>,
    /// Whether any were asked for; without, the default ones were granted.
    pub(crate) asked: bool,
}

impl Granted {
    /// The names as the parameter `scope` has them; nothing if there are none.
    pub(crate) fn joined(&self) -> Option<String> {
        (!self.names.is_empty()).then(|| self.names.join(" "))
    }

    /// Whether a scope is among them.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }
}

/// Splits the parameter `scope`; one that came twice counts once.
pub(crate) fn split(text: &str) -> Result<Vec<&str>, Refusal> {
    let mut names: Vec<&str> = Vec::new();
    for name in text.split(' ').filter(|name| !name.is_empty()) {
        let token = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
        if !name.bytes().all(token) || names.len() == MOST_SCOPES {
            return Err(Refusal::new(Code::InvalidScope, "The scope is malformed"));
        }
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

/// The scopes that a client gets: those it asks for if it may have every one of them, the
/// default ones among those it may have if it asks for none.
pub(crate) fn grant(
    server: &ServerView,
    client: &ClientView,
    asked: Option<&str>,
    about: About,
) -> Result<Granted, Refusal> {
    let names = split(asked.unwrap_or_default())?;
    if names.is_empty() {
        let mut granted = Granted::default();
        for scope in server.scopes.iter().filter(|scope| scope.is_default && scope.enabled) {
            if client.may_have(scope.id) {
                granted.names.push(scope.name.clone());
                granted.ids.push(scope.id);
            }
        }
        return Ok(granted);
    }
    let mut granted = Granted { asked: true, ..Granted::default() };
    for name in names {
        match server.scopes.iter().find(|scope| scope.name == name) {
            Some(scope) if scope.enabled && client.may_have(scope.id) => granted.ids.push(scope.id),
            None if about.built_in().contains(&name) => {}
            _ => {
                let reason = "A scope is unknown, or the client may not have it";
                return Err(Refusal::new(Code::InvalidScope, reason));
            }
        }
        granted.names.push(name.to_owned());
    }
    Ok(granted)
}

/// The scopes of a grant that was made before, as far as they are still there and the client
/// may still have them.
pub(crate) fn still(
    server: &ServerView,
    client: &ClientView,
    names: impl IntoIterator<Item = String>,
    asked: bool,
) -> Granted {
    let mut granted = Granted { asked, ..Granted::default() };
    for name in names {
        match server.scopes.iter().find(|scope| scope.name == name) {
            Some(scope) if scope.enabled && client.may_have(scope.id) => granted.ids.push(scope.id),
            None if About::Person.built_in().contains(&name.as_str()) => {}
            _ => continue,
        }
        granted.names.push(name);
    }
    granted
}

/// The texts of a JSON list.
pub(crate) fn texts(list: &Json) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::known::tests::{client, scope, server};
    use super::*;

    fn code(refused: Result<Granted, Refusal>) -> Code {
        match refused {
            Err(Refusal::Told(code, _)) => code,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn asked_scopes_are_granted_whole_or_not_at_all() {
        let (read, write) = (scope("read"), scope("write"));
        let mut off = scope("off");
        off.enabled = false;
        let (ids, off_id) = (vec![read.id, off.id], off.id);
        let server = server(vec![read, write, off]);
        let client = client(&ids);
        let ask = |text| grant(&server, &client, Some(text), About::Client);
        assert_eq!(ask("read").unwrap().names, ["read"]);
        assert_eq!(ask("  read openid read ").unwrap().joined().as_deref(), Some("read openid"));
        for refused in ["write", "off", "nope", "read write", "profile", "re\"ad", "read\tx"] {
            assert_eq!(code(ask(refused)), Code::InvalidScope, "{refused}");
        }
        assert!(grant(&server, &client, Some("openid profile"), About::Person).is_ok());
        let mut everything = client.clone();
        everything.row.allow_all_scopes = true;
        let all = grant(&server, &everything, Some("read write"), About::Client).unwrap();
        assert_eq!(all.names, ["read", "write"]);
        let refused = grant(&server, &everything, Some("off"), About::Client);
        assert_eq!(code(refused), Code::InvalidScope);
        assert!(!all.ids.contains(&off_id) && all.asked);
    }

    #[test]
    fn without_a_request_the_default_ones_are_granted() {
        let (mut basic, mut foreign, mut off) = (scope("basic"), scope("foreign"), scope("off"));
        for scope in [&mut basic, &mut foreign, &mut off] {
            scope.is_default = true;
        }
        off.enabled = false;
        let ids = [basic.id, off.id];
        let server = server(vec![basic, foreign, off, scope("read")]);
        for asked in [None, Some(""), Some("  ")] {
            let granted = grant(&server, &client(&ids), asked, About::Client).unwrap();
            assert_eq!((granted.names, granted.ids), (vec!["basic".to_owned()], vec![ids[0]]));
            assert!(!granted.asked);
        }
        let none = grant(&server, &client(&[]), None, About::Client).unwrap();
        assert_eq!(none.joined(), None);
    }

    #[test]
    fn a_scope_that_the_server_defines_takes_the_place_of_the_built_in_one() {
        let mut openid = scope("openid");
        openid.enabled = false;
        let client = client(&[openid.id]);
        let refused = grant(&server(vec![openid]), &client, Some("openid"), About::Client);
        assert_eq!(code(refused), Code::InvalidScope);
    }

    #[test]
    fn what_is_no_longer_there_falls_out_of_a_grant() {
        let (read, write) = (scope("read"), scope("write"));
        let client = client(&[read.id]);
        let server = server(vec![read, write]);
        let names = ["openid", "read", "write", "gone"].map(str::to_owned);
        assert_eq!(still(&server, &client, names, true).names, ["openid", "read"]);
    }
}
