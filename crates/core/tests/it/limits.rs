//! How often an application may call, and from where.

use core::cell::RefCell;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::collections::BTreeMap;

use gatekey_core::check::{
    Decision, Denial, Env, Exceeded, Host, Memory, Refusal, Settings, Staleness, Step, WhenStale,
};
use gatekey_core::http::{Header, Request};
use gatekey_core::id::{ApiId, ApplicationId};
use gatekey_core::lifecycle::limit::{Limit, LimitKind, Network, networks};
use gatekey_core::lifecycle::registration::RegistrationStatus;
use gatekey_core::policy::Policy;
use gatekey_core::snapshot::Change;
use gatekey_core::snapshot::record::{Application, Publication, Record, Registration, Service};
use gatekey_core::time::UnixMillis;
use proptest::prelude::*;

use crate::fixture::{
    API, APPLICATION, NOW, PORTAL, SERVICE, STRATEGY, application, catalogue, credential, key,
    registration, settings,
};

fn rate(requests: u32, window: u32) -> Limit {
    Limit::new(LimitKind::Rate, requests, window, None).unwrap()
}

fn quota(requests: u32, window: u32) -> Limit {
    Limit::new(LimitKind::Quota, requests, window, None).unwrap()
}

/// A policy whose one application is restricted so.
fn policy(limits: &[Limit], allowed: &[&str]) -> Policy {
    let mut policy = Policy::empty(
        crate::fixture::GATEWAY,
        gatekey_core::id::Revision(1),
        NOW,
        gatekey_core::METHODS,
    );
    policy.apply(catalogue().into_iter().map(Change::Put));
    restrict(&mut policy, limits, allowed);
    policy
}

fn restrict(policy: &mut Policy, limits: &[Limit], allowed: &[&str]) {
    let networks = networks(allowed).unwrap();
    let restricted = Application { limits: limits.into(), networks, ..application(APPLICATION) };
    policy.apply([Change::Put(restricted.into())]);
}

/// What the workers of a process share.
#[derive(Debug, Default)]
struct Shared {
    address: Option<Vec<u8>>,
    values: RefCell<BTreeMap<u16, Vec<u8>>>,
    /// How many of the next writes come too late.
    late: RefCell<Vec<bool>>,
    nothing: bool,
}

impl Host for Shared {
    fn client_address(&self) -> Option<Vec<u8>> {
        self.address.clone()
    }

    fn alter(&self, number: u16, alter: &mut dyn FnMut(&mut Vec<u8>) -> bool) {
        if self.nothing {
            return;
        }
        loop {
            let mut value = self.values.borrow().get(&number).cloned().unwrap_or_default();
            if !alter(&mut value) {
                return;
            }
            if !self.late.borrow_mut().pop().unwrap_or_default() {
                self.values.borrow_mut().insert(number, value);
                return;
            }
        }
    }
}

fn asked(
    policy: &Policy,
    memory: &mut Memory,
    host: &dyn Host,
    number: u32,
    path: &[u8],
    at: UnixMillis,
) -> Result<(), Refusal> {
    let key = key(number).0;
    let staleness = Staleness { max_seconds: u64::MAX, then: WhenStale::ServeKnown };
    let settings = Settings { staleness, ..settings() };
    let headers = [
        Header { name: b"x-version", value: b"2" },
        Header { name: b"apikey", value: key.as_bytes() },
    ];
    let request = Request { method: b"GET", authority: b"api.test", path, headers: &headers };
    let env = Env { moment: at, host, ..Env::new(at.seconds(), &settings) };
    match policy.check(memory, &env, &request) {
        Step::Done(Decision::Allow(_)) => Ok(()),
        Step::Done(Decision::Deny(refusal)) => Err(refusal),
        other => panic!("{other:?}"),
    }
}

/// What one worker says that shares nothing.
fn alone(policy: &Policy, memory: &mut Memory, at: u64) -> Result<(), (Denial, Option<Exceeded>)> {
    let host = Shared { nothing: true, ..Shared::default() };
    asked(policy, memory, &host, 1, b"/flights", NOW.plus(at))
        .map_err(|refusal| (refusal.denial, refusal.exceeded))
}

fn wait(answer: Result<(), (Denial, Option<Exceeded>)>) -> u32 {
    answer.unwrap_err().1.unwrap().retry_after_seconds
}

#[test]
fn a_bucket_empties_at_once_and_fills_evenly() {
    let (policy, mut memory) = (policy(&[rate(3, 60)], &[]), Memory::default());
    for _ in 0..3 {
        assert_eq!(alone(&policy, &mut memory, 0), Ok(()));
    }
    let refused = alone(&policy, &mut memory, 0).unwrap_err();
    let exceeded = Exceeded {
        kind: LimitKind::Rate,
        place: 1,
        requests: 3,
        window_seconds: 60,
        retry_after_seconds: 20,
    };
    assert_eq!(refused, (Denial::RateLimited, Some(exceeded)));
    assert_eq!(wait(alone(&policy, &mut memory, 19_001)), 1);
    assert_eq!(alone(&policy, &mut memory, 20_000), Ok(()));
    assert_eq!(wait(alone(&policy, &mut memory, 20_000)), 20);
    // It never holds more than its requests.
    for _ in 0..3 {
        assert_eq!(alone(&policy, &mut memory, 10_000_000), Ok(()));
    }
    assert!(alone(&policy, &mut memory, 10_000_000).is_err());
}

#[test]
fn a_quota_begins_anew_with_each_window_since_1970() {
    let (policy, mut memory) = (policy(&[quota(2, 3_600)], &[]), Memory::default());
    let into = NOW.0 % 3_600_000;
    assert_eq!(alone(&policy, &mut memory, 0), Ok(()));
    let end = 3_600_000 - into;
    assert_eq!(alone(&policy, &mut memory, end - 1), Ok(()));
    let refused = alone(&policy, &mut memory, end - 1).unwrap_err();
    assert_eq!(refused.0, Denial::QuotaExhausted);
    assert_eq!(refused.1.unwrap().retry_after_seconds, 1);
    assert_eq!(wait(alone(&policy, &mut memory, end - 90_500)), 91);
    for _ in 0..2 {
        assert_eq!(alone(&policy, &mut memory, end), Ok(()));
    }
    assert!(alone(&policy, &mut memory, end).is_err());
}

#[test]
fn of_several_limits_each_counts_what_all_let_through() {
    let (policy, mut memory) = (policy(&[rate(2, 1), quota(3, 86_400)], &[]), Memory::default());
    assert_eq!([0, 0].map(|at| alone(&policy, &mut memory, at).is_ok()), [true, true]);
    // What the rate refuses is not taken off the quota.
    for _ in 0..10 {
        assert_eq!(alone(&policy, &mut memory, 0).unwrap_err().0, Denial::RateLimited);
    }
    assert_eq!(alone(&policy, &mut memory, 1_000), Ok(()));
    let refused = alone(&policy, &mut memory, 1_000).unwrap_err();
    assert_eq!((refused.0, refused.1.unwrap().place), (Denial::QuotaExhausted, 2));
    // Nor is what the quota refuses taken off the rate.
    for _ in 0..10 {
        assert_eq!(alone(&policy, &mut memory, 2_000).unwrap_err().0, Denial::QuotaExhausted);
    }
}

#[test]
fn a_refused_request_is_not_counted_and_other_apis_are_not_either() {
    let other = ApiId::from_bytes([0x23; 16]);
    let only = Limit::new(LimitKind::Rate, 1, 60, Some(vec![API])).unwrap();
    let mut policy = policy(&[only], &[]);
    let mut memory = Memory::default();
    let revoked = registration(RegistrationStatus::Revoked);
    policy.apply([Change::Put(revoked)]);
    for _ in 0..3 {
        assert_eq!(alone(&policy, &mut memory, 0).unwrap_err().0, Denial::RegistrationRevoked);
    }
    let service = gatekey_core::id::ServiceId::from_bytes([0x45; 16]);
    let mut route = catalogue().remove(2);
    if let Record::Route(route) = &mut route {
        route.id = gatekey_core::id::RouteId::from_bytes([0xbc; 16]);
        (route.service, route.paths) = (service, vec!["/hotels".into()]);
    }
    policy.apply(
        [
            registration(RegistrationStatus::Approved),
            Service { id: service, name: "hotels".into() }.into(),
            route,
            Publication::new(other, PORTAL, service, Some(STRATEGY)).into(),
            Registration::new(APPLICATION, other, RegistrationStatus::Approved).into(),
        ]
        .map(Change::Put),
    );
    let host = Shared::default();
    for _ in 0..5 {
        assert_eq!(asked(&policy, &mut memory, &host, 1, b"/hotels", NOW), Ok(()));
    }
    assert_eq!(alone(&policy, &mut memory, 0), Ok(()));
    assert!(alone(&policy, &mut memory, 0).is_err());
    assert_ne!(service, SERVICE);
}

#[test]
fn counts_outlive_a_change_of_the_number_and_end_with_another_window() {
    let mut policy = policy(&[rate(2, 60)], &[]);
    let mut memory = Memory::default();
    for _ in 0..2 {
        assert_eq!(alone(&policy, &mut memory, 0), Ok(()));
    }
    restrict(&mut policy, &[rate(3, 60)], &[]);
    assert_eq!(alone(&policy, &mut memory, 0), Ok(()));
    assert!(alone(&policy, &mut memory, 0).is_err());
    restrict(&mut policy, &[rate(1, 60)], &[]);
    assert_eq!(wait(alone(&policy, &mut memory, 0)), 60);
    restrict(&mut policy, &[rate(1, 61)], &[]);
    assert_eq!(alone(&policy, &mut memory, 0), Ok(()));
    restrict(&mut policy, &[], &[]);
    assert_eq!(alone(&policy, &mut memory, 0), Ok(()));
}

#[test]
fn a_clock_that_is_set_back_gives_nothing_and_blocks_for_a_window_at_most() {
    let (policy, mut memory) = (policy(&[rate(2, 10), quota(4, 3_600)], &[]), Memory::default());
    let hour = 3_600_000 - NOW.0 % 3_600_000;
    for _ in 0..2 {
        assert_eq!(alone(&policy, &mut memory, hour), Ok(()));
    }
    for back in [1, 5_000, 9_999] {
        assert!(alone(&policy, &mut memory, hour - back).is_err());
    }
    assert!(alone(&policy, &mut memory, hour + 4_999).is_err());
    assert_eq!(alone(&policy, &mut memory, hour + 5_000), Ok(()));
    // It stood a year ahead, and was put right.
    let year = 31_536_000_000;
    for _ in 0..2 {
        assert_eq!(alone(&policy, &mut memory, year), Ok(()));
    }
    assert!(alone(&policy, &mut memory, year).is_err());
    for _ in 0..2 {
        assert_eq!(alone(&policy, &mut memory, hour + 6_000), Ok(()));
    }
    assert!(alone(&policy, &mut memory, hour + 6_000).is_err());
}

#[test]
fn workers_that_share_count_as_one() {
    let (policy, host) = (policy(&[rate(10, 60)], &[]), Shared::default());
    let mut workers: Vec<_> = (0..4).map(|_| Memory::default()).collect();
    let mut passed = 0;
    for round in 0..40 {
        let memory = &mut workers[round % 4];
        passed += u32::from(asked(&policy, memory, &host, 1, b"/flights", NOW).is_ok());
    }
    assert_eq!(passed, 10);
    // A worker that is started anew finds the count.
    assert!(asked(&policy, &mut Memory::default(), &host, 1, b"/flights", NOW).is_err());
    // When what is shared is lost, each lets through what it would alone.
    host.values.borrow_mut().clear();
    let mut passed = 0;
    for round in 0..400 {
        host.values.borrow_mut().clear();
        let memory = &mut workers[round % 4];
        passed += u32::from(asked(&policy, memory, &host, 1, b"/flights", NOW).is_ok());
    }
    assert_eq!(passed, 4 * 10 - 10, "the ten of before are not forgotten");
    // What is no shelf is none.
    host.values.borrow_mut().values_mut().for_each(|value| *value = vec![0xff; 100]);
    assert!(asked(&policy, &mut workers[0], &host, 1, b"/flights", NOW).is_err());
}

#[test]
fn more_applications_than_there_is_room_for_are_refused_until_there_is() {
    let mut policy = policy(&[], &[]);
    // All on one shelf.
    let id = |number: u32| {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        ApplicationId::from_bytes(bytes)
    };
    for number in 2..=67 {
        let limits = vec![rate(1, if number == 2 { 1 } else { 60 })];
        let limited = Application { limits, ..application(id(number)) };
        let registered = Registration::new(id(number), API, RegistrationStatus::Approved);
        let records: [Record; 3] =
            [limited.into(), registered.into(), credential(number, id(number)).into()];
        policy.apply(records.map(Change::Put));
    }
    let (host, mut memory) = (Shared::default(), Memory::default());
    let mut ask = |number, at| {
        asked(&policy, &mut memory, &host, number, b"/flights", NOW.plus(at))
            .map_err(|refusal| refusal.denial)
    };
    for number in 2..66 {
        assert_eq!(ask(number, 0), Ok(()), "{number}");
    }
    assert_eq!(ask(66, 0), Err(Denial::LimitsUnavailable));
    assert_eq!(ask(65, 0), Err(Denial::RateLimited), "those that are counted go on");
    // The first one's count is over.
    assert_eq!(ask(66, 1_000), Ok(()));
    assert_eq!(ask(67, 1_000), Err(Denial::LimitsUnavailable));
    assert_eq!(ask(67, 61_000), Ok(()));
}

#[test]
fn an_application_calls_from_its_networks_and_from_nowhere_else() {
    let policy = policy(&[rate(2, 60)], &["192.0.2.0/24", "2001:db8::/32"]);
    let mut memory = Memory::default();
    let mut from = |address: Option<&str>| {
        let address = address.map(|text| text.as_bytes().to_vec());
        let host = Shared { address, ..Shared::default() };
        asked(&policy, &mut memory, &host, 1, b"/flights", NOW).map_err(|refusal| {
            assert_eq!((refusal.api, refusal.application), (Some(API), Some(APPLICATION)));
            refusal.denial
        })
    };
    for address in ["192.0.3.1:80", "[2001:db9::1]:80", "0.0.0.0", "[::]:1"] {
        assert_eq!(from(Some(address)), Err(Denial::AddressRefused), "{address}");
    }
    for address in [None, Some(""), Some("/tmp/socket"), Some("192.0.2.1:80, 10.0.0.1")] {
        assert_eq!(from(address), Err(Denial::AddressUnknown), "{address:?}");
    }
    // Nothing of it was counted.
    assert_eq!(from(Some("192.0.2.9:1234")), Ok(()));
    assert_eq!(from(Some("[2001:db8:1::1]:443")), Ok(()));
    assert_eq!(from(Some("192.0.2.9:1234")), Err(Denial::RateLimited));
}

/// Steps of a clock, forward.
fn times() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(prop_oneof![3 => Just(0), 3 => 0..400_u64, 1 => 0..70_000_u64], 1..200)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// In any time no more than a full bucket and what flows into it meanwhile, and never less than
    /// that: whoever is told to wait passes after that wait.
    #[test]
    fn a_rate_lets_through_what_it_says(
        requests in 1..20_u32,
        window in prop_oneof![Just(1_u32), Just(7), Just(60)],
        steps in times(),
    ) {
        let (policy, mut memory) = (policy(&[rate(requests, window)], &[]), Memory::default());
        let millis = u64::from(window) * 1_000;
        let (mut now, mut passed) = (0, Vec::new());
        for step in steps {
            now += step;
            match alone(&policy, &mut memory, now) {
                Ok(()) => passed.push(now),
                Err((denial, exceeded)) => {
                    prop_assert_eq!(denial, Denial::RateLimited);
                    let wait = u64::from(exceeded.unwrap().retry_after_seconds) * 1_000;
                    prop_assert!((1_000..=millis).contains(&wait));
                    // As a bucket of rational numbers would have it.
                    let mut level = u128::from(requests) * u128::from(millis);
                    let mut last = 0;
                    for at in passed.iter().copied().chain([now]) {
                        let flown = u128::from(at - last) * u128::from(requests);
                        level = (level + flown).min(u128::from(requests) * u128::from(millis));
                        last = at;
                        if at == now { break; }
                        level -= u128::from(millis);
                    }
                    let same = passed.iter().filter(|at| **at == now).count() as u128;
                    prop_assert!(level < u128::from(millis) * (same + 1));
                }
            }
        }
        for (first, from) in passed.iter().enumerate() {
            for (last, to) in passed.iter().enumerate().skip(first) {
                let count = (last - first + 1) as u64;
                prop_assert!(count * millis <= u64::from(requests) * (millis + to - from));
            }
        }
    }

    #[test]
    fn a_quota_lets_through_so_many_in_each_window(
        requests in 1..20_u64,
        steps in prop::collection::vec(0..900_000_u64, 1..200),
    ) {
        let limit = quota(u32::try_from(requests).unwrap(), 3_600);
        let (policy, mut memory) = (policy(&[limit], &[]), Memory::default());
        let (mut now, mut windows) = (0, BTreeMap::<u64, u64>::new());
        for step in steps {
            now += step;
            let used = windows.entry((NOW.0 + now) / 3_600_000).or_default();
            let passes = alone(&policy, &mut memory, now).is_ok();
            prop_assert_eq!(passes, *used < requests);
            *used += u64::from(passes);
        }
    }

    /// However late the writes of some are: together never more than one would, where they share;
    /// and never more than each its own where what is shared comes and goes.
    #[test]
    fn workers_never_let_through_more_than_they_may(
        requests in 1..10_u32,
        workers in 1..5_usize,
        calls in prop::collection::vec((0..5_usize, any::<bool>(), any::<bool>()), 1..150),
        forgets in any::<bool>(),
    ) {
        let (policy, host) = (policy(&[rate(requests, 60)], &[]), Shared::default());
        let mut memories: Vec<_> = (0..workers).map(|_| Memory::default()).collect();
        let mut passed = 0;
        for (worker, late, forget) in calls {
            host.late.borrow_mut().push(late);
            if forget && forgets {
                host.values.borrow_mut().clear();
            }
            let memory = &mut memories[worker % workers];
            passed += usize::from(asked(&policy, memory, &host, 1, b"/flights", NOW).is_ok());
        }
        let most = requests as usize * if forgets { workers } else { 1 };
        prop_assert!(passed <= most);
    }

    #[test]
    fn a_network_is_read_as_it_is_shown_and_holds_what_shares_its_bits(
        address in any::<u128>(),
        other in any::<u128>(),
        bits in 0..=128_u32,
        differs in 0..128_u32,
        v4 in any::<bool>(),
    ) {
        let most = if v4 { 32 } else { 128 };
        let bits = bits.min(most);
        let limit = |value: u128| if v4 { value & u128::from(u32::MAX) } else { value };
        let mask = |value: u128| value.checked_shr(most - bits).unwrap_or(0).checked_shl(most - bits).unwrap_or(0);
        let ip = |value: u128| if v4 {
            IpAddr::from(Ipv4Addr::from(value as u32))
        } else {
            IpAddr::from(Ipv6Addr::from(value))
        };
        let first = mask(limit(address));
        let network: Network = format!("{}/{bits}", ip(first)).parse().unwrap();
        prop_assert_eq!(network.to_string().parse::<Network>(), Ok(network));
        let near = limit(address) ^ limit(1 << differs);
        for candidate in [limit(address), limit(other), near] {
            let inside = mask(candidate) == first;
            // An IPv6 address that spells an IPv4 one is that.
            let spells = !v4 && candidate >> 32 == 0xffff && bits < 96;
            prop_assert_eq!(network.contains(ip(candidate)), inside && !spells);
        }
    }

    /// Whatever is written there: it is read as a network or refused, and shown as one text.
    #[test]
    fn any_text_is_a_network_or_none(text in "[0-9a-f:./ ]{0,24}") {
        if let Ok(network) = text.parse::<Network>() {
            prop_assert_eq!(network.to_string().parse::<Network>(), Ok(network));
        }
    }
}
