//! Functions about numbers. What would be out of range is the nearest number that is not.

use super::{Fault, Function, Value, functions};
use crate::identity::template::run::Arguments;

pub(super) const FUNCTIONS: &[Function] = functions! {
    "int" 1..=1 => |_, mut given| Ok(Value::Int(given.int()));
    "int64" 1..=1 => |_, mut given| Ok(Value::Int(given.int()));
    "atoi" 1..=1 => |_, mut given| Ok(Value::Int(given.int()));
    "float64" 1..=1 => |_, mut given| Ok(float(given.next().as_float()));
    "add" 1..=usize::MAX => |_, given| Ok(whole(given, i64::saturating_add));
    "add1" 1..=1 => |_, mut given| Ok(Value::Int(given.int().saturating_add(1)));
    "sub" 2..=2 => |_, given| Ok(whole(given, i64::saturating_sub));
    "mul" 1..=usize::MAX => |_, given| Ok(whole(given, i64::saturating_mul));
    "div" 2..=2 => |_, mut given| {
        let (number, by) = (given.int(), given.int());
        number.checked_div(by).map(Value::Int).ok_or_else(|| Fault::new("divides by zero"))
    };
    "mod" 2..=2 => |_, mut given| {
        let (number, by) = (given.int(), given.int());
        number.checked_rem(by).map(Value::Int).ok_or_else(|| Fault::new("divides by zero"))
    };
    "max" 1..=usize::MAX => |_, given| Ok(whole(given, i64::max));
    "biggest" 1..=usize::MAX => |_, given| Ok(whole(given, i64::max));
    "min" 1..=usize::MAX => |_, given| Ok(whole(given, i64::min));
    "addf" 1..=usize::MAX => |_, given| Ok(broken(given, |left, right| left + right));
    "subf" 2..=2 => |_, given| Ok(broken(given, |left, right| left - right));
    "mulf" 1..=usize::MAX => |_, given| Ok(broken(given, |left, right| left * right));
    "divf" 2..=2 => |_, mut given| {
        let (number, by) = (given.next().as_float(), given.next().as_float());
        if by == 0.0 { Err(Fault::new("divides by zero")) } else { Ok(float(number / by)) }
    };
    "floor" 1..=1 => |_, mut given| Ok(float(given.next().as_float().floor()));
    "ceil" 1..=1 => |_, mut given| Ok(float(given.next().as_float().ceil()));
};

fn whole(mut given: Arguments, with: fn(i64, i64) -> i64) -> Value {
    let first = given.int();
    Value::Int(given.rest().iter().map(Value::as_int).fold(first, with))
}

fn broken(mut given: Arguments, with: fn(f64, f64) -> f64) -> Value {
    let first = given.next().as_float();
    float(given.rest().iter().map(Value::as_float).fold(first, with))
}

/// A number; JSON has none that is not finite.
fn float(number: f64) -> Value {
    Value::Float(number.clamp(f64::MIN, f64::MAX))
}
