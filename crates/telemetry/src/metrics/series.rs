//! Metrics that know their label values beforehand: no map, no lock, a fixed order, and every series there from the start.

use std::fmt;
use std::sync::{Arc, OnceLock};

use prometheus_client::encoding::{EncodeLabelSet, EncodeMetric, MetricEncoder};
use prometheus_client::metrics::info::Info;
use prometheus_client::metrics::{MetricType, TypedMetric};

use super::Real;
use super::labels::ClosedLabel;

/// One metric for each value of a closed label. Clones share their numbers.
pub(super) struct PerLabel<L, M>(Arc<Vec<(L, M)>>);

impl<L: ClosedLabel, M> PerLabel<L, M> {
    /// One metric from `make` for each value.
    pub(super) fn new(make: impl Fn() -> M) -> PerLabel<L, M> {
        PerLabel(Arc::new(L::every().into_iter().map(|label| (label, make())).collect()))
    }

    /// The metric of one value.
    pub(super) fn at(&self, label: L) -> &M {
        &self.0.iter().find(|(l, _)| *l == label).expect("every value of a closed label has its metric").1
    }
}

impl<L, M> Clone for PerLabel<L, M> {
    fn clone(&self) -> Self {
        PerLabel(self.0.clone())
    }
}

impl<L, M> fmt::Debug for PerLabel<L, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PerLabel({} series)", self.0.len())
    }
}

impl<L: ClosedLabel + EncodeLabelSet, M: EncodeMetric> EncodeMetric for PerLabel<L, M> {
    fn encode(&self, mut encoder: MetricEncoder) -> Result<(), fmt::Error> {
        self.0.iter().try_for_each(|(label, metric)| metric.encode(encoder.encode_family(label)?))
    }

    fn metric_type(&self) -> MetricType {
        self.0[0].1.metric_type()
    }
}

/// Names and values.
type Facts = Vec<(&'static str, String)>;

/// Facts that are known once something was opened: one series at most, absent until then.
#[derive(Clone, Debug, Default)]
pub(super) struct MaybeInfo(Arc<OnceLock<Info<Facts>>>);

impl MaybeInfo {
    /// Shows the facts; the first ones stay.
    pub(super) fn set(&self, facts: Facts) {
        let _ = self.0.set(Info::new(facts));
    }
}

impl EncodeMetric for MaybeInfo {
    fn encode(&self, encoder: MetricEncoder) -> Result<(), fmt::Error> {
        self.0.get().map_or(Ok(()), |info| info.encode(encoder))
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Info
    }
}

/// A gauge that may have nothing to show: it is then absent, because 0 would be a lie.
#[derive(Clone, Debug)]
pub(super) struct MaybeGauge(Real);

impl Default for MaybeGauge {
    fn default() -> MaybeGauge {
        let gauge = MaybeGauge(Real::default());
        gauge.set(None);
        gauge
    }
}

impl MaybeGauge {
    /// Shows `value`, or nothing.
    pub(super) fn set(&self, value: Option<f64>) {
        self.0.set(value.unwrap_or(f64::NAN));
    }
}

impl EncodeMetric for MaybeGauge {
    fn encode(&self, encoder: MetricEncoder) -> Result<(), fmt::Error> {
        if self.0.get().is_nan() { Ok(()) } else { self.0.encode(encoder) }
    }

    fn metric_type(&self) -> MetricType {
        Real::TYPE
    }
}
