//! 動作状況: the periodic work of this node, for operators.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use madoguchi_core::access::{Permission, ReadMetrics};
use madoguchi_core::schedule::JobView;
use madoguchi_core::time::{Instant, Millis};

use crate::auth::access::Allowed;
use crate::auth::routes::Routes;
use crate::error::WebError;
use crate::feature::Feature;
use crate::menu::MenuEntry;
use crate::shell::Shell;
use crate::state::Web;
use crate::text::{self, DateStyle};

pub(crate) const FEATURE: Feature =
    Feature::new(routes).menu(&[MenuEntry::new("動作状況", HERE, Permission::ReadMetrics)]);

fn routes() -> Routes {
    Routes::new().get("/admin/operations", page)
}

/// The entry of the menu.
const HERE: &str = "/admin/operations";

#[derive(Template)]
#[template(path = "jobs.html")]
struct JobsPage {
    shell: Shell,
    now: String,
    failing: usize,
    rows: Vec<Row>,
}

struct Row {
    label: &'static str,
    every: String,
    state: &'static str,
    failing: bool,
    last_run: String,
    next: String,
    /// When it last failed, and why.
    fault: Option<(String, String)>,
}

pub(crate) async fn page(
    visitor: Allowed<ReadMetrics>,
    State(web): State<Web>,
) -> Result<Html<String>, WebError> {
    let dates = web.settings.dates;
    let now = web.desk.now();
    let jobs = web.desk.jobs();
    let page = JobsPage {
        shell: Shell::new(&web, Some(&visitor), HERE),
        now: second(now, dates),
        failing: jobs.iter().filter(|job| job.failing).count(),
        rows: jobs.into_iter().map(|job| row(job, dates)).collect(),
    };
    Ok(Html(page.render()?))
}

fn row(job: JobView, dates: DateStyle) -> Row {
    let shown =
        |at: Option<Instant>| at.map_or_else(|| text::NOTHING.to_owned(), |at| second(at, dates));
    Row {
        label: job.plan.label,
        every: pause(job.plan.every),
        state: state(&job),
        failing: job.failing,
        last_run: shown(job.last_run),
        next: shown(job.next),
        fault: job.last_fault.map(|(at, why)| (second(at, dates), why)),
    }
}

fn second(at: Instant, dates: DateStyle) -> String {
    format!("{} {}", dates.date(at.date()), text::time_with_seconds(at))
}

fn state(job: &JobView) -> &'static str {
    match (job.failing, job.running, job.next) {
        (true, ..) => "失敗(再び試します)",
        (false, true, _) => "実行中",
        (false, false, Some(_)) => "正常",
        (false, false, None) => "完了",
    }
}

/// 1時間, 5秒, 0.3秒
fn pause(every: Millis) -> String {
    match every.0 {
        ms if ms % 3_600_000 == 0 => format!("{}時間", ms / 3_600_000),
        ms if ms % 60_000 == 0 => format!("{}分", ms / 60_000),
        ms if ms % 1_000 == 0 => format!("{}秒", ms / 1_000),
        ms => format!("{}.{}秒", ms / 1_000, ms % 1_000 / 100),
    }
}

#[cfg(test)]
mod tests {
    use madoguchi_core::schedule::Plan;

    use super::*;

    #[test]
    fn pauses_are_told_in_their_largest_unit() {
        let told = [3_600_000, 60_000, 5_000, 300].map(|ms| pause(Millis(ms)));
        assert_eq!(told, ["1時間", "1分", "5秒", "0.3秒"]);
    }

    #[test]
    fn work_that_failed_is_told_so_while_it_is_tried_again() {
        let job = |failing, running, next| JobView {
            plan: Plan {
                name: "x",
                label: "x",
                every: Millis(1),
                again: Millis(1),
            },
            last_run: None,
            last_fault: None,
            failing,
            running,
            next,
        };
        let later = Some(Instant(1));
        assert_eq!(state(&job(true, true, None)), "失敗(再び試します)");
        assert_eq!(state(&job(false, true, None)), "実行中");
        assert_eq!(state(&job(false, false, later)), "正常");
        assert_eq!(state(&job(false, false, None)), "完了");
    }
}
