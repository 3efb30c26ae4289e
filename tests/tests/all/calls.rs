//! Calls of all kinds, with SIPp as callers, agents and carrier.

use std::time::Duration;

use anyhow::ensure;
use madoguchi_core::event::AbandonReason;
use madoguchi_core::live::{AgentCommand, AgentState};
use madoguchi_tests::desk::{Setup, story};
use madoguchi_tests::free_port;
use madoguchi_tests::raw::Peer;
use madoguchi_tests::sipp::{Run, callee, caller};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

type Outcome = anyhow::Result<()>;

fn only(histories: &[Vec<madoguchi_core::event::CallEvent>]) -> String {
    assert_eq!(histories.len(), 1);
    story(&histories[0])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_answered_and_ended_by_the_caller() -> Outcome {
    let port = free_port();
    let desk = Setup::default().agent("tanaka", port).start().await?;
    let agent = callee()
        .ring()
        .respond(180)
        .answer()
        .receive("BYE")
        .start(&Run::wait(port))?;
    let call = caller().invite().expect(200).ack().pause(2_500).bye();
    call.start(&Run::call(desk.sip, "5000"))?.succeed().await?;
    agent.succeed().await?;
    let figures = desk
        .until("the call is over", |figures| figures.talks.mean().is_some())
        .await?;
    ensure!((figures.offered, figures.answered) == (1, 1));
    let histories = desk.end().await?;
    assert_eq!(
        only(&histories),
        "arrived accepted queued ring:tanaka answered:tanaka ended:Caller wrapped-up"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_ended_by_the_agent_who_then_has_work_after_it() -> Outcome {
    let port = free_port();
    let desk = Setup::default()
        .agent("tanaka", port)
        .line("wrap_up_s = 2")
        .start()
        .await?;
    let agent = callee()
        .ring()
        .answer()
        .pause(300)
        .bye()
        .start(&Run::wait(port))?;
    let call = caller().invite().expect(200).ack().receive("BYE");
    call.start(&Run::call(desk.sip, "5000"))?.succeed().await?;
    agent.succeed().await?;
    desk.until_agent("tanaka", AgentState::WrapUp).await?;
    desk.command("tanaka", AgentCommand::EndWrapUp).await;
    desk.until_agent("tanaka", AgentState::Ready).await?;
    let figures = desk.figures();
    ensure!(
        figures.wrap_ups.mean().is_some_and(|time| time.0 < 2_000),
        "ended early"
    );
    let histories = desk.end().await?;
    ensure!(only(&histories).ends_with("ended:Agent wrapped-up"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_hangs_up_in_the_queue_has_abandoned() -> Outcome {
    let desk = Setup::default().registering_agent("tanaka").start().await?;
    let call = caller().invite().expect(200).ack().pause(700).bye();
    call.start(&Run::call(desk.sip, "5000"))?.succeed().await?;
    let figures = desk
        .until("it is over", |figures| figures.abandoned() == 1)
        .await?;
    ensure!((figures.offered, figures.short_abandoned, figures.waiting) == (1, 1, 0));
    let histories = desk.end().await?;
    assert_eq!(
        only(&histories),
        "arrived accepted queued abandoned:caller_hangup"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_cancels_before_the_answer_has_abandoned() -> Outcome {
    let desk = Setup::default().registering_agent("tanaka").start().await?;
    // Both in one segment over TCP, so that the CANCEL is there before the desk has answered.
    let mut stream = TcpStream::connect(desk.sip_tcp()?).await?;
    let peer = Peer::new(desk.sip).await?;
    let invite = String::from_utf8(peer.request("INVITE", "5000", "early", 1, ""))?;
    let invite = invite.replace("SIP/2.0/UDP", "SIP/2.0/TCP");
    let cancel = invite
        .replace("INVITE sip:", "CANCEL sip:")
        .replace("1 INVITE", "1 CANCEL");
    stream
        .write_all(format!("{invite}{cancel}").as_bytes())
        .await?;
    let mut heard = String::new();
    while !heard.contains("SIP/2.0 487") {
        let mut buffer = [0; 4_096];
        let read = stream.read(&mut buffer);
        let length = tokio::time::timeout(Duration::from_secs(10), read).await??;
        ensure!(length > 0, "the connection was closed after:\n{heard}");
        heard.push_str(&String::from_utf8_lossy(&buffer[..length]));
    }
    ensure!(heard.contains("SIP/2.0 200"), "the CANCEL is answered");
    let figures = desk
        .until("it is over", |figures| figures.abandoned() == 1)
        .await?;
    ensure!(figures.offered == 1 && figures.answered == 0);
    let histories = desk.end().await?;
    ensure!(only(&histories).ends_with("abandoned:caller_hangup"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_answers_and_the_next_agent_is_rung() -> Outcome {
    let (first, second) = (free_port(), free_port());
    let setup = Setup::default()
        .agent("silent", first)
        .agent("tanaka", second);
    let setup = setup
        .line("ring_timeout_s = 1")
        .line("away_after_no_answers = 1");
    let desk = setup.start().await?;
    let silent = callee()
        .ring()
        .respond(180)
        .be_cancelled()
        .start(&Run::wait(first))?;
    let agent = callee()
        .ring()
        .answer()
        .receive("BYE")
        .start(&Run::wait(second))?;
    let call = caller().invite().expect(200).ack().pause(2_500).bye();
    call.start(&Run::call(desk.sip, "5000"))?.succeed().await?;
    silent.succeed().await?;
    agent.succeed().await?;
    let away = AgentState::Away {
        reason: "応答なし".to_owned(),
    };
    desk.until_agent("silent", away).await?;
    let figures = desk.figures();
    ensure!((figures.offered, figures.answered, figures.abandoned()) == (1, 1, 0));
    let histories = desk.end().await?;
    assert_eq!(
        only(&histories),
        "arrived accepted queued ring:silent NoAnswer:silent ring:tanaka answered:tanaka \
         ended:Caller wrapped-up"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_who_declines_is_passed_over() -> Outcome {
    let (first, second) = (free_port(), free_port());
    let desk = Setup::default()
        .agent("busy", first)
        .agent("tanaka", second)
        .start()
        .await?;
    let busy = callee()
        .ring()
        .respond(486)
        .wait("ACK")
        .start(&Run::wait(first))?;
    let agent = callee()
        .ring()
        .answer()
        .receive("BYE")
        .start(&Run::wait(second))?;
    let call = caller().invite().expect(200).ack().pause(2_500).bye();
    call.start(&Run::call(desk.sip, "5000"))?.succeed().await?;
    busy.succeed().await?;
    agent.succeed().await?;
    let histories = desk.end().await?;
    ensure!(only(&histories).contains("ring:busy Declined:busy ring:tanaka answered:tanaka"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_wait_ends_with_its_announcement() -> Outcome {
    let setup = Setup::default()
        .registering_agent("tanaka")
        .line("max_wait_s = 1");
    let desk = setup.start().await?;
    let call = caller().invite().expect(200).ack().receive("BYE");
    call.start(&Run::call(desk.sip, "5000"))?.succeed().await?;
    let figures = desk.figures();
    ensure!(figures.abandoned_by_reason.get(&AbandonReason::MaxWait) == Some(&1));
    ensure!(
        figures
            .abandoned_waits
            .mean()
            .is_some_and(|wait| (900..2_000).contains(&wait.0))
    );
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn all_agents_away_and_the_caller_waits_until_one_is_back() -> Outcome {
    let port = free_port();
    let desk = Setup::default().agent("tanaka", port).start().await?;
    desk.command(
        "tanaka",
        AgentCommand::Away {
            reason: "休憩".to_owned(),
        },
    )
    .await;
    let agent = callee()
        .ring()
        .answer()
        .receive("BYE")
        .start(&Run::wait(port))?;
    let call = caller().invite().expect(200).ack().pause(2_500).bye();
    let call = call.start(&Run::call(desk.sip, "5000"))?;
    desk.until("the caller waits", |figures| figures.waiting == 1)
        .await?;
    desk.command("tanaka", AgentCommand::Ready).await;
    call.succeed().await?;
    agent.succeed().await?;
    ensure!(desk.figures().answered == 1);
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_logged_in_is_told_where_the_line_says_so() -> Outcome {
    let setup = Setup {
        ready: false,
        ..Setup::default()
    }
    .registering_agent("tanaka")
    .line("wait_without_agents = false");
    let desk = setup.start().await?;
    let call = caller().invite().expect(200).ack().receive("BYE");
    call.start(&Run::call(desk.sip, "5000"))?.succeed().await?;
    ensure!(
        desk.figures()
            .abandoned_by_reason
            .get(&AbandonReason::NoAgent)
            == Some(&1)
    );
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_turns_the_next_caller_away() -> Outcome {
    let setup = Setup::default()
        .registering_agent("tanaka")
        .line("max_waiting = 1");
    let desk = setup.start().await?;
    let waits = caller().invite().expect(200).ack().pause(18_000).bye();
    let waits = waits.start(&Run::call(desk.sip, "5000"))?;
    desk.until("one waits", |figures| figures.waiting == 1)
        .await?;
    let call = caller().invite().expect(200).ack().receive("BYE");
    call.start(&Run::call(desk.sip, "5000"))?.succeed().await?;
    let figures = desk.figures();
    ensure!(figures.abandoned_by_reason.get(&AbandonReason::QueueFull) == Some(&1));
    ensure!((figures.offered, figures.waiting) == (2, 1), "{figures:#?}");
    waits.succeed().await?;
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_that_comes_again_is_one_call() -> Outcome {
    let desk = Setup::default().registering_agent("tanaka").start().await?;
    let peer = Peer::new(desk.sip).await?;
    let invite = peer.request("INVITE", "5000", "again", 1, "");
    for _ in 0..3 {
        peer.send(&invite).await?;
    }
    let response = peer.final_response().await?;
    // And once more after the answer, as if that had been lost.
    peer.send(&invite).await?;
    ensure!(
        peer.final_response().await? == response,
        "the same answer comes again"
    );
    peer.send(&peer.in_dialog("BYE", &response, 2)?).await?;
    let figures = desk
        .until("it is over", |figures| figures.abandoned() == 1)
        .await?;
    ensure!(figures.offered == 1);
    desk.end().await?;
    Ok(())
}

/// freeswitch#1973, #2540
#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_hangs_up_in_the_instant_of_the_answer_leaves_no_agent_reserved() -> Outcome {
    let port = free_port();
    let desk = Setup::default().agent("tanaka", port).start().await?;
    // The phone answers after 300 ms, the callers hang up around that moment.
    let agents = callee()
        .ring()
        .respond(180)
        .pause(300)
        .answer_without_ack()
        .wait_for_the_end();
    let agents = agents.start(&Run::wait(port).times(1_000, 10))?;
    for pause in (285..=315).step_by(3) {
        let call = caller().invite().expect(200).ack().pause(pause).bye();
        call.start(&Run::call(desk.sip, "5000"))?.succeed().await?;
        desk.until_agent("tanaka", AgentState::Ready).await?;
    }
    let figures = desk
        .until("all are over", |figures| figures.waiting == 0)
        .await?;
    ensure!(figures.offered == 11 && figures.answered + figures.abandoned() == 11);
    agents.kill().await?;
    for events in desk.end().await? {
        let story = story(&events);
        ensure!(
            story.contains("answered") != story.contains("abandoned"),
            "one outcome each: {story}"
        );
    }
    Ok(())
}

/// asterisk#1557
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_who_picks_up_and_drops_at_once_never_leaves_a_wrong_count() -> Outcome {
    let (first, second) = (free_port(), free_port());
    let desk = Setup::default()
        .agent("drops", first)
        .agent("tanaka", second)
        .start()
        .await?;
    let drops = callee().ring().answer_unusable().wait("ACK").receive("BYE");
    let drops = drops.start(&Run::wait(first))?;
    let agent = callee()
        .ring()
        .answer()
        .receive("BYE")
        .start(&Run::wait(second))?;
    let call = caller().invite().expect(200).ack().pause(3_000).bye();
    call.start(&Run::call(desk.sip, "5000"))?.succeed().await?;
    drops.succeed().await?;
    agent.succeed().await?;
    let figures = desk.figures();
    ensure!((figures.offered, figures.answered, figures.abandoned()) == (1, 1, 0));
    let histories = desk.end().await?;
    ensure!(only(&histories).contains("ring:tanaka answered:tanaka"));
    Ok(())
}

/// OpenSIPS#2530, #3123
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_bye_frees_the_agent() -> Outcome {
    let port = free_port();
    let setup = Setup::default()
        .agent("tanaka", port)
        .more("[media]\nrtp_timeout_s = 1");
    let desk = setup.start().await?;
    let agent = callee()
        .ring()
        .answer()
        .pause(60_000)
        .start(&Run::wait(port))?;
    let call = caller().invite().expect(200).ack().pause(60_000);
    let call = call.start(&Run::call(desk.sip, "5000"))?;
    desk.until("they talk", |figures| figures.answered == 1)
        .await?;
    call.kill().await?;
    agent.kill().await?;
    desk.until_agent("tanaka", AgentState::Ready).await?;
    let histories = desk.end().await?;
    ensure!(only(&histories).contains("ended:Lost"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn hold_from_either_side_counts_as_talk() -> Outcome {
    let port = free_port();
    let desk = Setup::default().agent("tanaka", port).start().await?;
    let agent = callee()
        .ring()
        .answer()
        .pause(200)
        .reinvite("sendonly")
        .pause(200);
    let agent = agent
        .reinvite("sendrecv")
        .receive("BYE")
        .start(&Run::wait(port))?;
    let call = caller()
        .invite()
        .expect(200)
        .ack()
        .pause(1_200)
        .reinvite("inactive")
        .pause(200);
    let call = call.reinvite("sendrecv").pause(200).bye();
    call.start(&Run::call(desk.sip, "5000"))?.succeed().await?;
    agent.succeed().await?;
    let figures = desk
        .until("it is over", |figures| figures.talks.mean().is_some())
        .await?;
    ensure!(figures.talks.mean().is_some_and(|talk| talk.0 > 1_500));
    let histories = desk.end().await?;
    ensure!(only(&histories).contains(
        "answered:tanaka held:Agent resumed:Agent held:Caller resumed:Caller ended:Caller"
    ));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn all_phones_ring_and_the_first_to_pick_up_has_the_call() -> Outcome {
    let (first, second) = (free_port(), free_port());
    let setup = Setup::default().agent("slow", first).agent("quick", second);
    let desk = setup.line("strategy = \"ring_all\"").start().await?;
    let slow = callee()
        .ring()
        .respond(180)
        .be_cancelled()
        .start(&Run::wait(first))?;
    let quick = callee()
        .ring()
        .respond(180)
        .pause(400)
        .answer()
        .receive("BYE");
    let quick = quick.start(&Run::wait(second))?;
    let call = caller().invite().expect(200).ack().pause(3_000).bye();
    call.start(&Run::call(desk.sip, "5000"))?.succeed().await?;
    slow.succeed().await?;
    quick.succeed().await?;
    let histories = desk.end().await?;
    ensure!(only(&histories).contains("Withdrawn:slow answered:quick"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_no_lines_is_refused_and_not_counted() -> Outcome {
    let desk = Setup::default().start().await?;
    let call = caller().invite().expect(404).ack_refusal();
    call.start(&Run::call(desk.sip, "110"))?.succeed().await?;
    ensure!(desk.figures().offered == 0);
    desk.end().await?;
    Ok(())
}
