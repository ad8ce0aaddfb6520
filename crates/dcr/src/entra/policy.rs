//! What a tenant's policy says of applications' secrets.

use serde_json::Value;

use crate::vendor::{Words, text};

/// Whether a refusal is a policy's.
pub(super) fn refused(words: &Words) -> bool {
    words.code.contains("Policy") || words.message.contains("as per assigned policy")
}

/// What to do about it.
pub(super) fn advice(words: &Words) -> &'static str {
    if words.code.contains("Lifetime") || words.message.contains("lifetime") {
        "a policy of the tenant limits how long secrets of applications may last: set \
         `secret_lifetime_days`, or exempt the applications"
    } else {
        "a policy of the tenant forbids secrets of applications: exempt the applications that the \
         portal makes"
    }
}

/// What of the tenant's policy makes registrations fail.
pub(super) fn hints(policy: &Value, lifetime: Option<u64>) -> Vec<String> {
    if policy.get("isEnabled").and_then(Value::as_bool) != Some(true) {
        return Vec::new();
    }
    let restrictions = policy.pointer("/applicationRestrictions/passwordCredentials");
    let restrictions = restrictions.and_then(Value::as_array).into_iter().flatten();
    let on = |restriction: &&Value| text(restriction, "state") != Some("disabled");
    let mut hints = Vec::new();
    for restriction in restrictions.filter(on) {
        match text(restriction, "restrictionType") {
            Some("passwordAddition") => {
                hints.push("the tenant's policy forbids secrets of applications".to_owned());
            }
            Some("passwordLifetime") => {
                let most = text(restriction, "maxLifetime").unwrap_or_default();
                let fits = duration(most).zip(lifetime).is_some_and(|(most, asked)| asked <= most);
                if !fits {
                    hints.push(format!(
                        "the tenant's policy lets secrets of applications last {most} at most: set \
                         `secret_lifetime_days` accordingly"
                    ));
                }
            }
            _ => {}
        }
    }
    hints
}

/// A duration of ISO 8601 in seconds, months and years at their shortest.
fn duration(text: &str) -> Option<u64> {
    let (days, clock) = match text.strip_prefix('P')?.split_once('T') {
        Some((days, clock)) => (days, clock),
        None => (text.strip_prefix('P')?, ""),
    };
    let mut seconds = 0_u64;
    for (part, units) in [
        (days, &[('Y', 31_536_000), ('M', 2_419_200), ('W', 604_800), ('D', 86_400)][..]),
        (clock, &[('H', 3_600), ('M', 60), ('S', 1)][..]),
    ] {
        let mut number = String::new();
        for c in part.chars() {
            if c.is_ascii_digit() || c == '.' {
                number.push(c);
                continue;
            }
            let (_, unit) = units.iter().find(|(name, _)| *name == c)?;
            let whole: u64 = number.split('.').next()?.parse().ok()?;
            seconds = seconds.checked_add(whole.checked_mul(*unit)?)?;
            number.clear();
        }
        if !number.is_empty() {
            return None;
        }
    }
    Some(seconds)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn durations_are_read() {
        for (text, seconds) in [
            ("P90D", Some(7_776_000)),
            ("P1Y", Some(31_536_000)),
            ("P4DT12H30M5S", Some(390_605)),
            ("PT1M", Some(60)),
            ("P6M", Some(14_515_200)),
            ("90D", None),
            ("P90", None),
            ("P1X", None),
        ] {
            assert_eq!(duration(text), seconds, "{text}");
        }
    }

    #[test]
    fn only_what_stands_in_the_way_is_told() {
        let policy = |enabled: bool, kind: &str, state: &str| {
            let restriction =
                json!({"restrictionType": kind, "state": state, "maxLifetime": "P90D"});
            json!({"isEnabled": enabled,
                "applicationRestrictions": {"passwordCredentials": [restriction]}})
        };
        let month = Some(30 * 86_400);
        for (policy, lifetime, count) in [
            (policy(true, "passwordAddition", "enabled"), month, 1),
            (policy(true, "passwordAddition", "disabled"), month, 0),
            (policy(false, "passwordAddition", "enabled"), month, 0),
            (policy(true, "passwordLifetime", "enabled"), month, 0),
            (policy(true, "passwordLifetime", "enabled"), Some(91 * 86_400), 1),
            (policy(true, "passwordLifetime", "enabled"), None, 1),
            (policy(true, "symmetricKeyAddition", "enabled"), None, 0),
            (json!({}), None, 0),
        ] {
            assert_eq!(hints(&policy, lifetime).len(), count, "{policy}");
        }
    }
}
