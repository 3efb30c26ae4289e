//! The kinds of measurements: counts, levels that rise and fall, latencies.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Upper bounds of the classes of latencies, in seconds.
const CLASSES: [f64; 13] = [
    0.000_5, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];

type Fixed = [(&'static str, &'static str); 1];
type Named = [(&'static str, String); 1];

/// A count that only grows.
#[derive(Debug)]
pub struct Count(Counter);

impl Count {
    pub(crate) fn new(registry: &mut Registry, name: &str, help: &str) -> Self {
        let counter = Counter::default();
        registry.register(name, help, counter.clone());
        Self(counter)
    }

    /// Counts so many more.
    pub fn add(&self, more: u64) {
        self.0.inc_by(more);
    }
}

/// Counts that only grow, by one label.
#[derive(Debug)]
pub struct CountBy {
    label: &'static str,
    counts: Family<Fixed, Counter>,
}

impl CountBy {
    pub(crate) fn new(
        registry: &mut Registry,
        name: &str,
        help: &str,
        label: &'static str,
    ) -> Self {
        let counts = Family::<Fixed, Counter>::default();
        registry.register(name, help, counts.clone());
        Self { label, counts }
    }

    /// Counts one more.
    pub fn add(&self, value: &'static str) {
        self.counts.get_or_create(&[(self.label, value)]).inc();
    }

    /// Counts so many more.
    pub fn add_many(&self, value: &'static str, more: u64) {
        self.counts
            .get_or_create(&[(self.label, value)])
            .inc_by(more);
    }

    /// How many there were.
    pub fn get(&self, value: &'static str) -> u64 {
        let count = self.counts.get(&[(self.label, value)]);
        count.map_or(0, |count| count.get())
    }
}

/// A level that rises and falls.
#[derive(Debug)]
pub struct Level(Gauge);

impl Level {
    pub(crate) fn new(registry: &mut Registry, name: &str, help: &str) -> Self {
        let gauge = Gauge::default();
        registry.register(name, help, gauge.clone());
        Self(gauge)
    }

    /// The level is this now.
    pub fn set(&self, level: u64) {
        self.0.set(i64::try_from(level).unwrap_or(i64::MAX));
    }

    /// The level.
    pub fn get(&self) -> u64 {
        u64::try_from(self.0.get()).unwrap_or(0)
    }
}

/// A part of a whole, from 0 to 1.
#[derive(Debug)]
pub struct Share(Gauge<f64, AtomicU64>);

impl Share {
    pub(crate) fn new(registry: &mut Registry, name: &str, help: &str) -> Self {
        let gauge = Gauge::default();
        registry.register(name, help, gauge.clone());
        Self(gauge)
    }

    /// The share is this now.
    pub fn set(&self, share: f64) {
        self.0.set(share);
    }
}

/// Levels by a name from the settings.
#[derive(Debug)]
pub struct LevelBy {
    label: &'static str,
    levels: Family<Named, Gauge>,
    names: Mutex<BTreeSet<String>>,
}

impl LevelBy {
    pub(crate) fn new(
        registry: &mut Registry,
        name: &str,
        help: &str,
        label: &'static str,
    ) -> Self {
        let levels = Family::<Named, Gauge>::default();
        registry.register(name, help, levels.clone());
        Self {
            label,
            levels,
            names: Mutex::default(),
        }
    }

    /// The level of `name` is this now.
    pub fn set(&self, name: &str, level: u64) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.insert(name.to_owned());
        self.levels
            .get_or_create(&[(self.label, name.to_owned())])
            .set(i64::try_from(level).unwrap_or(i64::MAX));
    }

    /// Forgets whatever is not among `names`.
    pub fn retain(&self, names: &[&str]) {
        let mut known = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|name| {
            let stays = names.contains(&name.as_str());
            if !stays {
                self.levels.remove(&[(self.label, name.clone())]);
            }
            stays
        });
    }
}

/// How long something takes.
#[derive(Debug)]
pub struct Latency(Histogram);

impl Latency {
    pub(crate) fn new(registry: &mut Registry, name: &str, help: &str) -> Self {
        let histogram = histogram();
        registry.register(name, help, histogram.clone());
        Self(histogram)
    }

    /// It took so long once.
    pub fn observe(&self, took: Duration) {
        self.0.observe(took.as_secs_f64());
    }
}

/// How long something takes, by one label.
#[derive(Debug)]
pub struct LatencyBy {
    label: &'static str,
    histograms: Family<Fixed, Histogram>,
}

impl LatencyBy {
    pub(crate) fn new(
        registry: &mut Registry,
        name: &str,
        help: &str,
        label: &'static str,
    ) -> Self {
        let histograms = Family::<Fixed, Histogram>::new_with_constructor(histogram);
        registry.register(name, help, histograms.clone());
        Self { label, histograms }
    }

    /// It took so long once.
    pub fn observe(&self, value: &'static str, took: Duration) {
        self.histograms
            .get_or_create(&[(self.label, value)])
            .observe(took.as_secs_f64());
    }
}

fn histogram() -> Histogram {
    Histogram::new(CLASSES)
}

/// A level of one that tells which program this is.
#[derive(Debug)]
pub struct Build(Family<[(&'static str, &'static str); 2], Gauge>);

impl Build {
    pub(crate) fn new(registry: &mut Registry, name: &str, help: &str) -> Self {
        let family = Family::default();
        registry.register(name, help, family.clone());
        Self(family)
    }

    /// The program is of this version, built from this commit.
    pub fn set(&self, version: &'static str, commit: &'static str) {
        self.0
            .get_or_create(&[("version", version), ("commit", commit)])
            .set(1);
    }
}
