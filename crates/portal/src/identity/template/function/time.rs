//! Functions about time. All of it is UTC.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::{Fault, Function, Value, functions};
use crate::clock;

pub(super) const FUNCTIONS: &[Function] = functions! {
    "now" 0..=0 => |run, _| Ok(Value::Time(run.now()));
    "date" 2..=2 => |run, mut given| {
        let (layout, time) = (given.text(), given.next());
        Ok(Value::Text(formatted(&layout, instant(&time, run.now()))))
    };
    "htmlDate" 1..=1 => |run, mut given| {
        Ok(Value::Text(formatted("2006-01-02", instant(&given.next(), run.now()))))
    };
    "unixEpoch" 1..=1 => |run, mut given| {
        Ok(Value::Int(instant(&given.next(), run.now()).div_euclid(1_000)))
    };
    "dateModify" 2..=2 => |run, mut given| {
        let (by, time) = (given.text(), given.next());
        let by = duration(&by).ok_or_else(|| Fault::new("gets what is not a duration"))?;
        Ok(Value::Time(instant(&time, run.now()).saturating_add(by)))
    };
};

/// The instant that a value stands for: itself, seconds since 1970, or RFC 3339. Sprig takes
/// anything else for now, and so does this.
fn instant(value: &Value, now: i64) -> i64 {
    match value {
        Value::Time(millis) => *millis,
        Value::Int(seconds) => seconds.saturating_mul(1_000),
        Value::Text(text) => clock::parse(text).unwrap_or(now),
        _ => now,
    }
}

/// A duration of Go, such as `-1h30m`, in milliseconds.
fn duration(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest.is_empty() {
        return None;
    }
    let mut total = 0_f64;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at_checked(end)?;
        let number: f64 = number.parse().ok()?;
        let end = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(end)?;
        total += number
            * match unit {
                "ms" => 1.0,
                "s" => 1_000.0,
                "m" => 60_000.0,
                "h" => 3_600_000.0,
                _ => return None,
            };
        rest = tail;
    }
    // The cast takes what is too large for the largest.
    let millis = total as i64;
    Some(if negative { millis.saturating_neg() } else { millis })
}

/// The parts of Go's layouts, longer ones before their beginnings.
const PARTS: [&str; 26] = [
    "January", "Monday", "Z07:00", "-07:00", "Z0700", "-0700", "2006", ".000", "Jan", "Mon", "MST",
    "-07", "01", "02", "03", "04", "05", "06", "15", "PM", "pm", "_2", "1", "2", "3", "4",
];

/// An instant by one of Go's layouts.
fn formatted(layout: &str, millis: i64) -> String {
    let instant = Timestamp::from_millisecond(millis).unwrap_or_default();
    let at = TimeZone::UTC.to_datetime(instant);
    let mut made = String::new();
    let mut rest = layout;
    'next: while !rest.is_empty() {
        for part in PARTS {
            if let Some(tail) = rest.strip_prefix(part) {
                made.push_str(&written(part, at));
                rest = tail;
                continue 'next;
            }
        }
        let mut characters = rest.chars();
        made.extend(characters.next());
        rest = characters.as_str();
    }
    made
}

fn written(part: &str, at: DateTime) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    const DAYS: [&str; 7] =
        ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    let pick = |names: &[&'static str], index: i8| {
        let index = usize::try_from(index).unwrap_or_default();
        names.get(index).copied().unwrap_or_default()
    };
    let month = pick(&MONTHS, at.month() - 1);
    let day = pick(&DAYS, at.weekday().to_monday_zero_offset());
    let short = |name: &str| name.chars().take(3).collect::<String>();
    let hour = (at.hour() + 11) % 12 + 1;
    match part {
        "January" => month.to_owned(),
        "Jan" => short(month),
        "Monday" => day.to_owned(),
        "Mon" => short(day),
        "Z07:00" | "Z0700" => "Z".to_owned(),
        "-07:00" => "+00:00".to_owned(),
        "-0700" => "+0000".to_owned(),
        "-07" => "+00".to_owned(),
        "MST" => "UTC".to_owned(),
        "2006" => format!("{:04}", at.year()),
        "06" => format!("{:02}", at.year().rem_euclid(100)),
        "01" => format!("{:02}", at.month()),
        "1" => at.month().to_string(),
        "02" => format!("{:02}", at.day()),
        "_2" => format!("{:2}", at.day()),
        "2" => at.day().to_string(),
        "15" => format!("{:02}", at.hour()),
        "03" => format!("{hour:02}"),
        "3" => hour.to_string(),
        "04" => format!("{:02}", at.minute()),
        "4" => at.minute().to_string(),
        "05" => format!("{:02}", at.second()),
        ".000" => format!(".{:03}", at.millisecond()),
        "PM" => if at.hour() < 12 { "AM" } else { "PM" }.to_owned(),
        "pm" => if at.hour() < 12 { "am" } else { "pm" }.to_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_gos() {
        let at = clock::parse("2023-11-04T15:07:09.045Z").unwrap();
        for (layout, expected) in [
            ("2006-01-02T15:04:05Z07:00", "2023-11-04T15:07:09Z"),
            ("2006-01-02T15:04:05.000-07:00", "2023-11-04T15:07:09.045+00:00"),
            ("Mon, 02 Jan 2006 15:04:05 MST", "Sat, 04 Nov 2023 15:07:09 UTC"),
            ("Monday, January _2, 06 at 3:4 pm", "Saturday, November  4, 23 at 3:7 pm"),
            ("1/2/06 03PM ü", "11/4/23 03PM ü"),
        ] {
            assert_eq!(formatted(layout, at), expected);
        }
    }

    #[test]
    fn durations_are_gos() {
        for (text, millis) in [
            ("1h30m", Some(5_400_000)),
            ("-90s", Some(-90_000)),
            ("1.5s", Some(1_500)),
            ("250ms", Some(250)),
            ("", None),
            ("-", None),
            ("5", None),
            ("1d", None),
            ("h", None),
            ("99999999999999999999h", Some(i64::MAX)),
        ] {
            assert_eq!(duration(text), millis, "{text}");
        }
    }
}
