//! The time that a query of developers is about, in a time zone of their choice.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::clock;
use crate::problem::{Invalid, Problem};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;
/// 1970 began on a Thursday, weeks begin on Mondays.
const FIRST_MONDAY: i64 = 4 * DAY;

/// How long the stretches of time are that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "StatsGranularity")]
pub(crate) enum Granularity {
    /// Answered by the minute: nothing finer is kept.
    TenSecondly,
    /// Answered by the minute: nothing finer is kept.
    ThirtySecondly,
    /// A minute.
    Minutely,
    /// Five minutes.
    FiveMinutely,
    /// Ten minutes.
    TenMinutely,
    /// Half an hour.
    ThirtyMinutely,
    /// An hour.
    Hourly,
    /// Two hours.
    TwoHourly,
    /// Half a day.
    TwelveHourly,
    /// A day.
    Daily,
    /// A week, from Monday.
    Weekly,
    /// All of the time at once.
    Trend,
}

impl Granularity {
    /// The length in milliseconds; none when time is not told apart.
    pub(crate) const fn bucket(self) -> Option<i64> {
        Some(match self {
            Self::TenSecondly | Self::ThirtySecondly | Self::Minutely => MINUTE,
            Self::FiveMinutely => 5 * MINUTE,
            Self::TenMinutely => 10 * MINUTE,
            Self::ThirtyMinutely => 30 * MINUTE,
            Self::Hourly => HOUR,
            Self::TwoHourly => 2 * HOUR,
            Self::TwelveHourly => 12 * HOUR,
            Self::Daily => DAY,
            Self::Weekly => WEEK,
            Self::Trend => return None,
        })
    }

    /// What suits a time of a length.
    pub(crate) const fn usual(span: i64) -> Self {
        match span {
            ..=3_600_000 => Self::Minutely,
            3_600_001..=43_200_000 => Self::FiveMinutely,
            43_200_001..=86_400_000 => Self::ThirtyMinutely,
            86_400_001..=604_800_000 => Self::Hourly,
            _ => Self::Daily,
        }
    }
}

/// Whether a time is named by its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum Kind {
    /// From `start` to `end`.
    Absolute,
    /// A time that ends now, or a week or month of the calendar.
    Relative,
}

/// A time that ends now, or a week or month of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(inline)]
enum Relative {
    #[serde(rename = "15m")]
    QuarterHour,
    #[serde(rename = "1h")]
    Hour,
    #[serde(rename = "6h")]
    SixHours,
    #[serde(rename = "12h")]
    TwelveHours,
    #[serde(rename = "24h")]
    TwentyFourHours,
    #[serde(rename = "7d")]
    SevenDays,
    #[serde(rename = "30d")]
    ThirtyDays,
    #[serde(rename = "current_week")]
    CurrentWeek,
    #[serde(rename = "current_month")]
    CurrentMonth,
    #[serde(rename = "previous_week")]
    PreviousWeek,
    #[serde(rename = "previous_month")]
    PreviousMonth,
}

/// The time to query. The last hour, if absent.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "StatsTimeRange")]
pub(crate) struct TimeRange {
    /// A name of the time zone database.
    #[serde(default)]
    #[schemars(length(max = 64))]
    tz: Option<String>,
    #[serde(rename = "type")]
    kind: Kind,
    /// For `relative`.
    #[serde(default)]
    time_range: Option<Relative>,
    /// For `absolute`.
    #[serde(default)]
    #[schemars(extend("format" = "date-time"))]
    start: Option<String>,
    /// For `absolute`.
    #[serde(default)]
    #[schemars(extend("format" = "date-time"))]
    end: Option<String>,
}

impl Default for TimeRange {
    fn default() -> Self {
        let (kind, time_range) = (Kind::Relative, Some(Relative::Hour));
        Self { tz: None, kind, time_range, start: None, end: None }
    }
}

/// A time, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// The length of its stretches; all of it, when none are told apart.
    pub(crate) bucket: i64,
}

impl Period {
    /// How long it is.
    pub(crate) const fn length(&self) -> i64 {
        self.end - self.start
    }
}

/// Which time a query is about. Where stretches are told apart it begins with one.
pub(crate) fn period(
    range: &TimeRange,
    granularity: Option<Option<Granularity>>,
    now: i64,
) -> Result<Period, Problem> {
    let zone = zone(range.tz.as_deref().unwrap_or("Etc/UTC"))?;
    let (start, end) = match range.kind {
        Kind::Relative => {
            let relative = range.time_range.ok_or_else(|| required("time_range"))?;
            ends(relative, &zone, now).ok_or_else(|| Problem::internal("a time has no calendar"))?
        }
        Kind::Absolute => (date("start", range.start.as_ref())?, date("end", range.end.as_ref())?),
    };
    if start >= end {
        let fault = Invalid::body("time_range.start", "max", "must be earlier than the end");
        return Err(Problem::one_invalid(fault));
    }
    let told_apart = granularity.map(|asked| asked.unwrap_or(Granularity::usual(end - start)));
    let Some(bucket) = told_apart.and_then(Granularity::bucket) else {
        let start = start - start.rem_euclid(MINUTE);
        return Ok(Period { start, end, bucket: end - start });
    };
    let offset = offset(&zone, start);
    let monday = if bucket == WEEK { FIRST_MONDAY } else { 0 };
    let start = start - (start + offset - monday).rem_euclid(bucket);
    Ok(Period { start, end, bucket })
}

fn zone(name: &str) -> Result<TimeZone, Problem> {
    if matches!(name, "Etc/UTC" | "UTC") {
        return Ok(TimeZone::UTC);
    }
    TimeZone::get(name).map_err(|_| {
        let reason = "must be a name of the time zone database";
        Problem::one_invalid(Invalid::body("time_range.tz", "invalid", reason))
    })
}

/// How far a zone's clocks are ahead, in milliseconds.
fn offset(zone: &TimeZone, at: i64) -> i64 {
    let at = Timestamp::from_millisecond(at).unwrap_or_default();
    i64::from(zone.to_offset(at).seconds()) * 1_000
}

fn ends(relative: Relative, zone: &TimeZone, now: i64) -> Option<(i64, i64)> {
    let ago = |span: i64| Some((now.saturating_sub(span).max(0), now));
    let today = || Some(Timestamp::from_millisecond(now).ok()?.to_zoned(zone.clone()));
    let at = |zoned: Zoned| zoned.timestamp().as_millisecond();
    let week = || {
        let today = today()?;
        let since = today.weekday().since(Weekday::Monday);
        today.checked_sub(i64::from(since).days()).ok()?.start_of_day().ok()
    };
    let month = || today()?.first_of_month().ok()?.start_of_day().ok();
    match relative {
        Relative::QuarterHour => ago(15 * MINUTE),
        Relative::Hour => ago(HOUR),
        Relative::SixHours => ago(6 * HOUR),
        Relative::TwelveHours => ago(12 * HOUR),
        Relative::TwentyFourHours => ago(DAY),
        Relative::SevenDays => ago(WEEK),
        Relative::ThirtyDays => ago(30 * DAY),
        // The first instant of a week has a millisecond of it.
        Relative::CurrentWeek => Some((at(week()?), now.max(at(week()?) + 1))),
        Relative::CurrentMonth => Some((at(month()?), now.max(at(month()?) + 1))),
        Relative::PreviousWeek => {
            let end = week()?;
            let start = end.checked_sub(1.week()).ok()?;
            Some((at(start), at(end)))
        }
        Relative::PreviousMonth => {
            let end = month()?;
            let start = end.checked_sub(1.month()).ok()?;
            Some((at(start), at(end)))
        }
    }
}

fn required(member: &str) -> Problem {
    let field = format!("time_range.{member}");
    Problem::one_invalid(Invalid::body(field, "required", "is required"))
}

fn date(member: &str, text: Option<&String>) -> Result<i64, Problem> {
    let text = text.ok_or_else(|| required(member))?;
    clock::parse(text).filter(|at| *at >= 0).ok_or_else(|| {
        let reason = "must be a date and time of RFC 3339";
        Problem::one_invalid(Invalid::body(format!("time_range.{member}"), "is_date_time", reason))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn shown(range: Value, granularity: Option<Granularity>) -> [String; 2] {
        let range: TimeRange = serde_json::from_value(range).unwrap();
        // A Monday.
        let now = clock::parse("2024-01-08T12:11:30Z").unwrap();
        let period = period(&range, granularity.map(Some), now).unwrap();
        [clock::format(period.start), clock::format(period.end)]
    }

    #[test]
    fn a_time_begins_with_its_first_stretch() {
        let last = |span: &str| json!({"type": "relative", "time_range": span});
        for (range, granularity, expected) in [
            // The contract's own examples.
            (
                json!({"type": "relative", "time_range": "7d", "tz": "Asia/Karachi"}),
                Some(Granularity::Daily),
                ["2023-12-31T19:00:00.000Z", "2024-01-08T12:11:30.000Z"],
            ),
            (
                json!({"type": "relative", "time_range": "7d", "tz": "Asia/Karachi"}),
                Some(Granularity::Hourly),
                ["2024-01-01T12:00:00.000Z", "2024-01-08T12:11:30.000Z"],
            ),
            (last("1h"), None, ["2024-01-08T11:11:00.000Z", "2024-01-08T12:11:30.000Z"]),
            (
                last("current_week"),
                Some(Granularity::Weekly),
                ["2024-01-08T00:00:00.000Z", "2024-01-08T12:11:30.000Z"],
            ),
            (
                last("previous_week"),
                Some(Granularity::Weekly),
                ["2024-01-01T00:00:00.000Z", "2024-01-08T00:00:00.000Z"],
            ),
            (
                last("previous_month"),
                None,
                ["2023-12-01T00:00:00.000Z", "2024-01-01T00:00:00.000Z"],
            ),
            (
                json!({"type": "relative", "time_range": "current_month", "tz": "America/New_York"}),
                Some(Granularity::Daily),
                ["2024-01-01T05:00:00.000Z", "2024-01-08T12:11:30.000Z"],
            ),
        ] {
            assert_eq!(shown(range.clone(), granularity), expected, "{range}");
        }
    }

    #[test]
    fn a_time_that_cannot_be_is_refused() {
        for range in [
            json!({"type": "relative"}),
            json!({"type": "absolute", "start": "2024-01-01T00:00:00Z"}),
            json!({"type": "absolute", "start": "now", "end": "2024-01-01T00:00:00Z"}),
            json!({"type": "absolute", "start": "2024-01-02T00:00:00Z", "end": "2024-01-01T00:00:00Z"}),
            json!({"type": "relative", "time_range": "1h", "tz": "Mars/Olympus"}),
        ] {
            let range: TimeRange = serde_json::from_value(range).unwrap();
            assert!(period(&range, None, 1_700_000_000_000).is_err(), "{range:?}");
        }
    }
}
