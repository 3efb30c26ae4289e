//! Live updates: the changing part of the board is rendered once for each kind of viewer, at the
//! most four times a second, and only the lines that changed are sent to those who watch. Whoever comes,
//! or has missed too much, gets the whole.

mod changes;
pub(crate) mod events;
pub(crate) mod watchers;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::response::sse::Event;
use serde_json::json;
use tokio::sync::{Notify, watch};

use crate::auth::token;
use crate::desk::Desk;

const AT_MOST_EVERY: Duration = Duration::from_millis(250);
/// What happens together is shown together: a call arrives, waits and rings within this time.
const TOGETHER: Duration = Duration::from_millis(20);
const HEARTBEAT: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_secs(2);
/// Changes that are remembered for those whose connection broke: half a minute of a busy desk.
const REMEMBERED: usize = 60;

/// Renders the board for all who watch.
#[derive(Clone)]
pub(crate) struct Broadcaster {
    shared: Arc<Shared>,
}

/// What of the board somebody sees that not all who watch may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sees {
    /// Callers' numbers, which are personal data.
    pub(crate) numbers: bool,
    /// How the running month stands.
    pub(crate) month: bool,
}

/// Kinds of viewers.
const KINDS: usize = 4;

impl Sees {
    /// All kinds of viewers, in the order of their places.
    const ALL: [Self; KINDS] = [
        Self::of(false, false),
        Self::of(true, false),
        Self::of(false, true),
        Self::of(true, true),
    ];

    const fn of(numbers: bool, month: bool) -> Self {
        Self { numbers, month }
    }

    fn place(self) -> usize {
        usize::from(self.numbers) + 2 * usize::from(self.month)
    }
}

/// Renders the board for a kind of viewer.
type Render = Box<dyn Fn(Sees) -> Result<String, askama::Error> + Send + Sync>;

struct Shared {
    render: Render,
    latest: Mutex<Arc<Frame>>,
    sent: watch::Sender<Arc<Frame>>,
    /// Something has changed that the desk does not know.
    nudge: Notify,
    /// Tells the frames of this start of the program from those of others.
    epoch: String,
}

/// The board at one moment.
#[derive(Clone, Default)]
struct Frame {
    number: u64,
    /// For each kind of viewer, at its place.
    views: [View; KINDS],
}

/// The board as one kind of viewer sees it, and how it became so.
#[derive(Clone, Default)]
struct View {
    whole: Arc<str>,
    /// The last one leads to `whole`, the one before to what was before it, and so on.
    changes: VecDeque<Arc<str>>,
}

impl View {
    fn next(&self, whole: String) -> Self {
        let edits = json!(changes::edits(&self.whole, &whole)).to_string();
        let mut changes = self.changes.clone();
        changes.push_back(Arc::from(edits));
        if changes.len() > REMEMBERED {
            changes.pop_front();
        }
        Self {
            whole: Arc::from(whole),
            changes,
        }
    }
}

impl Frame {
    fn view(&self, sees: Sees) -> Option<&View> {
        self.views.get(sees.place())
    }
}

impl Shared {
    fn latest(&self) -> MutexGuard<'_, Arc<Frame>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Renders anew, and sends it to those who watch.
    fn advance(&self, latest: &mut Arc<Frame>) {
        let rendered: Result<Vec<String>, askama::Error> =
            Sees::ALL.into_iter().map(&self.render).collect();
        match rendered {
            Ok(rendered) => {
                let mut views = latest.views.clone();
                for (view, whole) in views.iter_mut().zip(rendered) {
                    *view = view.next(whole);
                }
                *latest = Arc::new(Frame {
                    number: latest.number + 1,
                    views,
                });
                self.sent.send_replace(latest.clone());
            }
            Err(error) => tracing::error!(%error, "the board could not be rendered"),
        }
    }
}

impl Broadcaster {
    pub(crate) fn start(
        desk: Arc<dyn Desk>,
        render: impl Fn(Sees) -> Result<String, askama::Error> + Send + Sync + 'static,
    ) -> Self {
        let shared = Arc::new(Shared {
            render: Box::new(render),
            latest: Mutex::default(),
            sent: watch::Sender::new(Arc::default()),
            nudge: Notify::new(),
            epoch: token::new_id(),
        });
        let broadcaster = Self {
            shared: shared.clone(),
        };
        tokio::spawn(async move {
            let mut changes = desk.changes();
            loop {
                // Nobody watches: nothing is rendered.
                if shared.sent.receiver_count() > 0 {
                    shared.advance(&mut shared.latest());
                }
                tokio::time::sleep(AT_MOST_EVERY).await;
                // A quiet desk is shown anew now and then: the day may turn, the desk may close.
                tokio::select! {
                    change = changes.changed() => if change.is_err() {
                        return;
                    },
                    () = shared.nudge.notified() => {}
                    () = tokio::time::sleep(HEARTBEAT) => {}
                }
                tokio::time::sleep(TOGETHER).await;
                changes.borrow_and_update();
            }
        });
        broadcaster
    }

    /// What the board shows has changed beside the desk.
    pub(crate) fn nudge(&self) {
        self.shared.nudge.notify_one();
    }

    /// Somebody begins to watch: the board as it is now, and what comes.
    fn join(&self, sees: Sees, last: Option<&str>) -> Watching {
        let mut latest = self.shared.latest();
        if self.shared.sent.receiver_count() == 0 {
            self.shared.advance(&mut latest);
        }
        let mut watching = Watching {
            epoch: self.shared.epoch.clone(),
            sees,
            has: None,
            frames: self.shared.sent.subscribe(),
        };
        watching.has = last.and_then(|last| watching.number_of(last));
        watching.frames.mark_changed();
        watching
    }
}

/// One who watches.
struct Watching {
    epoch: String,
    sees: Sees,
    /// The number of the frame that the browser shows.
    has: Option<u64>,
    frames: watch::Receiver<Arc<Frame>>,
}

impl Watching {
    /// The name of a frame, which the browser gives back when it comes again (HTML, 9.2.4).
    fn id(&self, number: u64) -> String {
        format!("{}.{}.{number}", self.epoch, self.sees.place())
    }

    fn number_of(&self, id: &str) -> Option<u64> {
        let number = id.rsplit('.').next()?.parse().ok()?;
        (self.id(number) == id).then_some(number)
    }

    /// What brings the browser from the frame that it has to this one.
    fn events(&mut self, frame: &Frame) -> Vec<Event> {
        let Some(view) = frame.view(self.sees) else {
            return Vec::new();
        };
        let missing = self.has.and_then(|has| frame.number.checked_sub(has));
        let missing = missing.and_then(|missing| usize::try_from(missing).ok());
        let known = missing.filter(|missing| *missing <= view.changes.len());
        self.has = Some(frame.number);
        let Some(missing) = known else {
            let whole = Event::default().event("board").retry(RETRY);
            return vec![whole.id(self.id(frame.number)).data(&*view.whole)];
        };
        let changes = view.changes.iter().rev().take(missing).rev();
        let first = frame.number - missing as u64;
        let numbered = (first..).zip(changes);
        let change = |(from, edits): (u64, &Arc<str>)| {
            let data = format!(r#"{{"from":"{}","edits":{edits}}}"#, self.id(from));
            let event = Event::default().event("change").id(self.id(from + 1));
            event.data(data)
        };
        numbered.map(change).collect()
    }

    async fn next(&mut self) -> Option<Vec<Event>> {
        self.frames.changed().await.ok()?;
        let frame = self.frames.borrow_and_update().clone();
        Some(self.events(&frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(number: u64, texts: &[&str]) -> Frame {
        let view = texts
            .iter()
            .fold(View::default(), |view, text| view.next((*text).to_owned()));
        Frame {
            number,
            views: std::array::from_fn(|_| view.clone()),
        }
    }

    fn watching(has: Option<&str>) -> Watching {
        let mut watching = Watching {
            epoch: "e".to_owned(),
            sees: Sees::of(true, false),
            has: None,
            frames: watch::Sender::new(Arc::default()).subscribe(),
        };
        watching.has = has.and_then(|has| watching.number_of(has));
        watching
    }

    fn events_text(watching: &mut Watching, frame: &Frame) -> String {
        let events = watching.events(frame);
        events.iter().map(|event| format!("{event:?}")).collect()
    }

    #[test]
    fn every_kind_of_viewer_has_a_place_of_its_own() {
        assert_eq!(Sees::ALL.map(Sees::place), [0, 1, 2, 3]);
    }

    #[test]
    fn who_comes_gets_the_whole_and_then_only_what_changed() {
        let mut watching = watching(None);
        let first = events_text(&mut watching, &frame(1, &["a\nb\nc"]));
        assert!(
            first.contains("board") && first.contains("e.1.1"),
            "{first}"
        );
        let second = events_text(&mut watching, &frame(2, &["a\nb\nc", "a\nB\nc"]));
        assert!(second.contains("change") && second.contains("e.1.2"));
        assert!(second.contains(r#"[1,1,[\"B\"]]"#), "{second}");
        assert!(!second.contains("board"));
    }

    #[test]
    fn who_comes_back_gets_what_was_missed_or_the_whole() {
        let texts = ["a", "b", "c", "d"];
        let now = frame(4, &texts);
        let missed = events_text(&mut watching(Some("e.1.2")), &now);
        assert_eq!(missed.matches("edits").count(), 2, "{missed}");
        assert!(events_text(&mut watching(Some("e.1.4")), &now).is_empty());
        for other in [
            "e.0.2", "x.1.2", "e.1.5", "e.1.", "", "2", "e.1.02", "e.1.-1",
        ] {
            let whole = events_text(&mut watching(Some(other)), &now);
            assert!(whole.contains("board"), "{other}");
        }
        let long: Vec<_> = (0..200).map(|n| n.to_string()).collect();
        let long: Vec<_> = long.iter().map(String::as_str).collect();
        let whole = events_text(&mut watching(Some("e.1.100")), &frame(200, &long));
        assert!(whole.contains("board") && !whole.contains("edits"));
    }
}
