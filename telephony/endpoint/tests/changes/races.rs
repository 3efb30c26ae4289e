//! Races in virtual time: callers, agents and phones do what they like in any order, over a network that loses, repeats
//! and reorders, before a disk and media that take their time. Nobody is left alone, and nothing is left at the end.
//!
//! `MADOGUCHI_RACES` sets how many histories are played. A fault is shrunk and told with its seed and steps; with
//! `MADOGUCHI_RACE=SEED,STEP,STEP…` it is played alone, and everything is told that was said.

mod acts;
mod checks;
mod network;
mod peer;
mod world;

use std::collections::BTreeSet;

use madoguchi_core::live::AgentCommand;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use self::world::{AGENTS, World};

/// Histories in an ordinary run.
const CASES: u32 = 300;
/// The longest history.
const STEPS: usize = 80;

fn history(seed: u64, steps: &[u64]) -> World {
    let mut world = World::new(seed);
    for (n, name) in AGENTS.into_iter().enumerate() {
        if seed >> (16 + n) & 3 != 0 {
            world.set_state(name, AgentCommand::Ready);
        }
    }
    for step in steps {
        world.step(*step);
    }
    world.finish();
    world
}

/// Names one history that is to be played.
const ONE: &str = "MADOGUCHI_RACE";

#[test]
#[ignore = "plays the one history that MADOGUCHI_RACE names"]
fn the_history_that_is_looked_into_goes_well() {
    let wanted = std::env::var(ONE).unwrap();
    let numbers = wanted
        .split(',')
        .map(|number| number.trim().parse().unwrap());
    let numbers: Vec<u64> = numbers.collect();
    let _over = history(numbers[0], &numbers[1..]);
}

/// What happened in some histories, and was said in them, by the first word.
fn played() -> BTreeSet<String> {
    let mut chance = StdRng::seed_from_u64(1);
    let mut played = BTreeSet::new();
    for _ in 0..60 {
        let steps: Vec<u64> = (0..STEPS).map(|_| chance.random()).collect();
        let world = history(chance.random(), &steps);
        let kinds = world.log.iter().map(|event| format!("{:?}", event.kind));
        let said = world.peers.iter().flat_map(|peer| &peer.trace);
        let said = said.map(|(_, line)| line.replace("SIP/2.0 ", ""));
        let words = kinds.chain(said).map(|line| {
            let line = line.split([' ', '{']).take(2);
            line.collect::<Vec<_>>().join(" ").trim().to_owned()
        });
        played.extend(words);
    }
    played
}

#[test]
fn the_histories_hold_all_that_may_happen() {
    let played = played();
    let wanted = [
        "Abandoned",
        "Answered",
        "Held",
        "Resumed",
        "Transferred",
        "WrapUpEnded",
        "dies",
        "hears 202",
        "hears 487",
        "hears BYE",
        "hears CANCEL",
        "hears INVITE",
        "hears NOTIFY",
        "says BYE",
        "says CANCEL",
        "says INFO",
        "says REFER",
    ];
    let missing: Vec<_> = wanted
        .into_iter()
        .filter(|wanted| !played.contains(*wanted))
        .collect();
    assert!(missing.is_empty(), "never seen: {missing:?} in {played:#?}");
}

/// The same histories in every ordinary run; others whenever a number of them is asked for.
fn config() -> ProptestConfig {
    let wanted = std::env::var("MADOGUCHI_RACES").ok();
    let wanted: Option<u32> = wanted.map(|wanted| wanted.parse().unwrap());
    let (cases, rng_seed) = match wanted {
        Some(cases) => (cases, RngSeed::Random),
        None => (CASES, RngSeed::Fixed(1)),
    };
    ProptestConfig {
        cases,
        rng_seed,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn nobody_is_left_alone_and_nothing_is_left(
        seed: u64,
        steps in proptest::collection::vec(any::<u64>(), 0..=STEPS),
    ) {
        let _over = history(seed, &steps);
    }
}
