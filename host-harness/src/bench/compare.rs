//! Two measurements side by side, and which differences are too large.

use core::fmt;
use core::str::FromStr;
use std::collections::BTreeMap;

use super::Measurement;
use super::statistics::in_units;

/// How far each group of figures may rise, in hundredths of a percent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thresholds(BTreeMap<String, u64>);

/// Why a list of thresholds cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThresholdError(String);

impl fmt::Display for ThresholdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not GROUP=NUMBER% with a group of {}", self.0, GROUPS.join(", "))
    }
}

impl core::error::Error for ThresholdError {}

const GROUPS: [&str; 6] = ["fuel", "calls", "bytes", "memory", "size", "time"];

impl Default for Thresholds {
    /// Fuel, bytes and the module's size may rise by 2 %, times by 20 %; host calls and memory not
    /// at all.
    fn default() -> Self {
        let limits = [
            ("fuel", 200),
            ("calls", 0),
            ("bytes", 200),
            ("memory", 0),
            ("size", 200),
            ("time", 2_000),
        ];
        Self(limits.into_iter().map(|(group, limit)| (group.to_owned(), limit)).collect())
    }
}

impl FromStr for Thresholds {
    type Err = ThresholdError;

    /// Reads `fuel=2%,time=20%`; groups that are not named keep their default.
    fn from_str(text: &str) -> Result<Self, ThresholdError> {
        let mut thresholds = Self::default();
        for part in text.split(',') {
            let wrong = || ThresholdError(part.to_owned());
            let (group, limit) = part.trim().split_once('=').ok_or_else(wrong)?;
            let limit = limit.trim().strip_suffix('%').ok_or_else(wrong)?;
            let (whole, fraction) = limit.split_once('.').unwrap_or((limit, ""));
            let whole: u64 = whole.parse().map_err(|_| wrong())?;
            let digits = fraction.len() <= 2 && fraction.bytes().all(|byte| byte.is_ascii_digit());
            let fraction: u64 = match (digits, fraction.is_empty()) {
                (false, _) => return Err(wrong()),
                (true, true) => 0,
                (true, false) => format!("{fraction:0<2}").parse().map_err(|_| wrong())?,
            };
            if !GROUPS.contains(&group) || whole > 1_000_000 {
                return Err(wrong());
            }
            thresholds.0.insert(group.to_owned(), whole * 100 + fraction);
        }
        Ok(thresholds)
    }
}

/// One figure, before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Name of the figure.
    pub name: String,
    /// Before; `None` if it was not measured then.
    pub before: Option<u64>,
    /// After.
    pub after: Option<u64>,
    /// It rose more than it may.
    pub exceeded: bool,
    /// It is shown and not judged.
    pub unjudged: bool,
}

/// Two measurements compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Every figure of either.
    pub rows: Vec<Row>,
    /// Why times are not judged, if they are not.
    pub unjudged: Option<&'static str>,
}

impl Comparison {
    /// Compares two measurements.
    #[must_use]
    pub fn of(before: &Measurement, after: &Measurement, thresholds: &Thresholds) -> Self {
        let unjudged = if before.build != "release" || after.build != "release" {
            Some("times of a debug build mean nothing")
        } else if before.machine != after.machine {
            Some("times of two machines cannot be compared")
        } else {
            None
        };
        let mut rows = Vec::new();
        for name in names(&before.exact, &after.exact) {
            let (old, new) = (before.exact.get(name).copied(), after.exact.get(name).copied());
            let group = name.split('.').next().unwrap_or_default();
            rows.push(thresholds.row(name, group, (old, new), false));
        }
        for name in names(&before.times, &after.times) {
            let median = |times: &BTreeMap<String, super::Spread>| {
                times.get(name).map(|spread| spread.median_ns)
            };
            let values = (median(&before.times), median(&after.times));
            rows.push(thresholds.row(&format!("time.{name}"), "time", values, unjudged.is_some()));
        }
        Self { rows, unjudged }
    }

    /// Whether nothing rose too far.
    #[must_use]
    pub fn holds(&self) -> bool {
        !self.rows.iter().any(|row| row.exceeded)
    }
}

fn names<'a, T>(
    before: &'a BTreeMap<String, T>,
    after: &'a BTreeMap<String, T>,
) -> impl Iterator<Item = &'a str> {
    let new = after.keys().filter(|name| !before.contains_key(*name));
    before.keys().chain(new).map(String::as_str)
}

impl Thresholds {
    fn row(
        &self,
        name: &str,
        group: &str,
        (before, after): (Option<u64>, Option<u64>),
        unjudged: bool,
    ) -> Row {
        let limit = u128::from(self.0.get(group).copied().unwrap_or(0));
        let exceeded = match (before, after) {
            (Some(before), Some(after)) => {
                u128::from(after) * 10_000 > u128::from(before) * (10_000 + limit)
            }
            _ => false,
        };
        Row { name: name.to_owned(), before, after, exceeded: exceeded && !unjudged, unjudged }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<28} {:>14} {:>14} {:>9}", "", "before", "after", "change")?;
        for Row { name, before, after, exceeded, unjudged } in &self.rows {
            let show = |value: &Option<u64>| match value {
                None => "-".to_owned(),
                Some(value) if name.starts_with("time.") => in_units(*value),
                Some(value) => value.to_string(),
            };
            let mark = match (exceeded, unjudged) {
                (true, _) => "  too much",
                (false, true) => "  not judged",
                (false, false) => "",
            };
            let (old, new, change) = (show(before), show(after), change(*before, *after));
            writeln!(f, "{name:<28} {old:>14} {new:>14} {change:>9}{mark}")?;
        }
        match self.unjudged {
            Some(why) => writeln!(f, "{why}"),
            None => Ok(()),
        }
    }
}

/// `+1.25%`.
fn change(before: Option<u64>, after: Option<u64>) -> String {
    let (Some(before), Some(after)) = (before, after) else { return "-".to_owned() };
    if before == after {
        return "=".to_owned();
    }
    if before == 0 {
        return "new".to_owned();
    }
    let hundredths = u128::from(before.abs_diff(after)) * 10_000 / u128::from(before);
    let sign = if after > before { '+' } else { '-' };
    format!("{sign}{}.{:02}%", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::{Machine, Spread};

    fn measured(fuel: u64, calls: u64, nanoseconds: u64) -> Measurement {
        let spread = Spread { median_ns: nanoseconds, mad_ns: 0, runs: 1 };
        Measurement {
            version: 1,
            machine: Machine { cpu: "c".into(), cores: 1, os: "o".into(), arch: "a".into() },
            engine: String::new(),
            build: "release".into(),
            module_sha256: String::new(),
            profile: String::new(),
            load: String::new(),
            exact: [("fuel.request".to_owned(), fuel), ("calls.request".to_owned(), calls)].into(),
            times: [("request".to_owned(), spread)].into(),
            requests_per_second: 0,
        }
    }

    fn exceeded(after: &Measurement, thresholds: &str) -> Vec<String> {
        let thresholds = thresholds.parse().unwrap();
        let comparison = Comparison::of(&measured(1_000, 5, 1_000), after, &thresholds);
        let rows = comparison.rows.into_iter().filter(|row| row.exceeded);
        rows.map(|row| row.name).collect()
    }

    #[test]
    fn a_rise_counts_and_a_fall_does_not() {
        assert!(exceeded(&measured(1_020, 5, 1_200), "fuel=2%,time=20%").is_empty());
        assert!(exceeded(&measured(10, 0, 1), "fuel=0%").is_empty());
        assert_eq!(exceeded(&measured(1_021, 5, 1_000), "fuel=2%"), ["fuel.request"]);
        assert_eq!(exceeded(&measured(1_016, 5, 1_000), "fuel=1.5%"), ["fuel.request"]);
        assert_eq!(exceeded(&measured(1_000, 6, 1_000), "fuel=2%"), ["calls.request"]);
        assert_eq!(exceeded(&measured(1_000, 5, 1_201), "time=20%"), ["time.request"]);
    }

    #[test]
    fn times_are_judged_on_one_machine_and_in_release_builds_only() {
        let mut other = measured(1_000, 5, 9_000);
        other.machine.cpu = "d".into();
        assert!(exceeded(&other, "time=1%").is_empty());
        let mut debug = measured(1_000, 5, 9_000);
        debug.build = "debug".into();
        let comparison = Comparison::of(&debug, &measured(2_000, 5, 1), &Thresholds::default());
        assert!(!comparison.holds());
        let text = comparison.to_string();
        assert!(text.contains("+100.00%  too much") && text.contains("not judged"), "{text}");
    }

    #[test]
    fn thresholds_are_read_strictly() {
        for wrong in
            ["", "fuel", "fuel=2", "fuel=x%", "speed=2%", "fuel=-1%", "fuel=1.234%", "fuel=+1.+1%"]
        {
            assert!(wrong.parse::<Thresholds>().is_err(), "{wrong}");
        }
        assert!("fuel=2%, time=20.5%".parse::<Thresholds>().is_ok());
    }
}
