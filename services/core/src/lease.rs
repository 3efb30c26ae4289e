//! Which nodes are alive. Every node lets its beat in the store grow; whoever watches judges by
//! how long a beat has stood still before their own eyes, on a clock that never jumps. So clocks
//! that disagree decide nothing, and a time in which the store could not be read counts for nobody.

use std::collections::{BTreeSet, HashMap};

use crate::id::{NodeName, RunId};
use crate::time::{Millis, Monotonic};

/// Between two looks at the most this much counts as silence: longer ones saw a store that was away
/// or a watcher who was held up.
pub const LONGEST_STEP: Millis = Millis::from_secs(2);

/// A node's lease as it stands in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeBeat {
    /// The node.
    pub node: NodeName,
    /// The run that holds the lease.
    pub run: RunId,
    /// Grows while the run lives.
    pub beat: i64,
    /// Given back, or taken away after it ran out: nobody is behind it.
    pub released: bool,
}

/// Watches the beats of all nodes.
#[derive(Debug)]
pub struct NodeWatch {
    lease: Millis,
    seen: HashMap<NodeName, Seen>,
    last_look: Option<Monotonic>,
}

#[derive(Debug)]
struct Seen {
    beat: NodeBeat,
    silent: Millis,
}

impl NodeWatch {
    /// A lease runs out after so much silence.
    pub fn new(lease: Millis) -> Self {
        Self {
            lease,
            seen: HashMap::new(),
            last_look: None,
        }
    }

    /// Takes what the store tells at a moment of a clock that never jumps; gives the nodes whose
    /// leases have run out.
    pub fn look(&mut self, beats: Vec<NodeBeat>, now: Monotonic) -> Vec<NodeBeat> {
        let step = self.last_look.map_or(Millis::ZERO, |last| now - last);
        self.last_look = Some(now);
        let step = step.min(LONGEST_STEP);
        let mut before = std::mem::take(&mut self.seen);
        let mut gone = Vec::new();
        for beat in beats {
            let silent = match before.remove(&beat.node) {
                Some(seen) if seen.beat == beat => seen.silent + step,
                _ => Millis::ZERO,
            };
            if !beat.released && silent >= self.lease {
                gone.push(beat.clone());
            }
            self.seen.insert(beat.node.clone(), Seen { beat, silent });
        }
        gone
    }

    /// The runs that hold a lease.
    pub fn alive(&self) -> BTreeSet<RunId> {
        let alive = |seen: &&Seen| !seen.beat.released && seen.silent < self.lease;
        let alive = self.seen.values().filter(alive);
        alive.map(|seen| seen.beat.run.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beat(beat: i64) -> NodeBeat {
        NodeBeat {
            node: "a".into(),
            run: "r1".into(),
            beat,
            released: false,
        }
    }

    fn at(second: i64) -> Monotonic {
        Monotonic(second * 1_000)
    }

    fn watch() -> NodeWatch {
        NodeWatch::new(Millis::from_secs(10))
    }

    #[test]
    fn a_node_is_gone_when_its_beat_has_stood_still_for_the_lease() {
        let mut watch = watch();
        for second in 0..=9 {
            assert_eq!(watch.look(vec![beat(1)], at(second)), []);
        }
        assert_eq!(watch.alive().len(), 1);
        assert_eq!(watch.look(vec![beat(1)], at(10)), [beat(1)]);
        assert!(watch.alive().is_empty());
        assert_eq!(watch.look(vec![beat(2)], at(11)), [], "it is back");
        assert_eq!(watch.alive().len(), 1);
    }

    #[test]
    fn a_time_in_which_the_store_could_not_be_read_makes_nobody_gone() {
        let mut watch = watch();
        watch.look(vec![beat(1)], at(0));
        assert_eq!(watch.look(vec![beat(1)], at(300)), [], "five minutes away");
        assert_eq!(watch.look(vec![beat(2)], at(301)), []);
    }

    #[test]
    fn a_node_that_stopped_in_order_is_neither_alive_nor_gone() {
        let mut watch = watch();
        let stopped = NodeBeat {
            released: true,
            ..beat(1)
        };
        for second in 0..20 {
            assert_eq!(watch.look(vec![stopped.clone()], at(second)), []);
        }
        assert!(watch.alive().is_empty());
    }

    #[test]
    fn another_run_of_the_node_begins_anew() {
        let mut watch = watch();
        for second in 0..=9 {
            watch.look(vec![beat(1)], at(second));
        }
        let next = NodeBeat {
            run: "r2".into(),
            ..beat(1)
        };
        assert_eq!(watch.look(vec![next], at(10)), []);
    }
}
