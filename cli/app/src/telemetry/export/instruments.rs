//! Counters and histograms, one for each report.

use std::collections::HashMap;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, Meter};
use threadkeep_sqlite::telemetry::names::METRICS;
use threadkeep_sqlite::telemetry::{DbTelemetry, Tags};

/// Upper bounds of the histograms' buckets, in seconds.
const BOUNDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// Sink that records each report.
pub(super) struct Instruments {
    counters: HashMap<&'static str, Counter<u64>>,
    histograms: HashMap<&'static str, Histogram<f64>>,
}

impl Instruments {
    /// Makes the instruments. An unused instrument is not sent.
    pub(super) fn new(meter: &Meter) -> Instruments {
        let counters = METRICS.iter().map(|metric| {
            let counter = meter.u64_counter(metric.name).with_description(metric.about.trim());
            (metric.name, counter.build())
        });
        let histograms = METRICS.iter().filter(|metric| metric.is_timed).map(|metric| {
            let histogram = meter.f64_histogram(format!("{}.duration", metric.name)).with_unit("s");
            (metric.name, histogram.with_boundaries(BOUNDS.to_vec()).build())
        });
        Instruments { counters: counters.collect(), histograms: histograms.collect() }
    }
}

impl DbTelemetry for Instruments {
    fn counter(&self, name: &'static str, value: u64, tags: Tags<'_>) {
        if let Some(counter) = self.counters.get(name) {
            counter.add(value, &attributes(tags));
        }
    }

    fn duration(&self, name: &'static str, duration: Duration, tags: Tags<'_>) {
        if let Some(histogram) = self.histograms.get(name) {
            histogram.record(duration.as_secs_f64(), &attributes(tags));
        }
    }
}

fn attributes(tags: Tags<'_>) -> Vec<KeyValue> {
    tags.iter().map(|(name, value)| KeyValue::new(*name, *value)).collect()
}
