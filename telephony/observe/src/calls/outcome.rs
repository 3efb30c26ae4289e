//! What became of a call, seen over all its dialogs.

use super::parts::{Certainty, Closed};
use crate::capture::Micros;
use crate::dialog::{Dialog, End, Ending};

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Somebody answered; a queue that takes the call is nobody.
    Answered,
    /// The caller gave up, or was sent away after waiting.
    Abandoned,
    /// It was refused.
    Refused,
    /// What was seen ends before it was decided.
    Open,
}

impl Outcome {
    /// As rows tell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Abandoned => "abandoned",
            Self::Refused => "refused",
            Self::Open => "open",
        }
    }
}

/// A call as its rows tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallSummary {
    /// The Call-IDs of its dialogs in the order of their beginnings.
    pub dialogs: Vec<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// How sure it is that its dialogs belong together.
    pub certainty: Certainty,
    /// Who called.
    pub from: String,
    /// Whom.
    pub to: String,
    /// Its first INVITE.
    pub start: Option<Micros>,
    /// When both sides could talk.
    pub answer: Option<Micros>,
    /// When it was over, and by what.
    pub end: Option<End>,
}

impl CallSummary {
    /// Of a closed call; nothing if it has no dialog.
    pub fn of(closed: &Closed) -> Option<Self> {
        Self::to(closed, None)
    }

    /// Of a call that leads to a queue: what the queue takes is no answer, even if nothing is seen of agents, nor
    /// what is taken by who is nobody.
    pub fn to_queue(closed: &Closed, is_nobody: &dyn Fn(&Dialog) -> bool) -> Option<Self> {
        Self::to(closed, Some(is_nobody))
    }

    fn to(closed: &Closed, queue: Option<&dyn Fn(&Dialog) -> bool>) -> Option<Self> {
        let (caller, others) = closed.dialogs.split_first()?;
        // Who passed a call on is nobody who answers it.
        let is_nobody = |leg: &Dialog| queue.is_some_and(|is_nobody| is_nobody(leg));
        let legs = others.iter().filter(|leg| !leg.passed_on && !leg.goes_on);
        let legs: Vec<&Dialog> = legs.filter(|leg| !is_nobody(leg)).collect();
        // Who was asked to call another one goes on in a dialog of its own.
        let later: Vec<&Dialog> = others.iter().filter(|dialog| dialog.goes_on).collect();
        let by_queue = queue.is_some() && legs.is_empty();
        let of_legs = answer(caller, &legs).filter(|_| !by_queue);
        let answer = of_legs.or_else(|| {
            let answers = later.iter().filter_map(|dialog| dialog.taken());
            answers.min()
        });
        let last = later.last().copied().unwrap_or(caller);
        let called = [&caller.called, &caller.to];
        let to = called.into_iter().find(|text| !text.is_empty());
        let dialogs = closed.dialogs.iter();
        Some(Self {
            dialogs: dialogs.map(|dialog| dialog.call_id.to_string()).collect(),
            outcome: outcome(caller, last, answer),
            // It may be a leg of a call whose beginning was not seen.
            certainty: if caller.was_up {
                Certainty::Unknown
            } else {
                closed.certainty
            },
            from: caller.from.clone(),
            to: to.cloned().unwrap_or_default(),
            start: caller.start,
            answer,
            end: match answer {
                Some(_) => end_of_talk(caller, &legs, &later),
                None => last.end,
            },
        })
    }
}

/// When both sides could talk: with legs, when the first of them and the caller had an answer.
fn answer(caller: &Dialog, legs: &[&Dialog]) -> Option<Micros> {
    let answered = caller.taken()?;
    if legs.is_empty() {
        return Some(answered);
    }
    let both = |leg: &&Dialog| {
        let both = leg.taken()?.max(answered);
        let mut ends = [caller.end, leg.end].into_iter().flatten();
        ends.all(|end| end.at >= both).then_some(both)
    };
    let first = legs.iter().filter_map(both).min();
    first.or_else(|| {
        // A phone that rang says so; who has taken the call was not seen.
        let told = legs.iter().filter(|leg| leg.taken_elsewhere);
        let at = told.filter_map(|leg| leg.cancelled).min()?.max(answered);
        caller.end.is_none_or(|end| end.at >= at).then_some(at)
    })
}

/// When nobody talked any more.
fn end_of_talk(caller: &Dialog, legs: &[&Dialog], later: &[&Dialog]) -> Option<End> {
    let before = end_with_legs(caller, legs);
    let mut later = later.iter().filter(|dialog| dialog.taken().is_some());
    let Some(first) = later.next() else {
        return before;
    };
    let mut end = first.end?;
    for dialog in later {
        let its = dialog.end?;
        end = if its.at > end.at { its } else { end };
    }
    // Who was left may be gone before, or come back. That nothing more was heard there tells nothing.
    let came_back = before.filter(|before| before.by.is_seen() && before.at > end.at);
    Some(came_back.unwrap_or(end))
}

fn end_with_legs(caller: &Dialog, legs: &[&Dialog]) -> Option<End> {
    // The talk is over when its last leg is, even if the caller stays on.
    let mut talking = legs.iter().filter(|leg| leg.taken().is_some());
    let of_legs = if talking.clone().all(|leg| !leg.is_open()) {
        talking
            .by_ref()
            .filter_map(|leg| leg.end)
            .max_by_key(|end| end.at)
    } else {
        None
    };
    let ends = [caller.end, of_legs].into_iter().flatten();
    ends.min_by_key(|end| end.at)
}

/// `last` is the dialog in which the caller was last.
fn outcome(caller: &Dialog, last: &Dialog, answer: Option<Micros>) -> Outcome {
    if answer.is_some() || caller.was_up {
        return Outcome::Answered;
    }
    match last.end.map(|end| end.by) {
        _ if last.cancelled.is_some() => Outcome::Abandoned,
        None => Outcome::Open,
        Some(Ending::Bye(_)) => Outcome::Abandoned,
        Some(Ending::MediaStopped | Ending::Silent) if last.is_answered() => Outcome::Abandoned,
        Some(Ending::Refused(_)) => Outcome::Refused,
        Some(Ending::MediaStopped | Ending::Silent) => Outcome::Open,
    }
}
