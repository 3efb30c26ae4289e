//! What waits: inputs for the engine, and the steps that follow from it, none of which is done before the events before
//! it are on disk.

use std::collections::VecDeque;

use madoguchi_line::api::Input;

use super::agenda::Step;

/// Inputs and steps in their order.
#[derive(Debug, Default)]
pub(super) struct Pending {
    inputs: VecDeque<Input>,
    steps: VecDeque<Step>,
    /// Behind whatever follows from the inputs.
    after_inputs: Vec<Step>,
    last_batch: u64,
    on_disk: u64,
}

impl Pending {
    /// The engine is to be told.
    pub(super) fn tell(&mut self, input: Input) {
        self.inputs.push_back(input);
    }

    /// What the engine is to be told next.
    pub(super) fn next_input(&mut self) -> Option<Input> {
        self.inputs.pop_front()
    }

    pub(super) fn has_inputs(&self) -> bool {
        !self.inputs.is_empty()
    }

    /// To be done when all that follows from the inputs until now is.
    pub(super) fn after_inputs(&mut self, step: Step) {
        self.after_inputs.push(step);
    }

    /// All inputs are told, and what follows from them is queued.
    pub(super) fn inputs_are_told(&mut self) {
        self.steps.extend(self.after_inputs.drain(..));
    }

    /// A new batch of events, which whatever is queued from now on waits for; its number.
    pub(super) fn batch(&mut self) -> u64 {
        self.last_batch += 1;
        self.steps.push_back(Step::OnDisk(self.last_batch));
        self.last_batch
    }

    pub(super) fn queue(&mut self, steps: impl IntoIterator<Item = Step>) {
        self.steps.extend(steps);
    }

    /// All batches up to this one are on disk.
    pub(super) fn confirm(&mut self, batch: u64) {
        self.on_disk = self.on_disk.max(batch);
    }

    /// How many batches wait for the word of the disk.
    pub(super) fn unconfirmed(&self) -> u64 {
        self.last_batch.saturating_sub(self.on_disk)
    }

    /// The next step that may be done now.
    pub(super) fn next_step(&mut self) -> Option<Step> {
        loop {
            match self.steps.front()? {
                Step::OnDisk(batch) if *batch > self.on_disk => return None,
                Step::OnDisk(_) => {
                    self.steps.pop_front();
                }
                _ => return self.steps.pop_front(),
            }
        }
    }

    /// Whether nothing is to be told, done or written any more.
    pub(super) fn is_done(&self) -> bool {
        self.inputs.is_empty() && self.steps.is_empty() && self.on_disk >= self.last_batch
    }
}

#[cfg(test)]
mod tests {
    use madoguchi_core::id::CallId;
    use madoguchi_line::api::Output;

    use super::*;

    fn step(name: &str) -> Step {
        Step::Do(Output::Accept {
            call: CallId::new(name),
        })
    }

    fn done(pending: &mut Pending) -> Vec<String> {
        std::iter::from_fn(|| pending.next_step())
            .map(|step| match step {
                Step::Do(Output::Accept { call }) => call.to_string(),
                other => format!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn nothing_is_done_before_the_events_before_it_are_on_disk() {
        let mut pending = Pending::default();
        pending.queue([step("first")]);
        let one = pending.batch();
        pending.queue([step("second")]);
        let two = pending.batch();
        pending.queue([step("third")]);
        assert_eq!(done(&mut pending), ["first"]);
        pending.confirm(one);
        assert_eq!(done(&mut pending), ["second"]);
        assert!(!pending.is_done());
        pending.confirm(two);
        assert_eq!(done(&mut pending), ["third"]);
        assert!(pending.is_done());
    }

    #[test]
    fn a_confirmation_counts_for_all_batches_before_and_none_is_taken_back() {
        let mut pending = Pending::default();
        let one = pending.batch();
        pending.queue([step("first")]);
        let two = pending.batch();
        pending.queue([step("second")]);
        pending.confirm(two);
        pending.confirm(one);
        assert_eq!(done(&mut pending), ["first", "second"]);
    }

    #[test]
    fn an_answer_waits_for_what_follows_from_the_inputs_before_it() {
        let mut pending = Pending::default();
        pending.tell(Input::Drain);
        pending.after_inputs(step("answer"));
        assert!(pending.has_inputs() && done(&mut pending).is_empty());
        assert_eq!(pending.next_input(), Some(Input::Drain));
        pending.queue([step("follows")]);
        pending.inputs_are_told();
        assert_eq!(done(&mut pending), ["follows", "answer"]);
        assert!(!pending.has_inputs() && pending.is_done());
    }
}
