//! The audit log.

use axum::Router;
use axum::http::Method;
use axum::http::header::{CONTENT_DISPOSITION, HeaderValue};
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;

use super::Administrator;
use crate::Web;
use crate::encoding::query;
use crate::language::{Lang, t};
use crate::list::Asked;
use crate::page::Page;
use crate::part;
use crate::refusal::Refusal;

const LIST: &str = "/v3/audit-log";

pub(super) fn routes() -> Router<Web> {
    Router::new().route("/audit-log", get(list)).route("/audit-log/export", get(export))
}

#[derive(Deserialize)]
struct Entry {
    action: String,
    actor: String,
    address: Option<String>,
    at: String,
    hash: String,
    method: String,
    outcome: String,
    path: String,
    previous: String,
    request_id: String,
    sequence: u64,
}

#[derive(Deserialize)]
struct Checkpoint {
    sequence: u64,
    at: String,
}

/// How many entries follow one that is shown as well, and whether each of those holds the hash of
/// the one before it. Entries that a filter left out cannot be told about.
fn chained(entries: &[Entry]) -> (usize, bool) {
    let pairs = entries.windows(2).filter_map(|pair| match pair {
        [one, other] if one.sequence == other.sequence + 1 => Some(one.previous == other.hash),
        [one, other] if other.sequence == one.sequence + 1 => Some(other.previous == one.hash),
        _ => None,
    });
    pairs.fold((0, true), |(count, sound), holds| (count + 1, sound && holds))
}

/// The filters of the page, as the API knows them.
fn filters(asked: &Asked) -> [(&'static str, String); 4] {
    [
        ("filter[kind][eq]", asked.given("kind").to_owned()),
        ("filter[outcome][eq]", asked.given("outcome").to_owned()),
        ("filter[action][contains]", asked.given("q").to_owned()),
        ("filter[actor][contains]", asked.given("actor").to_owned()),
    ]
}

fn outcome(lang: Lang, entry: &Entry) -> Markup {
    if entry.outcome == "success" {
        html! { span.status.good { (t!(lang, "audit-success")) } }
    } else {
        part::status(lang, &entry.outcome)
    }
}

async fn list(admin: Administrator, asked: Asked) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let filters = filters(&asked);
    let wanted = filters
        .iter()
        .fold(asked.clone(), |wanted, (name, value)| wanted.with(name, value.as_str()))
        .sorted("sequence desc");
    let newest = Asked::first(1).sorted("sequence desc");
    let (found, checkpoints) = tokio::join!(
        admin.api.list::<Entry>(LIST, &wanted),
        admin.api.list::<Checkpoint>("/v3/audit-log-checkpoints", &newest),
    );
    let (found, checkpoints) = (found?, checkpoints?);
    let rows: Vec<_> = found
        .data
        .iter()
        .map(|entry| {
            let named = entry.action.starts_with(&format!("{} ", entry.method));
            vec![
                html! { (entry.sequence) },
                part::moment(&admin, &entry.at),
                html! {
                    (entry.actor)
                    @if let Some(address) = &entry.address { p.hint { (address) } }
                },
                html! {
                    @if !named { (entry.action) " " }
                    code { (entry.method) " " (entry.path) }
                    p.hint { (t!(lang, "audit-request")) " " code { (entry.request_id) } }
                },
                outcome(lang, entry),
            ]
        })
        .collect();
    let heads = [
        t!(lang, "audit-number"),
        t!(lang, "time"),
        t!(lang, "audit-actor"),
        t!(lang, "audit-action"),
        t!(lang, "audit-outcome"),
    ];
    let choice = |values: &[(&str, String)]| -> Vec<(String, String)> {
        values.iter().map(|(value, text)| ((*value).to_owned(), text.clone())).collect()
    };
    let kinds = choice(&[
        ("", t!(lang, "audit-all")),
        ("change", t!(lang, "audit-changes")),
        ("authentication", t!(lang, "audit-sign-ins")),
    ]);
    let outcomes = choice(&[
        ("", t!(lang, "audit-all")),
        ("success", t!(lang, "audit-success")),
        ("refused", t!(lang, "status-refused")),
    ]);
    let choices =
        [("kind", t!(lang, "audit-kind"), kinds), ("outcome", t!(lang, "audit-outcome"), outcomes)];
    let main = html! {
        (state(&admin, &found.data, checkpoints.data.first()))
        (part::search(&admin, &asked, Some(&("q", t!(lang, "audit-search"))), &choices))
        @if rows.is_empty() {
            (part::empty(&t!(lang, "audit-none"), &t!(lang, "audit-none-text"), None))
        } @else {
            (part::table(&t!(lang, "nav-audit"), &heads, &rows))
        }
        (part::pager(&admin, &asked, &found.meta.page))
    };
    let kept = ["kind", "outcome", "q", "actor"].map(|name| (name, asked.given(name)));
    let kept = kept.into_iter().filter(|(_, value)| !value.is_empty());
    let export = format!("/audit-log/export{}", query(kept));
    let acts = part::other_act(&admin, &export, &t!(lang, "audit-export"));
    Ok(admin.page(&Page::new(t!(lang, "nav-audit"), main).section("audit").acts(acts)))
}

/// Whether the log is what it was: what of it can be seen here.
fn state(admin: &Administrator, entries: &[Entry], checkpoint: Option<&Checkpoint>) -> Markup {
    let lang = admin.lang;
    let (count, sound) = chained(entries);
    part::notice(
        if sound { "good" } else { "bad" },
        &html! {
            p {
                @if !sound { (t!(lang, "audit-broken")) }
                @else if count > 0 { (t!(lang, "audit-sound", count = count)) }
                " "
                @match checkpoint {
                    Some(checkpoint) => {
                        (t!(lang, "audit-checkpoint", sequence = checkpoint.sequence)) " "
                        (part::moment(admin, &checkpoint.at)) "."
                    }
                    None => (t!(lang, "audit-no-checkpoint")),
                }
            }
            p { (t!(lang, "audit-verify")) " " code { "gatekey audit verify" } }
        },
    )
}

/// The log as a file, as it comes.
async fn export(admin: Administrator, asked: Asked) -> Result<Response, Refusal> {
    let kept = filters(&asked).into_iter().filter(|(_, value)| !value.is_empty());
    let path = format!("{LIST}/export{}", query(kept));
    let answer = admin.api.open(Method::GET, &path, None).await;
    let mut answer = answer.ok_or_else(Refusal::not_found)?;
    if !answer.status().is_success() {
        return Err(Refusal::of(answer.status()));
    }
    let name = HeaderValue::from_static("attachment; filename=\"audit-log.jsonl\"");
    answer.headers_mut().insert(CONTENT_DISPOSITION, name);
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(sequence: u64, previous: &str, hash: &str) -> Entry {
        let text = String::new;
        Entry {
            action: text(),
            actor: text(),
            address: None,
            at: text(),
            hash: hash.into(),
            method: text(),
            outcome: text(),
            path: text(),
            previous: previous.into(),
            request_id: text(),
            sequence,
        }
    }

    #[test]
    fn entries_that_follow_each_other_hold_each_others_hash() {
        let (one, two, three) = (entry(1, "", "a"), entry(2, "a", "b"), entry(3, "b", "c"));
        assert_eq!(chained(&[three, two, one]), (2, true));
        assert_eq!(chained(&[entry(3, "x", "c"), entry(2, "a", "b")]), (1, false));
        assert_eq!(chained(&[entry(9, "x", "c"), entry(2, "a", "b")]), (0, true));
        assert_eq!(chained(&[]), (0, true));
    }
}
