//! The times that usage can be shown of, each of which ends now.

use jiff::Timestamp;

use crate::language::{Lang, t};
use crate::time::Zone;

/// A time that ends now.
#[derive(Debug)]
pub(super) struct Period {
    /// What the page calls it.
    pub(super) name: &'static str,
    /// What the API calls it.
    pub(super) range: &'static str,
    /// What the API tells apart, and how many seconds that is.
    pub(super) granularity: &'static str,
    pub(super) unit: i64,
    /// How long it is, in seconds.
    pub(super) seconds: i64,
    /// How many seconds a bar stands for.
    bar: i64,
}

const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

const LAST_DAY: Period =
    Period { name: "day", range: "24h", granularity: "hour", unit: HOUR, seconds: DAY, bar: HOUR };

/// What can be chosen.
pub(super) static PERIODS: [Period; 4] = [
    Period {
        name: "hour",
        range: "1h",
        granularity: "minute",
        unit: MINUTE,
        seconds: HOUR,
        bar: MINUTE,
    },
    LAST_DAY,
    Period { name: "week", range: "7d", seconds: 7 * DAY, bar: 4 * HOUR, ..LAST_DAY },
    Period { name: "month", range: "30d", seconds: 30 * DAY, bar: DAY, ..LAST_DAY },
];

/// The period of that name; a day, if there is none.
pub(super) fn named(name: &str) -> &'static Period {
    PERIODS.iter().find(|period| period.name == name).unwrap_or(&LAST_DAY)
}

impl Period {
    /// What the reader calls it.
    pub(super) fn text(&self, lang: Lang) -> String {
        match self.name {
            "hour" => t!(lang, "app-usage-hour"),
            "week" => t!(lang, "app-usage-week"),
            "month" => t!(lang, "app-usage-month"),
            _ => t!(lang, "app-usage-day"),
        }
    }

    /// How times of it are written.
    pub(super) fn format(&self, lang: Lang) -> String {
        match self.name {
            "week" => t!(lang, "app-usage-format-week"),
            "month" => t!(lang, "app-usage-format-month"),
            _ => "%H:%M".to_owned(),
        }
    }

    /// When the bar begins in which a time is: whole hours and days are those of the reader.
    pub(super) fn stretch(&self, at: Timestamp, zone: &Zone) -> Timestamp {
        let second = at.as_second();
        let offset = zone.offset(at);
        let begins = second - (second + offset).rem_euclid(self.bar);
        Timestamp::from_second(begins).unwrap_or(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_reader() {
        let berlin = Zone::named(Some("Europe/Berlin"));
        let at = "2026-07-01T23:10:00Z".parse().unwrap();
        assert_eq!(named("month").stretch(at, &berlin).to_string(), "2026-07-01T22:00:00Z");
        assert_eq!(named("hour").stretch(at, &berlin), at);
        assert_eq!(named("x").name, "day");
    }
}
