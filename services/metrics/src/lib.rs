//! What the program measures of itself, as Prometheus reads it at `/metrics`.
//!
//! Counters of the process, kept in memory and never a source of the desk's figures (those are
//! folds over call events). Whoever turns something away or waits for something notes it where it
//! happens: `metrics().connections_rejected.add("too_many")`. Label values are fixed texts, so that
//! a stranger cannot make series without end. All names stand in docs/operations.md.

mod kinds;
mod process;

use std::sync::LazyLock;

use prometheus_client::encoding::prometheus_text;
use prometheus_client::registry::Registry;

pub use self::kinds::{Build, Count, CountBy, Latency, LatencyBy, Level, LevelBy, Share};

/// The format of [`Metrics::text`].
pub const CONTENT_TYPE: &str = prometheus_text::CONTENT_TYPE;

/// All measurements of this process.
pub fn metrics() -> &'static Metrics {
    static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);
    &METRICS
}

/// The measurements.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Which program this is.
    pub build_info: Build,
    /// Calls that were turned away, by `reason`.
    pub calls_refused: CountBy,
    /// Calls to the outside that a rule of the desk forbade, by `reason`.
    pub outbound_barred: CountBy,
    /// Whether the minutes of the day for calls to the outside are used up.
    pub outbound_stopped: Level,
    /// SIP requests that were turned away or left unanswered, by `reason`.
    pub sip_requests_rejected: CountBy,
    /// Connections that were closed without being served, by `kind` (which door, and why).
    pub connections_rejected: CountBy,
    /// HTTP requests that were turned away before their handler, by `reason`.
    pub http_requests_rejected: CountBy,
    /// RTP packets that were not passed on, by `reason`.
    pub rtp_packets_dropped: CountBy,
    /// INVITE → our first final or provisional answer beyond 100.
    pub sip_first_answer: Latency,
    /// A request of ours → its final response (of INVITE the first), by `method`.
    pub sip_transaction: LatencyBy,
    /// A request for a page → the head of its response, by `kind` (page, api, stream, tool).
    pub http_request: LatencyBy,
    /// One write to the journal with its wait for the disk.
    pub journal_write: Latency,
    /// Calls in progress on this node, of any kind.
    pub calls_in_progress: Level,
    /// RTP ports in use.
    pub rtp_ports_used: Level,
    /// RTP ports that are left.
    pub rtp_ports_left: Level,
    /// Descriptors (files and connections) in use.
    pub descriptors_used: Level,
    /// Descriptors that are left.
    pub descriptors_left: Level,
    /// Phones of the settings that can be reached.
    pub phones_reachable: Level,
    /// Bindings of phones at our registrar.
    pub registrations: Level,
    /// Whether we are registered at a trunk's registrar, by `trunk`.
    pub trunk_registered: LevelBy,
    /// The age of the oldest event that the database does not have.
    pub delivery_age_seconds: Level,
    /// Nodes whose lease has not run out, this one included.
    pub nodes_alive: Level,
    /// Calls of other nodes that this one ended after their node was gone.
    pub calls_recovered: Count,
    /// Runs of periodic work, by `job`.
    pub job_runs: CountBy,
    /// Whether the last run of periodic work failed, by `job`.
    pub job_failing: LevelBy,
    /// SIP messages that `madoguchi observe` saw, by `kind`.
    pub observed_messages: CountBy,
    /// Calls that it counted, by `kind`.
    pub observed_calls: CountBy,
    /// HEP frames, by what became of them (`kind`).
    pub observed_frames: CountBy,
    /// The share of messages that the typed model refuses or reads otherwise than our own reader.
    pub observed_disagreement: Share,
}

impl Metrics {
    fn new() -> Self {
        let mut registry = Registry::with_prefix("madoguchi");
        let add = &mut registry;
        Self {
            build_info: Build::new(add, "build_info", "Which program this is"),
            calls_refused: CountBy::new(add, "calls_refused", "Calls turned away", "reason"),
            outbound_barred: CountBy::new(
                add,
                "outbound_barred",
                "Calls to the outside that a rule forbade",
                "reason",
            ),
            outbound_stopped: Level::new(
                add,
                "outbound_stopped",
                "Whether the minutes of the day for calls to the outside are used up",
            ),
            sip_requests_rejected: CountBy::new(
                add,
                "sip_requests_rejected",
                "SIP requests turned away or left unanswered",
                "reason",
            ),
            connections_rejected: CountBy::new(
                add,
                "connections_rejected",
                "Connections closed without being served",
                "kind",
            ),
            http_requests_rejected: CountBy::new(
                add,
                "http_requests_rejected",
                "HTTP requests turned away before their handler",
                "reason",
            ),
            rtp_packets_dropped: CountBy::new(
                add,
                "rtp_packets_dropped",
                "RTP packets not passed on",
                "reason",
            ),
            sip_first_answer: Latency::new(
                add,
                "sip_first_answer_seconds",
                "From an INVITE to our first answer beyond 100",
            ),
            sip_transaction: LatencyBy::new(
                add,
                "sip_transaction_seconds",
                "From a request of ours to its final response, of INVITE the first",
                "method",
            ),
            http_request: LatencyBy::new(
                add,
                "http_request_seconds",
                "From an HTTP request to the head of its response",
                "kind",
            ),
            journal_write: Latency::new(
                add,
                "journal_write_seconds",
                "One write to the journal with its wait for the disk",
            ),
            calls_in_progress: Level::new(add, "calls_in_progress", "Calls in progress"),
            rtp_ports_used: Level::new(add, "rtp_ports_used", "RTP ports in use"),
            rtp_ports_left: Level::new(add, "rtp_ports_left", "RTP ports left"),
            descriptors_used: Level::new(add, "descriptors_used", "Descriptors in use"),
            descriptors_left: Level::new(add, "descriptors_left", "Descriptors left"),
            phones_reachable: Level::new(add, "phones_reachable", "Phones that can be reached"),
            registrations: Level::new(add, "registrations", "Bindings at our registrar"),
            trunk_registered: LevelBy::new(
                add,
                "trunk_registered",
                "Whether we are registered at the trunk",
                "trunk",
            ),
            delivery_age_seconds: Level::new(
                add,
                "delivery_age_seconds",
                "Age of the oldest event that the database does not have",
            ),
            nodes_alive: Level::new(add, "nodes_alive", "Nodes whose lease has not run out"),
            calls_recovered: Count::new(
                add,
                "calls_recovered",
                "Calls ended for another node that was gone",
            ),
            job_runs: CountBy::new(add, "job_runs", "Runs of periodic work", "job"),
            job_failing: LevelBy::new(
                add,
                "job_failing",
                "Whether the last run of periodic work failed",
                "job",
            ),
            observed_messages: CountBy::new(
                add,
                "observed_messages",
                "SIP messages seen on the wire",
                "kind",
            ),
            observed_calls: CountBy::new(
                add,
                "observed_calls",
                "Calls seen on the wire, by what they are counted as",
                "kind",
            ),
            observed_frames: CountBy::new(
                add,
                "observed_frames",
                "HEP frames, by what became of them",
                "kind",
            ),
            observed_disagreement: Share::new(
                add,
                "observed_disagreement_ratio",
                "Share of observed messages on which the two readers of SIP disagree",
            ),
            registry,
        }
    }

    /// All of them in Prometheus' text format.
    pub fn text(&self) -> String {
        if let Some(descriptors) = process::descriptors() {
            self.descriptors_used.set(descriptors.used);
            self.descriptors_left.set(descriptors.left());
        }
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _infallible = prometheus_text::encode(&mut text, &self.registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_was_counted_and_measured_is_told_with_its_names() {
        let metrics = Metrics::new();
        metrics.build_info.set("0.1.0", "abc");
        metrics.calls_refused.add("no_means");
        metrics.calls_refused.add("no_means");
        metrics.sip_first_answer.observe(Duration::from_millis(3));
        metrics
            .http_request
            .observe("page", Duration::from_millis(700));
        metrics.trunk_registered.set("ひかり\"1\"", 1);
        metrics.delivery_age_seconds.set(12);
        metrics.observed_messages.add_many("seen", 4);
        metrics.observed_disagreement.set(0.25);
        let text = metrics.text();
        for line in [
            "madoguchi_build_info{version=\"0.1.0\",commit=\"abc\"} 1",
            "# TYPE madoguchi_calls_refused_total counter",
            "madoguchi_calls_refused_total{reason=\"no_means\"} 2",
            "# TYPE madoguchi_sip_first_answer_seconds histogram",
            "madoguchi_sip_first_answer_seconds_bucket{le=\"0.005\"} 1",
            "madoguchi_sip_first_answer_seconds_bucket{le=\"0.002\"} 0",
            "madoguchi_http_request_seconds_count{kind=\"page\"} 1",
            "madoguchi_trunk_registered{trunk=\"ひかり\\\"1\\\"\"} 1",
            "madoguchi_delivery_age_seconds 12",
            "madoguchi_observed_messages_total{kind=\"seen\"} 4",
            "madoguchi_observed_disagreement_ratio 0.25",
        ] {
            assert!(text.lines().any(|one| one == line), "{line}\n{text}");
        }
        let used = text
            .lines()
            .find_map(|line| line.strip_prefix("madoguchi_descriptors_used "));
        assert!(used.is_some_and(|used| used.parse::<u64>().unwrap() > 2));
    }

    #[test]
    fn a_trunk_that_is_gone_is_told_no_more() {
        let metrics = Metrics::new();
        metrics.trunk_registered.set("old", 1);
        metrics.trunk_registered.retain(&["new"]);
        assert!(!metrics.text().contains("trunk=\"old\""));
    }
}
