//! Metrics that guests define; one set per world, as the proxy's statistics are one per process.

use std::collections::BTreeMap;

use super::checksum::crc32;
use crate::abi::{Refusal, Status};
use crate::profile::MetricRules;

/// The three kinds of metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// Only rises.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Collects samples.
    Histogram,
}

/// One metric as the host keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Name with the profile's prefix.
    pub name: String,
    /// Kind.
    pub kind: MetricKind,
    /// Value of a counter or a gauge; number of samples of a histogram.
    pub value: u64,
    /// Samples of a histogram, in order.
    pub samples: Vec<u64>,
}

#[derive(Debug, Default)]
pub(crate) struct Metrics {
    metrics: Vec<Metric>,
    /// Place of each metric by the number that guests know.
    places: BTreeMap<u32, usize>,
}

impl Metrics {
    pub(crate) fn all(&self) -> &[Metric] {
        &self.metrics
    }

    /// The number of a metric; the same name and kind always gives the same one. In the ordered
    /// numbering its last two bits are the kind, as in Envoy.
    pub(crate) fn define(
        &mut self,
        rules: &MetricRules,
        wire: u32,
        name: String,
    ) -> Result<u32, Refusal> {
        available(rules)?;
        let kind = kind(wire).ok_or(Status::BadArgument)?;
        if rules.max_name_bytes.is_some_and(|most| name.len() > most) {
            return Err(Refusal::Trap("the metric's name is too long"));
        }
        let known = self.metrics.iter().position(|m| m.kind == kind && m.name == name);
        let index = known.unwrap_or(self.metrics.len());
        let id = if rules.ids_are_scattered {
            // Another metric's number moves this one on.
            let mut id = crc32(name.as_bytes()).wrapping_add(wire);
            while self.places.get(&id).is_some_and(|place| *place != index) {
                id = id.wrapping_add(1);
            }
            id
        } else {
            let number = u32::try_from(index + 1).ok().and_then(|number| number.checked_mul(4));
            number.ok_or(Status::InternalFailure)? | wire
        };
        if known.is_none() {
            self.metrics.push(Metric { name, kind, value: 0, samples: Vec::new() });
            self.places.insert(id, index);
        }
        Ok(id)
    }

    pub(crate) fn increment(
        &mut self,
        rules: &MetricRules,
        id: u32,
        by: i64,
    ) -> Result<(), Refusal> {
        let metric = self.with_value(rules, id)?;
        if metric.kind != MetricKind::Counter && rules.other_increment_traps {
            return Err(Refusal::Trap("only counters can be incremented"));
        }
        if metric.kind == MetricKind::Counter && by <= 0 && rules.counters_only_rise {
            return Err(Status::BadArgument.into());
        }
        metric.value = metric.value.saturating_add_signed(by);
        Ok(())
    }

    pub(crate) fn record(
        &mut self,
        rules: &MetricRules,
        id: u32,
        value: u64,
    ) -> Result<(), Refusal> {
        let metric = self.metric(rules, id)?;
        match metric.kind {
            MetricKind::Counter if rules.counter_record_traps => {
                return Err(Refusal::Trap("a counter cannot be recorded"));
            }
            MetricKind::Counter => metric.value = metric.value.saturating_add(value),
            MetricKind::Gauge => metric.value = value,
            MetricKind::Histogram => {
                metric.samples.push(value);
                metric.value += 1;
            }
        }
        Ok(())
    }

    pub(crate) fn get(&mut self, rules: &MetricRules, id: u32) -> Result<u64, Refusal> {
        Ok(self.with_value(rules, id)?.value)
    }

    /// A counter or a gauge. In the ordered numbering a number of another kind is wrong even when
    /// there is no such metric.
    fn with_value(&mut self, rules: &MetricRules, id: u32) -> Result<&mut Metric, Refusal> {
        available(rules)?;
        if !rules.ids_are_scattered
            && !rules.histogram_read_traps
            && !matches!(kind(id & 3), Some(MetricKind::Counter | MetricKind::Gauge))
        {
            return Err(Status::BadArgument.into());
        }
        let metric = self.metric(rules, id)?;
        if metric.kind == MetricKind::Histogram {
            return Err(if rules.histogram_read_traps {
                Refusal::Trap("a histogram has no single value")
            } else {
                Status::BadArgument.into()
            });
        }
        Ok(metric)
    }

    fn metric(&mut self, rules: &MetricRules, id: u32) -> Result<&mut Metric, Refusal> {
        available(rules)?;
        let unknown = if rules.unknown_id_traps {
            Refusal::Trap("no such metric")
        } else {
            Status::NotFound.into()
        };
        let place = self.places.get(&id).copied();
        place.and_then(|place| self.metrics.get_mut(place)).ok_or(unknown)
    }
}

fn available(rules: &MetricRules) -> Result<(), Refusal> {
    if rules.every_call_traps {
        return Err(Refusal::Trap("metrics are not yet implemented"));
    }
    Ok(())
}

fn kind(wire: u32) -> Option<MetricKind> {
    Some(match wire {
        0 => MetricKind::Counter,
        1 => MetricKind::Gauge,
        2 => MetricKind::Histogram,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;

    #[test]
    fn each_kind_keeps_its_rules() {
        let rules = Profile::envoy().metrics;
        let bad = Err(Status::BadArgument.into());
        let mut metrics = Metrics::default();
        let counter = metrics.define(&rules, 0, "c".into()).unwrap();
        let gauge = metrics.define(&rules, 1, "c".into()).unwrap();
        let histogram = metrics.define(&rules, 2, "c".into()).unwrap();
        assert_eq!(metrics.define(&rules, 3, "c".into()), Err(Status::BadArgument.into()));
        assert_eq!(metrics.define(&rules, 0, "c".into()), Ok(counter));
        assert_eq!(metrics.increment(&rules, counter, 0), bad);
        assert_eq!(metrics.increment(&rules, counter, 2), Ok(()));
        assert_eq!(metrics.record(&rules, counter, 3), Ok(()));
        assert_eq!(metrics.get(&rules, counter), Ok(5));
        assert_eq!(metrics.record(&rules, gauge, 9), Ok(()));
        assert_eq!(metrics.increment(&rules, gauge, -4), Ok(()));
        assert_eq!(metrics.get(&rules, gauge), Ok(5));
        assert_eq!(metrics.record(&rules, histogram, 1), Ok(()));
        assert_eq!(metrics.get(&rules, histogram), Err(Status::BadArgument.into()));
        assert_eq!(metrics.increment(&rules, histogram, 1), bad);
        for id in [0, 1, counter + 1, gauge - 1, 1 << 30] {
            assert_eq!(metrics.get(&rules, id), Err(Status::NotFound.into()));
            assert_eq!(metrics.record(&rules, id, 1), Err(Status::NotFound.into()));
        }
        assert_eq!(metrics.get(&rules, 3), Err(Status::BadArgument.into()));
        assert_eq!(metrics.record(&rules, 3, 1), Err(Status::NotFound.into()));
    }

    #[test]
    fn scattered_numbers_are_stable_and_never_shared() {
        let rules = Profile::ngx_0_6().metrics;
        let mut metrics = Metrics::default();
        // Two names with one checksum.
        let first = metrics.define(&rules, 0, "plumless".into()).unwrap();
        let second = metrics.define(&rules, 0, "buckeroo".into()).unwrap();
        assert_ne!(first, second);
        assert_eq!(metrics.define(&rules, 0, "plumless".into()), Ok(first));
        assert_eq!(metrics.define(&rules, 0, "buckeroo".into()), Ok(second));
        assert_eq!(metrics.all().len(), 2);
    }
}
