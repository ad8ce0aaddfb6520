//! What is decided on, and how lists offer it.

use maud::{Markup, html};

use crate::console::people::back;
use crate::language::{Lang, t};
use crate::list::Asked;
use crate::segments::segments;
use crate::visit::Visit;

/// Something that is decided on, as a form carries it: one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::console::people) struct Item {
    /// Whether it is a registration; a developer otherwise.
    pub(super) application: Option<String>,
    portal: String,
    id: String,
    /// Whether it has access now.
    pub(super) approved: bool,
    /// What it is called.
    pub(super) name: String,
}

impl Item {
    /// A developer.
    pub(in crate::console::people) fn developer(
        portal: &str,
        id: &str,
        status: &str,
        name: &str,
    ) -> Self {
        Self {
            application: None,
            portal: portal.into(),
            id: id.into(),
            approved: status == "approved",
            name: name.into(),
        }
    }

    /// A registration of an application.
    pub(in crate::console::people) fn registration(
        portal: &str,
        application: &str,
        id: &str,
        status: &str,
        name: &str,
    ) -> Self {
        let item = Self::developer(portal, id, status, name);
        Self { application: Some(application.into()), ..item }
    }

    /// As a form carries it.
    pub(super) fn line(&self) -> String {
        let application = self.application.as_deref().unwrap_or("-");
        let state = if self.approved { "in" } else { "out" };
        let name = self.name.replace(['\r', '\n'], " ");
        format!("{application} {} {} {state} {name}", self.portal, self.id)
    }

    /// As a form carried it.
    pub(super) fn read(line: &str) -> Option<Self> {
        let mut parts = line.trim().splitn(5, ' ');
        let (application, portal) = (parts.next()?, parts.next()?);
        let (id, state, name) = (parts.next()?, parts.next()?, parts.next().unwrap_or_default());
        let item = Self::developer(portal, id, "", name);
        let application = Some(application.to_owned()).filter(|text| text != "-");
        Some(Self { application, approved: state == "in", ..item })
    }

    /// Where the API has it.
    pub(super) fn path(&self) -> String {
        let Self { portal, id, .. } = self;
        match &self.application {
            None => segments!["v3", "portals", portal, "developers", id],
            Some(application) => {
                let of = segments!["v3", "portals", portal, "applications", application];
                of + &segments!["registrations", id]
            }
        }
    }
}

/// What can be decided of something with a status: the new status, and the text of its button.
fn decisions(status: &str) -> &'static [(&'static str, &'static str, &'static str)] {
    const APPROVE: (&str, &str, &str) = ("approved", "people-approve", "small main");
    const REJECT: (&str, &str, &str) = ("rejected", "people-reject", "small");
    const REVOKE: (&str, &str, &str) = ("revoked", "people-revoke", "small bad");
    match status {
        "pending" => &[APPROVE, REJECT],
        "approved" => &[REVOKE],
        _ => &[APPROVE],
    }
}

/// The box that chooses one of a list.
pub(in crate::console::people) fn choose(lang: Lang, item: &Item) -> Markup {
    let label = t!(lang, "people-choose-one", name = item.name.as_str());
    html! { input type="checkbox" name="item" value=(item.line()) aria-label=(label); }
}

/// The buttons that decide on one of a list, inside of a [`form`].
pub(in crate::console::people) fn buttons(lang: Lang, item: &Item, status: &str) -> Markup {
    html! {
        span.acts {
            @for (to, text, class) in decisions(status) {
                button class=(class) type="submit" name="one" value=(format!("{to} {}", item.line()))
                    aria-label=(format!("{} {}", t!(lang, text), item.name)) { (t!(lang, text)) }
            }
        }
    }
}

/// What a search found, all of which can be decided at once.
pub(in crate::console::people) struct Found<'a> {
    /// How many there are.
    pub(in crate::console::people) count: u64,
    /// Where they are listed.
    pub(in crate::console::people) path: String,
    /// The query of that list.
    pub(in crate::console::people) query: &'a Asked,
}

/// A form around lists: what can be done with what is chosen of them goes first.
pub(in crate::console::people) fn form(
    visit: &Visit,
    all: Option<&Found<'_>>,
    statuses: &[&'static str],
    main: &Markup,
) -> Markup {
    let lang = visit.lang;
    let text = |status: &str| match status {
        "approved" => "people-approve-chosen",
        "rejected" => "people-reject-chosen",
        _ => "people-revoke-chosen",
    };
    html! {
        form.bulk method="post" action=(visit.href("/decide")) {
            (visit.form_token())
            input type="hidden" name="back" value=(back(visit));
            @if !statuses.is_empty() { div.actions {
                span.option {
                    input type="checkbox" id="choose-all" data-all="item" hidden;
                    label for="choose-all" { (t!(lang, "people-choose-all")) }
                }
                @for status in statuses {
                    button.bad[*status == "revoked"] type="submit" name="status" value=(status) { (t!(lang, text(status))) }
                }
                @if let Some(all) = all {
                    input type="hidden" name="list" value=(format!("{}{}", all.path, all.query.query()));
                    button type="submit" name="all" value="approved" {
                        (t!(lang, "people-approve-all", count = all.count))
                    }
                    button type="submit" name="all" value="rejected" {
                        (t!(lang, "people-reject-all", count = all.count))
                    }
                }
            } }
            (main)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_read_as_it_was_written() {
        let developer = Item::developer("p", "d", "approved", "Ann  Example");
        assert_eq!(Item::read(&developer.line()), Some(developer.clone()));
        assert_eq!(developer.path(), "/v3/portals/p/developers/d");
        let registration = Item::registration("p", "a", "r", "pending", "App");
        assert_eq!(Item::read(&registration.line()), Some(registration.clone()));
        assert_eq!(registration.path(), "/v3/portals/p/applications/a/registrations/r");
        assert_eq!(Item::read("nothing"), None);
    }

    #[test]
    fn an_item_stays_in_its_place() {
        let odd = Item::read("- ../../apis x?y in name").unwrap();
        assert_eq!(odd.path(), "/v3/portals/..%2F..%2Fapis/developers/x%3Fy");
        let lines = Item::developer("p", "d", "", "a\nb");
        assert_eq!(Item::read(&lines.line()).unwrap().name, "a b");
    }
}
