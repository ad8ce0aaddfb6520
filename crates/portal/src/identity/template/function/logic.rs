//! Functions that compare and choose.

use core::cmp::Ordering;

use super::{Function, Value, functions};
use crate::identity::template::run::Arguments;

pub(super) const FUNCTIONS: &[Function] = functions! {
    "eq" 2..=usize::MAX => |_, mut given| {
        let first = given.next();
        Ok(Value::Flag(given.rest().iter().any(|other| first.same(other))))
    };
    "ne" 2..=2 => |_, mut given| Ok(Value::Flag(!given.next().same(&given.next())));
    "lt" 2..=2 => |_, given| Ok(compared(given, Ordering::is_lt));
    "le" 2..=2 => |_, given| Ok(compared(given, Ordering::is_le));
    "gt" 2..=2 => |_, given| Ok(compared(given, Ordering::is_gt));
    "ge" 2..=2 => |_, given| Ok(compared(given, Ordering::is_ge));
    "not" 1..=1 => |_, mut given| Ok(Value::Flag(given.next().is_empty()));
    "and" 1..=usize::MAX => |_, given| Ok(first(given, Value::is_empty));
    "or" 1..=usize::MAX => |_, given| Ok(first(given, |value| !value.is_empty()));
    "all" 0..=usize::MAX => |_, given| {
        Ok(Value::Flag(given.rest().iter().all(|value| !value.is_empty())))
    };
    "any" 0..=usize::MAX => |_, given| {
        Ok(Value::Flag(given.rest().iter().any(|value| !value.is_empty())))
    };
    "default" 1..=2 => |_, mut given| {
        let (other, value) = (given.next(), given.next());
        Ok(if value.is_empty() { other } else { value })
    };
    "coalesce" 1..=usize::MAX => |_, given| {
        Ok(given.rest().into_iter().find(|value| !value.is_empty()).unwrap_or(Value::Nil))
    };
    "ternary" 3..=3 => |_, mut given| {
        let (yes, no, condition) = (given.next(), given.next(), given.next());
        Ok(if condition.is_empty() { no } else { yes })
    };
    "empty" 1..=1 => |_, mut given| Ok(Value::Flag(given.next().is_empty()));
};

fn compared(mut given: Arguments, is: fn(Ordering) -> bool) -> Value {
    let (left, right) = (given.next(), given.next());
    Value::Flag(is(left.order(&right)))
}

/// The first value that decides, or the last.
fn first(given: Arguments, decides: fn(&Value) -> bool) -> Value {
    let mut last = Value::Nil;
    for value in given.rest() {
        last = value;
        if decides(&last) {
            break;
        }
    }
    last
}
