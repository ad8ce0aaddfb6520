//! Times, as a reader sees them: in their zone, and with a name for machines.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use maud::{Markup, html};

use crate::language::{Lang, t};

/// The zone in which somebody reads times.
#[derive(Clone, Debug)]
pub(crate) struct Zone {
    zone: TimeZone,
    /// Whether the reader, or their browser, said so.
    pub(crate) known: bool,
}

impl Zone {
    /// The zone of a name; that of no place, when there is none.
    pub(crate) fn named(name: Option<&str>) -> Self {
        // What a cookie says is not trusted to be short.
        let name = name.filter(|name| name.len() <= 64).map(|name| name.replace("%2F", "/"));
        let found = name.and_then(|name| TimeZone::get(&name).ok());
        Self { known: found.is_some(), zone: found.unwrap_or(TimeZone::UTC) }
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// A time that the API wrote, as a text of the reader's zone.
    pub(crate) fn text(&self, lang: Lang, written: &str) -> Option<String> {
        let at: Timestamp = written.parse().ok()?;
        let at = at.to_zoned(self.zone.clone());
        Some(at.strftime(&t!(lang, "time-format")).to_string())
    }

    /// A time that the API wrote, as a page shows it.
    pub(crate) fn show(&self, lang: Lang, written: &str) -> Markup {
        let Some(text) = self.text(lang, written) else {
            return html! { (written) };
        };
        html! {
            time datetime=(written) title=(format!("{text} {}", self.name())) { (text) }
        }
    }

    /// By how many seconds its clocks are ahead.
    pub(crate) fn offset(&self, at: Timestamp) -> i64 {
        i64::from(self.zone.to_offset(at).seconds())
    }

    /// A time as a chart has it below a bar.
    pub(crate) fn label(&self, at: Timestamp, format: &str) -> String {
        at.to_zoned(self.zone.clone()).strftime(format).to_string()
    }

    /// A time as a `datetime-local` field has it.
    pub(crate) fn field(&self, written: &str) -> String {
        let at = written.parse::<Timestamp>().ok();
        let at = at.map(|at| at.to_zoned(self.zone.clone()));
        at.map(|at| at.strftime("%Y-%m-%dT%H:%M").to_string()).unwrap_or_default()
    }

    /// What a `datetime-local` field says, as the API reads it.
    pub(crate) fn read(&self, typed: &str) -> Option<String> {
        let at: DateTime = typed.trim().parse().ok()?;
        Some(at.to_zoned(self.zone.clone()).ok()?.timestamp().to_string())
    }
}

/// How long ago something was, in the largest unit that fits.
pub(crate) fn ago(lang: Lang, written: &str, now: Timestamp) -> Option<String> {
    let at: Timestamp = written.parse().ok()?;
    let seconds = now.as_second().saturating_sub(at.as_second()).max(0);
    Some(match seconds {
        0..60 => t!(lang, "time-seconds-ago", count = seconds),
        60..3_600 => t!(lang, "time-minutes-ago", count = seconds / 60),
        3_600..86_400 => t!(lang, "time-hours-ago", count = seconds / 3_600),
        _ => t!(lang, "time-days-ago", count = seconds / 86_400),
    })
}

/// Now, as the API writes it.
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_shown_and_read_in_the_readers_zone() {
        let (berlin, lang) = (Zone::named(Some("Europe%2FBerlin")), Lang::named("en").unwrap());
        assert_eq!(berlin.text(lang, "2026-07-01T10:00:00Z").unwrap(), "2026-07-01 12:00");
        assert_eq!(berlin.field("2026-07-01T10:00:00.123Z"), "2026-07-01T12:00");
        assert_eq!(berlin.read("2026-07-01T12:00").unwrap(), "2026-07-01T10:00:00Z");
        assert!(berlin.known);
        let none = Zone::named(Some("Nowhere/At-All"));
        assert_eq!((none.known, none.name()), (false, "UTC"));
        assert_eq!(none.read("tomorrow"), None);
    }

    #[test]
    fn it_is_said_how_long_ago() {
        let (lang, now) = (Lang::named("en").unwrap(), "2026-07-01T10:00:00Z".parse().unwrap());
        assert_eq!(ago(lang, "2026-07-01T09:59:58Z", now).unwrap(), "2 seconds ago");
        assert_eq!(ago(lang, "2026-07-01T09:59:00Z", now).unwrap(), "1 minute ago");
        assert_eq!(ago(lang, "2026-06-28T10:00:00Z", now).unwrap(), "3 days ago");
        assert_eq!(ago(lang, "2026-07-02T10:00:00Z", now).unwrap(), "0 seconds ago");
    }
}
