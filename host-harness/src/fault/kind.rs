//! What can go wrong in a host call, and how it is spelled.

use core::error::Error;
use core::fmt;
use core::str::FromStr;

/// What goes wrong in a host call.
///
/// The faults of data apply to whatever the call hands over in memory that the guest allocates:
/// maps, values, buffers, properties. Where a call hands over nothing they change nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// The host answers with this number and does nothing. It need not be a status of the ABI; for
    /// WASI functions it is an errno.
    Status(u32),
    /// The host traps instead of answering.
    Trap,
    /// The call succeeds, and the data is empty.
    EmptyData,
    /// The second half of the data is missing.
    ShortData,
    /// A mebibyte of other data is behind it.
    OversizedData,
    /// The data is noise of at least 16 bytes.
    GarbageData,
    /// The data is not UTF-8: every value of a map, the beginning of anything else.
    NotUtf8,
    /// The guest's allocator is taken to have answered 0.
    AllocationFailure,
    /// The guest's allocator traps.
    AllocationTrap,
    /// The pointer that the guest is given lies outside its memory.
    BadPointer,
    /// The reply to what the call starts never comes: the call ends by its timeout, or not at all.
    Timeout,
    /// The wall clock jumps by so many milliseconds before the call is made.
    ClockJump(i64),
}

/// Each kind that has no number, with its name.
const NAMED: [(FaultKind, &str); 10] = [
    (FaultKind::Trap, "trap"),
    (FaultKind::EmptyData, "empty"),
    (FaultKind::ShortData, "short"),
    (FaultKind::OversizedData, "oversized"),
    (FaultKind::GarbageData, "garbage"),
    (FaultKind::NotUtf8, "not-utf8"),
    (FaultKind::AllocationFailure, "no-memory"),
    (FaultKind::AllocationTrap, "allocator-trap"),
    (FaultKind::BadPointer, "bad-pointer"),
    (FaultKind::Timeout, "timeout"),
];

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(number) => write!(f, "status {number}"),
            Self::ClockJump(milliseconds) => write!(f, "clock {milliseconds:+}"),
            _ => f.write_str(NAMED.iter().find(|(kind, _)| kind == self).map_or("", |(_, n)| n)),
        }
    }
}

/// A word that names no kind of fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFault(String);

impl fmt::Display for UnknownFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown fault `{}`: it is `status N`, `clock +MS`, `clock -MS`", self.0)?;
        NAMED.iter().try_for_each(|(_, name)| write!(f, ", `{name}`"))
    }
}

impl Error for UnknownFault {}

impl FromStr for FaultKind {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let kind = match text.split_once(' ') {
            Some(("status", number)) => number.parse().ok().map(Self::Status),
            Some(("clock", milliseconds)) => milliseconds.parse().ok().map(Self::ClockJump),
            _ => NAMED.iter().find(|(_, name)| *name == text).map(|(kind, _)| *kind),
        };
        kind.ok_or_else(|| UnknownFault(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_reads_back_what_it_prints() {
        let numbered = [
            FaultKind::Status(0),
            FaultKind::Status(u32::MAX),
            FaultKind::ClockJump(-86_400_000),
            FaultKind::ClockJump(5),
        ];
        for kind in NAMED.iter().map(|(kind, _)| *kind).chain(numbered) {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        for text in ["", "status", "status -1", "clock x", "traps"] {
            assert!(text.parse::<FaultKind>().is_err(), "{text}");
        }
    }
}
