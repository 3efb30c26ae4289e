//! 受付時間 as callers meet it, to the millisecond (別紙, 表 4.6-1): the clock is in the test's hand.

use anyhow::ensure;
use madoguchi_core::event::AbandonReason;
use madoguchi_tests::desk::Setup;
use madoguchi_tests::free_port;
use madoguchi_tests::sipp::{Run, callee, caller};

type Outcome = anyhow::Result<()>;

/// Places one call at an instant; tells whether the desk was open for it.
async fn is_open(desk: &madoguchi_tests::desk::Desk, time: &str) -> anyhow::Result<bool> {
    let now = madoguchi_core::time::Instant::from_tokyo(time.parse()?);
    desk.clock.stand_at(now);
    let before = desk.figures();
    let call = caller().invite().expect(200).ack().pause(150).bye();
    call.start(&Run::call(desk.sip, "5000"))?.succeed().await?;
    let after = desk
        .until(&format!("the call at {time} is counted"), |figures| {
            figures.waiting == 0
                && figures.offered + figures.after_hours > before.offered + before.after_hours
                || figures.offered + figures.after_hours == 1
        })
        .await?;
    let is_new_day = after.offered + after.after_hours == 1;
    let before = if is_new_day {
        Default::default()
    } else {
        before
    };
    ensure!(after.offered + after.after_hours == before.offered + before.after_hours + 1);
    Ok(after.offered > before.offered)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desk_opens_and_closes_to_the_millisecond() -> Outcome {
    let setup = Setup::default()
        .registering_agent("tanaka")
        .standing_at("2026-11-02T06:00:00");
    let setup = setup.more("[reception]\nspecial_days = [\"2026-11-29\"]");
    let desk = setup.start().await?;
    for (time, open) in [
        ("2026-11-03T10:00:00.000", false), // 文化の日
        ("2026-11-14T10:00:00.000", true),  // 第2土曜
        ("2026-11-21T10:00:00.000", false), // 第3土曜
        ("2026-11-24T07:59:59.999", false),
        ("2026-11-24T08:00:00.000", true),
        ("2026-11-24T17:29:59.999", true),
        ("2026-11-24T17:30:00.000", false),
        ("2026-11-29T10:00:00.000", true), // 特定日(日曜)
        ("2026-12-28T10:00:00.000", true),
        ("2026-12-29T10:00:00.000", false),
        ("2027-01-03T10:00:00.000", false),
        ("2027-01-04T10:00:00.000", true),
        ("2027-03-22T10:00:00.000", false), // 振替休日
    ] {
        ensure!(is_open(&desk, time).await? == open, "{time}");
    }
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_desk_says_so_to_the_end_and_hangs_up() -> Outcome {
    let desk = Setup::default()
        .standing_at("2026-11-24T20:00:00")
        .start()
        .await?;
    let began = tokio::time::Instant::now();
    let call = caller().invite().expect(200).ack().receive("BYE");
    call.start(&Run::call(desk.sip, "5000"))?.succeed().await?;
    // The announcement takes ten seconds; it was heard to its end.
    ensure!(began.elapsed().as_secs() >= 8);
    let figures = desk.figures();
    ensure!((figures.offered, figures.after_hours) == (0, 1));
    ensure!(figures.answer_rate().is_none());
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_still_waits_at_closing_time_is_served() -> Outcome {
    let port = free_port();
    let desk = Setup::default()
        .agent("tanaka", port)
        .running_from("2026-11-24T17:29:58");
    let desk = desk.start().await?;
    desk.command("tanaka", madoguchi_core::live::AgentCommand::LogOut)
        .await;
    let agent = callee()
        .ring()
        .answer()
        .receive("BYE")
        .start(&Run::wait(port))?;
    let call = caller().invite().expect(200).ack().pause(5_000).bye();
    let call = call.start(&Run::call(desk.sip, "5000"))?;
    let closed = madoguchi_core::time::Instant::from_tokyo("2026-11-24T17:30:01".parse()?);
    desk.wait("the desk has closed", || {
        (madoguchi_core::clock::Clock::now(&*desk.clock) >= closed).then_some(())
    })
    .await?;
    ensure!(desk.figures().waiting == 1);
    desk.command("tanaka", madoguchi_core::live::AgentCommand::Ready)
        .await;
    call.succeed().await?;
    agent.succeed().await?;
    let figures = desk.figures();
    ensure!((figures.offered, figures.answered, figures.after_hours) == (1, 1, 0));
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_still_waits_at_closing_time_is_told_where_the_line_says_so() -> Outcome {
    let setup = Setup::default()
        .registering_agent("tanaka")
        .line("at_closing = \"tell\"");
    let desk = setup.running_from("2026-11-24T17:29:58").start().await?;
    let call = caller().invite().expect(200).ack().receive("BYE");
    call.start(&Run::call(desk.sip, "5000"))?.succeed().await?;
    let reason = AbandonReason::DeskClosedWhileWaiting;
    let figures = desk.figures();
    ensure!(figures.abandoned_by_reason.get(&reason) == Some(&1));
    ensure!(figures.offered == 1);
    desk.end().await?;
    Ok(())
}
