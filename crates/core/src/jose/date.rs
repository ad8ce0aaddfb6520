//! Points in time as tokens have them (RFC 7519 2): seconds as any JSON number, without floats.

use crate::time::UnixTime;

/// Whole seconds since 1970; a fraction is cut off, what is too far away is as far as it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NumericDate(i64);

impl NumericDate {
    /// Reads a JSON number, whose grammar has been checked.
    #[must_use]
    pub fn read(number: &str) -> Self {
        let (negative, digits) = match number.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, number),
        };
        let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, power(exponent)),
            None => (digits, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        // The point moves by the exponent; what is left of it then are the whole seconds.
        let length = i64::try_from(whole.len()).unwrap_or(i64::MAX);
        let wanted = length.saturating_add(exponent).max(0);
        let digits = whole.bytes().chain(fraction.bytes());
        let mut value = 0_i64;
        let mut taken = 0_i64;
        for digit in digits {
            if taken == wanted {
                break;
            }
            taken = taken.saturating_add(1);
            let digit = i64::from(digit.wrapping_sub(b'0'));
            value = value.saturating_mul(10).saturating_add(digit);
        }
        // Zeros that nobody wrote down; after nineteen there is nothing more to come.
        for _ in taken..wanted.min(taken.saturating_add(19)) {
            value = value.saturating_mul(10);
        }
        Self(if negative { value.saturating_neg() } else { value })
    }

    /// Seconds since 1970, negative before.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// The point in time, when it is not before 1970.
    #[must_use]
    pub fn unix_time(self) -> Option<UnixTime> {
        u64::try_from(self.0).ok().map(UnixTime)
    }
}

fn power(text: &str) -> i64 {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let value = digits.bytes().fold(0_i64, |value, digit| {
        value.saturating_mul(10).saturating_add(i64::from(digit.wrapping_sub(b'0')))
    });
    if negative { value.saturating_neg() } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_number_is_read() {
        for (text, seconds) in [
            ("0", 0),
            ("1700000000", 1_700_000_000),
            ("1700000000.999", 1_700_000_000),
            ("1.7e9", 1_700_000_000),
            ("17E+8", 1_700_000_000),
            ("17000000000e-1", 1_700_000_000),
            ("0.5", 0),
            ("5e-1", 0),
            ("1e300", i64::MAX),
            ("1e99999999999999999999", i64::MAX),
            ("0e99999999999999999999", 0),
            ("1e-99999999999999999999", 0),
            ("99999999999999999999999", i64::MAX),
            ("-1", -1),
            ("-1e400", -i64::MAX),
        ] {
            assert_eq!(NumericDate::read(text).seconds(), seconds, "{text}");
        }
        assert_eq!(NumericDate::read("-1").unix_time(), None);
    }
}
