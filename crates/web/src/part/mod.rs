//! Parts that pages are made of.

use maud::{Markup, html};

use crate::language::{Lang, t};
use crate::list::{Asked, Part};
use crate::refusal::Refusal;
use crate::visit::Visit;

mod chart;
mod confirm;

pub(crate) use self::chart::{Bar, bars};
pub(crate) use self::confirm::Confirm;

/// A state in a word, in its colour. Its text is `status-` and the state.
pub(crate) fn status(lang: Lang, state: &str) -> Markup {
    let kind = match state {
        "approved" | "active" | "granted" | "enabled" | "published" | "delivered" | "current"
        | "allowed" | "verified" | "discovered" | "linked" => "good",
        "pending" | "waiting" | "unverified" | "unlinked" | "expiring" | "retiring" | "behind" => {
            "open"
        }
        "revoked" | "rejected" | "failed" | "expired" | "stale" | "refused" | "deprecated" => "bad",
        _ => "plain",
    };
    let text = lang.find(&format!("status-{state}"), None).unwrap_or_else(|| sentence(state));
    html! { span class=(format!("status {kind}")) { (text) } }
}

/// Something in its own word, without meaning of good or bad.
pub(crate) fn tag(text: &str) -> Markup {
    html! { span.status.plain { (text) } }
}

/// A box with something to know: `kind` is `good`, `bad`, `open` or `plain`.
pub(crate) fn notice(kind: &str, main: &Markup) -> Markup {
    html! { div class=(format!("notice {kind}")) { (main) } }
}

/// What stands where there is nothing yet.
pub(crate) fn empty(title: &str, text: &str, act: Option<&Markup>) -> Markup {
    html! {
        div.empty {
            p.strong { (title) }
            p { (text) }
            @if let Some(act) = act { p { (act) } }
        }
    }
}

/// A link that looks like the thing to do.
pub(crate) fn act(visit: &Visit, path: &str, text: &str) -> Markup {
    html! { a.button.main href=(visit.href(path)) { (text) } }
}

/// A link that looks like something that can be done.
pub(crate) fn other_act(visit: &Visit, path: &str, text: &str) -> Markup {
    html! { a.button href=(visit.href(path)) { (text) } }
}

/// A link that leads to something that cannot be undone.
pub(crate) fn bad_act(visit: &Visit, path: &str, text: &str) -> Markup {
    html! { a.button.bad href=(visit.href(path)) { (text) } }
}

/// A button alone that does something at a path, with hidden values.
pub(crate) fn button(
    visit: &Visit,
    path: &str,
    values: &[(&str, &str)],
    text: &str,
    class: &str,
) -> Markup {
    html! {
        form.inline method="post" action=(visit.href(path)) {
            (visit.form_token())
            @for (name, value) in values { input type="hidden" name=(name) value=(value); }
            button class=(class) type="submit" { (text) }
        }
    }
}

/// A text to copy, in one line. The button is shown where it works.
pub(crate) fn copy(lang: Lang, text: &str) -> Markup {
    html! {
        span.copy {
            code { (text) }
            button.small type="button" data-copy=(text) hidden { (t!(lang, "copy")) }
        }
    }
}

/// Lines to copy: commands, configuration. `name` says what they are.
pub(crate) fn code(lang: Lang, name: &str, text: &str) -> Markup {
    html! {
        div.snippet {
            pre tabindex="0" role="group" aria-label=(name) { code { (text) } }
            button.small type="button" data-copy=(text) hidden { (t!(lang, "copy")) }
        }
    }
}

/// A secret that is shown this once.
pub(crate) fn secret(lang: Lang, label: &str, text: &str) -> Markup {
    html! {
        div.secret {
            p.strong { (label) }
            (copy(lang, text))
        }
    }
}

/// Names and what they are, one below the other.
pub(crate) fn facts(rows: &[(String, Markup)]) -> Markup {
    html! {
        dl.facts {
            @for (name, value) in rows {
                div { dt { (name) } dd { (value) } }
            }
        }
    }
}

/// A table: the heads of its columns, and its rows. On narrow screens each cell has its head
/// beside it.
pub(crate) fn table(caption: &str, heads: &[String], rows: &[Vec<Markup>]) -> Markup {
    html! {
        div.table tabindex="0" role="group" aria-label=(caption) {
            table {
                caption.hidden { (caption) }
                thead { tr { @for head in heads {
                    // What can be done with a row needs no head.
                    @if head.is_empty() { td {} } @else { th scope="col" { (head) } }
                } } }
                tbody {
                    @for row in rows {
                        tr {
                            @for (head, cell) in heads.iter().zip(row) {
                                td data-head=(head) { (cell) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Which part of a list is shown, and the ways to the others.
pub(crate) fn pager(visit: &Visit, asked: &Asked, part: &Part) -> Markup {
    let (lang, number, count) = (visit.lang, part.number.max(asked.number()), part.count());
    if part.total == 0 {
        return html! {};
    }
    let path = visit.here.split('?').next().unwrap_or_default();
    let at = |number: u64| visit.href(&format!("{path}{}", asked.at(number)));
    html! {
        nav.pager aria-label=(t!(lang, "pages-of-list")) {
            span { (t!(lang, "list-total", count = part.total)) }
            @if count > 1 {
                @if number > 1 { a.button rel="prev" href=(at(number - 1)) { (t!(lang, "previous")) } }
                span { (t!(lang, "page-of", number = number, count = count)) }
                @if number < count { a.button rel="next" href=(at(number + 1)) { (t!(lang, "next")) } }
            }
        }
    }
}

/// What narrows a list: name, label, and the values with their texts.
pub(crate) type SearchChoice<'a> = (&'a str, String, Vec<(String, String)>);

/// The field that searches a list, and chosen values that narrow it: name, label, options.
pub(crate) fn search(
    visit: &Visit,
    asked: &Asked,
    field: Option<&(&str, String)>,
    choices: &[SearchChoice<'_>],
) -> Markup {
    let lang = visit.lang;
    let path = visit.here.split('?').next().unwrap_or_default();
    html! {
        form.search method="get" action=(visit.href(path)) role="search" {
            @if let Some((name, label)) = field {
                div {
                    label for=(format!("q-{name}")) { (label) }
                    input type="search" id=(format!("q-{name}")) name=(name) value=(asked.given(name));
                }
            }
            @for (name, label, options) in choices {
                div {
                    label for=(format!("q-{name}")) { (label) }
                    select id=(format!("q-{name}")) name=(name) {
                        @for (value, text) in options {
                            option value=(value) selected[asked.given(name) == value] { (text) }
                        }
                    }
                }
            }
            button type="submit" { (t!(lang, "search")) }
        }
    }
}

/// The ways to the parts of one thing: path, text; the one that is shown is named by its path.
pub(crate) fn tabs(visit: &Visit, label: &str, current: &str, tabs: &[(String, String)]) -> Markup {
    html! {
        nav.tabs aria-label=(label) {
            ul {
                @for (path, text) in tabs {
                    li { a href=(visit.href(path)) aria-current=[(path == current).then_some("page")] { (text) } }
                }
            }
        }
    }
}

/// A time, as the reader reads it.
pub(crate) fn moment(visit: &Visit, written: &str) -> Markup {
    visit.zone.show(visit.lang, written)
}

/// A time that there may not be.
pub(crate) fn moment_or_never(visit: &Visit, written: Option<&str>) -> Markup {
    match written {
        Some(written) => moment(visit, written),
        None => html! { (t!(visit.lang, "never")) },
    }
}

/// Words with a capital letter and a full stop.
pub(crate) fn sentence(words: &str) -> String {
    let words = words.replace('_', " ");
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.map(|first| first + letters.as_str()).unwrap_or_default()
}

/// What the API refused, in words for the person.
pub(crate) fn problem(lang: Lang, refusal: &Refusal) -> String {
    if let Some(seconds) = refusal.retry_after.filter(|_| refusal.status.as_u16() == 429) {
        return t!(lang, "problem-too-many", seconds = seconds);
    }
    let by_title: String = refusal.title.to_lowercase().replace(' ', "-");
    if let Some(known) = lang.find(&format!("problem-{by_title}"), None) {
        if refusal.detail.is_empty() || !matches!(refusal.status.as_u16(), 403 | 409 | 502) {
            return known;
        }
        return format!("{known} {}", refusal.detail);
    }
    if refusal.detail.is_empty() { refusal.title.clone() } else { refusal.detail.clone() }
}
