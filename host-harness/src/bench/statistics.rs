//! Medians, which a few disturbed runs do not move.

use core::fmt;

/// The middle of several runs and how far they lie from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// Median, in nanoseconds.
    pub median_ns: u64,
    /// Median absolute deviation, in nanoseconds.
    pub mad_ns: u64,
    /// How many runs there were.
    pub runs: usize,
}

impl Spread {
    /// Of these times.
    #[must_use]
    pub fn of(times: &[u64]) -> Self {
        let median_ns = median(times.to_vec());
        let distances = times.iter().map(|time| time.abs_diff(median_ns)).collect();
        Self { median_ns, mad_ns: median(distances), runs: times.len() }
    }
}

fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    let middle = values.len() / 2;
    let at = |index: usize| values.get(index).copied().unwrap_or(0);
    if values.len() % 2 == 1 {
        at(middle)
    } else {
        at(middle.saturating_sub(1)).midpoint(at(middle))
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (median, deviation) = (in_units(self.median_ns), in_units(self.mad_ns));
        write!(f, "{median:>12} ± {deviation} ({} runs)", self.runs)
    }
}

/// With three digits behind the point, in the largest unit that fits.
pub(super) fn in_units(nanoseconds: u64) -> String {
    let (unit, name) = match nanoseconds {
        0..1_000 => return format!("{nanoseconds} ns"),
        1_000..1_000_000 => (1_000, "µs"),
        1_000_000..1_000_000_000 => (1_000_000, "ms"),
        _ => (1_000_000_000, "s"),
    };
    format!("{}.{:03} {name}", nanoseconds / unit, nanoseconds % unit / (unit / 1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wild_run_moves_nothing() {
        let spread = Spread::of(&[10, 12, 11, 9_000, 10]);
        assert_eq!((spread.median_ns, spread.mad_ns, spread.runs), (11, 1, 5));
        assert_eq!(Spread::of(&[1, 3]).median_ns, 2);
        assert_eq!(Spread::of(&[]).median_ns, 0);
    }

    #[test]
    fn units_fit() {
        assert_eq!(in_units(999), "999 ns");
        assert_eq!(in_units(1_500), "1.500 µs");
        assert_eq!(in_units(2_000_345), "2.000 ms");
        assert_eq!(in_units(61_000_000_000), "61.000 s");
    }
}
