//! The fields of an application's form, which depend on its strategy.

use super::{Kind, Strategy, Team};
use crate::field::{self, Field};
use crate::language::{Lang, t};

/// The fields of an application of a strategy.
pub(super) fn fields(lang: Lang, strategy: &Strategy, teams: &[Team]) -> Vec<Field> {
    let mut fields = vec![
        Field::text("name", "application-name").required().most(255),
        Field::area("description", "application-description").most(255),
    ];
    if strategy.kind == Kind::SelfManagedClientCredentials {
        fields.push(Field::text("client_id", "application-client-id").required().most(255));
    }
    if strategy.kind != Kind::KeyAuth {
        let uri = Field::new("redirect_uri", "application-redirect-uri", field::Kind::Url);
        fields.push(uri.most(2048));
    }
    if let Some(scopes) = strategy.available_scopes.as_ref().filter(|scopes| !scopes.is_empty()) {
        let options = scopes.iter().map(|scope| (scope.clone(), scope.clone())).collect();
        fields.push(Field::new("scopes", "application-scopes", field::Kind::Many(options)));
    }
    if !teams.is_empty() {
        let you = (String::new(), t!(lang, "app-owner-you"));
        let teams = teams.iter().map(|team| (team.id.clone(), team.name.clone()));
        let owners = core::iter::once(you).chain(teams).collect();
        fields.push(Field::choice("team_id", "app-owner", owners).or_null());
    }
    fields
}
