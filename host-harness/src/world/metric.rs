//! Metrics that guests define; one set per world, as the proxy's statistics are one per process.

use crate::abi::Status;

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
}

impl Metrics {
    pub(crate) fn all(&self) -> &[Metric] {
        &self.metrics
    }

    /// The number of a metric; the same name and kind always gives the same one. Its last two bits
    /// are the kind, as in Envoy.
    pub(crate) fn define(&mut self, wire: u32, name: String) -> Result<u32, Status> {
        let kind = kind(wire).ok_or(Status::BadArgument)?;
        let known = self.metrics.iter().position(|m| m.kind == kind && m.name == name);
        let index = known.unwrap_or_else(|| {
            self.metrics.push(Metric { name, kind, value: 0, samples: Vec::new() });
            self.metrics.len() - 1
        });
        let number = u32::try_from(index + 1).ok().and_then(|number| number.checked_mul(4));
        number.map(|number| number | wire).ok_or(Status::InternalFailure)
    }

    pub(crate) fn increment(
        &mut self,
        id: u32,
        by: i64,
        counters_only_rise: bool,
    ) -> Result<(), Status> {
        let metric = self.with_value(id)?;
        if metric.kind == MetricKind::Counter && by <= 0 && counters_only_rise {
            return Err(Status::BadArgument);
        }
        metric.value = metric.value.saturating_add_signed(by);
        Ok(())
    }

    pub(crate) fn record(&mut self, id: u32, value: u64) -> Result<(), Status> {
        let metric = self.metric(id)?;
        match metric.kind {
            MetricKind::Counter => metric.value = metric.value.saturating_add(value),
            MetricKind::Gauge => metric.value = value,
            MetricKind::Histogram => {
                metric.samples.push(value);
                metric.value += 1;
            }
        }
        Ok(())
    }

    pub(crate) fn get(&mut self, id: u32) -> Result<u64, Status> {
        Ok(self.with_value(id)?.value)
    }

    /// A counter or a gauge. A number of another kind is wrong even when there is no such metric.
    fn with_value(&mut self, id: u32) -> Result<&mut Metric, Status> {
        match kind(id & 3) {
            Some(MetricKind::Counter | MetricKind::Gauge) => self.metric(id),
            Some(MetricKind::Histogram) | None => Err(Status::BadArgument),
        }
    }

    fn metric(&mut self, id: u32) -> Result<&mut Metric, Status> {
        let index = usize::try_from(id >> 2).ok().and_then(|number| number.checked_sub(1));
        let metric = index.and_then(|index| self.metrics.get_mut(index));
        metric.filter(|metric| kind(id & 3) == Some(metric.kind)).ok_or(Status::NotFound)
    }
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

    #[test]
    fn each_kind_keeps_its_rules() {
        let mut metrics = Metrics::default();
        let counter = metrics.define(0, "c".into()).unwrap();
        let gauge = metrics.define(1, "c".into()).unwrap();
        let histogram = metrics.define(2, "c".into()).unwrap();
        assert_eq!(metrics.define(3, "c".into()), Err(Status::BadArgument));
        assert_eq!(metrics.define(0, "c".into()), Ok(counter));
        assert_eq!(metrics.increment(counter, 0, true), Err(Status::BadArgument));
        assert_eq!(metrics.increment(counter, 2, true), Ok(()));
        assert_eq!(metrics.record(counter, 3), Ok(()));
        assert_eq!(metrics.get(counter), Ok(5));
        assert_eq!(metrics.record(gauge, 9), Ok(()));
        assert_eq!(metrics.increment(gauge, -4, true), Ok(()));
        assert_eq!(metrics.get(gauge), Ok(5));
        assert_eq!(metrics.record(histogram, 1), Ok(()));
        assert_eq!(metrics.get(histogram), Err(Status::BadArgument));
        assert_eq!(metrics.increment(histogram, 1, true), Err(Status::BadArgument));
        for id in [0, 1, counter + 1, gauge - 1, 1 << 30] {
            assert_eq!(metrics.get(id), Err(Status::NotFound));
            assert_eq!(metrics.record(id, 1), Err(Status::NotFound));
        }
        assert_eq!(metrics.get(3), Err(Status::BadArgument));
        assert_eq!(metrics.record(3, 1), Err(Status::NotFound));
    }
}
