//! Times as providers write them.

const DAY: u64 = 86_400;

/// `2026-03-01T12:00:00Z`, with any fraction of a second and any offset, in seconds since 1970.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let (date, rest) = text.split_once(['T', 't', ' '])?;
    let mut date = date.splitn(3, '-');
    let (year, month, day) = (number(date.next()?)?, number(date.next()?)?, number(date.next()?)?);
    let clock = rest.get(..8)?;
    let rest = rest.get(8..)?;
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|digit: char| digit.is_ascii_digit()),
        None => rest,
    };
    let time = seconds(year, month, day, clock)?;
    let (sign, offset) = match rest.split_at_checked(1)? {
        ("Z" | "z", "") => return Some(time),
        (sign, offset) => (sign, offset),
    };
    let (hours, minutes) = offset.split_once(':')?;
    let offset = number(hours)? * 3_600 + number(minutes)? * 60;
    match sign {
        "+" => time.checked_sub(offset),
        "-" => time.checked_add(offset),
        _ => None,
    }
}

/// `Sun, 01 Mar 2026 12:00:00 GMT`, as HTTP's headers have it, in seconds since 1970.
pub(crate) fn parse_http(text: &str) -> Option<u64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_, text) = text.split_once(", ")?;
    let mut words = text.split(' ');
    let day = number(words.next()?)?;
    let month = words.next()?;
    let month = MONTHS.iter().zip(1..).find(|(name, _)| **name == month)?.1;
    let year = number(words.next()?)?;
    let time = seconds(year, month, day, words.next()?)?;
    (words.next() == Some("GMT") && words.next().is_none()).then_some(time)
}

/// The time as `2026-03-01T12:00:00Z`.
pub(crate) fn format(seconds: u64) -> String {
    let (year, month, day) = date(seconds / DAY);
    let (hour, minute, second) = (seconds % DAY / 3_600, seconds % 3_600 / 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

fn number(digits: &str) -> Option<u64> {
    let fits = (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if fits { digits.parse().ok() } else { None }
}

fn seconds(year: u64, month: u64, day: u64, clock: &str) -> Option<u64> {
    let mut parts = clock.splitn(3, ':');
    let (hour, minute, second) =
        (number(parts.next()?)?, number(parts.next()?)?, number(parts.next()?)?);
    let sane = year >= 1970
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    sane.then(|| days(year, month, day) * DAY + hour * 3_600 + minute * 60 + second)
}

/// Days since 1970. Years begin in March, so that the day that is not in every year is the last.
const fn days(year: u64, month: u64, day: u64) -> u64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before = year * 365 + year / 4 - year / 100 + year / 400;
    before + (month * 153 + 2) / 5 + day - 1 - 719_468
}

/// The reverse of [`days`].
const fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (year * 365 + year / 4 - year / 100);
    let month = (day * 5 + 2) / 153;
    let day = day - (month * 153 + 2) / 5 + 1;
    let year = era * 400 + year;
    if month < 10 { (year, month + 3, day) } else { (year + 1, month - 9, day) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_times_are_read_and_written() {
        for (text, time) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T23:59:59Z", 951_868_799),
            ("2026-03-01T12:00:00Z", 1_772_366_400),
            ("2100-12-31T00:00:00Z", 4_133_894_400),
        ] {
            assert_eq!(parse(text), Some(time), "{text}");
            assert_eq!(format(time), text);
        }
        for day in 0..60_000 {
            assert_eq!(parse(&format(day * DAY + 7)), Some(day * DAY + 7));
        }
    }

    #[test]
    fn fractions_and_offsets_count() {
        for text in [
            "2026-03-01T12:00:00.1234567Z",
            "2026-03-01T13:00:00+01:00",
            "2026-03-01T11:30:00.5-00:30",
            "2026-03-01 12:00:00Z",
        ] {
            assert_eq!(parse(text), Some(1_772_366_400), "{text}");
        }
        for text in ["", "2026-03-01", "2026-03-01T12:00:00", "2026-13-01T12:00:00Z", "x"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_date_of_a_header_is_read() {
        assert_eq!(parse_http("Sun, 01 Mar 2026 12:00:00 GMT"), Some(1_772_366_400));
        for text in
            ["", "Sun, 01 Mar 2026 12:00:00 CET", "01 Mar 2026", "Sun, 1 Foo 2026 1:1:1 GMT"]
        {
            assert_eq!(parse_http(text), None, "{text}");
        }
    }
}
