//! When keys change: a key is published before it signs, and stays published after it signed.

use uuid::Uuid;

use crate::clock::millis;
use crate::config::Identity;
use crate::store::entity::auth_key::Model;

/// The key is published and does not sign yet.
pub(crate) const PENDING: &str = "pending";
/// The key signs.
pub(crate) const ACTIVE: &str = "active";
/// The key signs no more; what it signed is still valid.
pub(crate) const RETIRING: &str = "retiring";

/// How soon keys are to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// When their time has come.
    Scheduled,
    /// As soon as nobody needs to notice.
    Soon,
    /// At once: the keys that there are must not be trusted any longer.
    Emergency,
}

/// What is to be done with the keys of one server.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Keys to forget.
    pub(super) remove: Vec<String>,
    /// Keys that stop signing.
    pub(super) retire: Vec<String>,
    /// The key that begins to sign.
    pub(super) promote: Option<String>,
    /// The key that begins to sign earlier than it was to, and when.
    pub(super) hasten: Option<(String, i64)>,
    /// When a key that has to be made begins to sign.
    pub(super) make: Option<i64>,
}

impl Plan {
    /// Whether there is nothing to do.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The server whose keys are looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Of<'s> {
    /// Its id.
    pub(super) server: Uuid,
    /// The algorithm it is to sign with.
    pub(super) algorithm: &'s str,
}

/// What is to be done with `keys` at `now`.
pub(super) fn plan(
    of: Of<'_>,
    keys: &[Model],
    now: i64,
    urgency: Urgency,
    config: &Identity,
) -> Plan {
    let mut plan = Plan::default();
    let keys: Vec<_> = keys.iter().filter(|key| key.server_id == of.server).collect();
    if urgency == Urgency::Emergency {
        plan.remove = keys.iter().map(|key| key.kid.clone()).collect();
        plan.make = Some(now);
        return plan;
    }
    let ahead = millis(config.publish_ahead);
    let mut active = keys.iter().find(|key| key.state == ACTIVE).copied();
    let mut pending = None;
    for key in &keys {
        match key.state.as_str() {
            RETIRING if key.removes_at.is_some_and(|end| end <= now) => {
                plan.remove.push(key.kid.clone());
            }
            // Nobody has a token of a key that never signed.
            PENDING if key.algorithm != of.algorithm => plan.remove.push(key.kid.clone()),
            PENDING => pending = Some(*key),
            _ => {}
        }
    }
    if let Some(next) = pending
        && (active.is_none() || next.activates_at <= now)
    {
        plan.retire.extend(active.map(|key| key.kid.clone()));
        plan.promote = Some(next.kid.clone());
        (active, pending) = (Some(next), None);
    }
    let Some(active) = active else {
        plan.make = Some(now);
        return plan;
    };
    let due = active.activates_at.saturating_add(millis(config.key_lifetime));
    match pending {
        Some(next) if urgency == Urgency::Soon => {
            let soonest = next.created_at.saturating_add(ahead).max(now);
            plan.hasten = (soonest < next.activates_at).then(|| (next.kid.clone(), soonest));
        }
        Some(_) => {}
        None if urgency == Urgency::Soon || active.algorithm != of.algorithm => {
            plan.make = Some(now.saturating_add(ahead));
        }
        None if due.saturating_sub(ahead) <= now => {
            plan.make = Some(due.max(now.saturating_add(ahead)));
        }
        None => {}
    }
    plan
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use serde_json::Value;

    use super::*;

    const DAY: i64 = 86_400_000;
    const HOUR: i64 = 3_600_000;

    fn config() -> Identity {
        Identity {
            key_lifetime: Duration::from_secs(10 * 86_400),
            publish_ahead: Duration::from_secs(3_600),
            ..Identity::default()
        }
    }

    fn key(kid: &str, state: &str, created_at: i64, activates_at: i64) -> Model {
        Model {
            kid: kid.into(),
            server_id: Uuid::nil(),
            algorithm: "RS256".into(),
            state: state.into(),
            public_jwk: Value::Null,
            private_key: Vec::new(),
            created_at,
            activates_at,
            retires_at: None,
            removes_at: None,
        }
    }

    fn planned(keys: &[Model], now: i64, urgency: Urgency) -> Plan {
        plan(Of { server: Uuid::nil(), algorithm: "RS256" }, keys, now, urgency, &config())
    }

    #[test]
    fn a_key_is_made_ahead_of_its_time_and_the_old_one_stays() {
        let first = planned(&[], 5, Urgency::Scheduled);
        assert_eq!(first, Plan { make: Some(5), ..Plan::default() });
        let active = key("a", ACTIVE, 0, 0);
        let early = 10 * DAY - HOUR - 1;
        assert!(planned(core::slice::from_ref(&active), early, Urgency::Scheduled).is_empty());
        let made = planned(core::slice::from_ref(&active), early + 1, Urgency::Scheduled);
        assert_eq!(made, Plan { make: Some(10 * DAY), ..Plan::default() });
        let pending = key("b", PENDING, early + 1, 10 * DAY);
        let keys = [active, pending];
        assert!(planned(&keys, 10 * DAY - 1, Urgency::Scheduled).is_empty());
        let turned = planned(&keys, 10 * DAY, Urgency::Scheduled);
        assert_eq!(turned.retire, ["a"]);
        assert_eq!(turned.promote.as_deref(), Some("b"));
        assert_eq!(turned.make, None);
    }

    #[test]
    fn one_that_was_late_is_published_as_long_as_any() {
        let late = planned(&[key("a", ACTIVE, 0, 0)], 50 * DAY, Urgency::Scheduled);
        assert_eq!(late.make, Some(50 * DAY + HOUR));
    }

    #[test]
    fn a_retiring_key_goes_when_its_time_is_over() {
        let mut old = key("a", RETIRING, 0, 0);
        old.removes_at = Some(3 * DAY);
        let keys = [old, key("b", ACTIVE, DAY, DAY)];
        assert!(planned(&keys, 3 * DAY - 1, Urgency::Scheduled).is_empty());
        assert_eq!(planned(&keys, 3 * DAY, Urgency::Scheduled).remove, ["a"]);
    }

    #[test]
    fn on_demand_a_key_comes_as_soon_as_everybody_can_know_it() {
        let active = key("a", ACTIVE, 0, 0);
        let made = planned(core::slice::from_ref(&active), DAY, Urgency::Soon);
        assert_eq!(made, Plan { make: Some(DAY + HOUR), ..Plan::default() });
        let pending = key("b", PENDING, DAY, 10 * DAY);
        let hastened = planned(&[active.clone(), pending.clone()], DAY + 5, Urgency::Soon);
        assert_eq!(hastened.hasten, Some(("b".into(), DAY + HOUR)));
        let hastened = planned(&[active, pending], DAY + 2 * HOUR, Urgency::Soon);
        assert_eq!(hastened.hasten, Some(("b".into(), DAY + 2 * HOUR)));
    }

    #[test]
    fn in_an_emergency_nothing_stays() {
        let keys = [key("a", ACTIVE, 0, 0), key("b", PENDING, 0, DAY), key("c", RETIRING, 0, 0)];
        let plan = planned(&keys, 7, Urgency::Emergency);
        assert_eq!(plan.remove, ["a", "b", "c"]);
        assert_eq!(plan.make, Some(7));
        assert_eq!((plan.promote, plan.retire), (None, vec![]));
    }

    #[test]
    fn another_algorithm_is_another_key() {
        let of = Of { server: Uuid::nil(), algorithm: "ES256" };
        let keys = [key("a", ACTIVE, 0, 0), key("b", PENDING, 0, DAY)];
        let plan = plan(of, &keys, 9, Urgency::Scheduled, &config());
        assert_eq!(plan.remove, ["b"]);
        assert_eq!(plan.make, Some(9 + HOUR));
    }
}
