//! 音声案内 from the page to the caller's ear: files, spoken texts, the way back, other nodes.

use anyhow::{Context as _, ensure};
use madoguchi_core::access::Role;
use madoguchi_core::announcement::AnnouncementId;
use madoguchi_tests::desk::{Desk, Setup};
use madoguchi_tests::raw::Peer;
use madoguchi_tests::visitor::Visitor;
use madoguchi_web::{Announcer as _, Origin};
use reqwest::StatusCode;

use crate::voice::{hear, likeness, middle, original, write_pcm};

type Outcome = anyhow::Result<()>;

/// A desk that says that it is closed, and hangs up.
fn closed_desk() -> Setup {
    Setup::default().standing_at("2026-11-24T20:00:00")
}

async fn operator(desk: &Desk) -> anyhow::Result<Visitor> {
    let password = desk.add_user("boss", &[Role::Administrator], None).await?;
    Visitor::sign_in(desk.web(), "boss", &password).await
}

/// What the next caller hears to its end.
async fn heard_by_a_caller(desk: &Desk, call: &str) -> anyhow::Result<Vec<i32>> {
    let peer = Peer::new(desk.sip).await?;
    peer.send(&peer.request("INVITE", "5000", call, 1, ""))
        .await?;
    let response = peer.final_response().await?;
    ensure!(response.status == 200);
    peer.send(&peer.in_dialog("ACK", &response, 1)?).await?;
    hear(&peer.rtp, 1_000).await
}

/// Two seconds of speech that no announcement at closing time has.
fn speech() -> anyhow::Result<Vec<i32>> {
    let all = original("queue_full.wav")?;
    Ok(all
        .get(16_000..32_000)
        .context("it lasts ten seconds")?
        .to_vec())
}

fn as_file(samples: &[i32]) -> anyhow::Result<Vec<u8>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("speech.wav");
    write_pcm(samples, &path)?;
    Ok(std::fs::read(path)?)
}

/// Samples of a WAV file as the pages give it: PCM, 16 bits.
fn samples(wav: &[u8]) -> anyhow::Result<Vec<i32>> {
    let reader = hound::WavReader::new(wav)?;
    let spec = reader.spec();
    ensure!((spec.sample_rate, spec.bits_per_sample, spec.channels) == (8_000, 16, 1));
    Ok(reader.into_samples::<i32>().collect::<Result<_, _>>()?)
}

fn level_db(samples: &[i32]) -> f64 {
    let power: f64 = samples
        .iter()
        .map(|sample| f64::from(*sample).powi(2))
        .sum();
    20.0 * ((power / samples.len() as f64).sqrt() / 32_768.0).log10()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_caller_hears_what_was_brought_and_then_the_standard_one_again() -> Outcome {
    let desk = closed_desk().start().await?;
    let mut boss = operator(&desk).await?;
    let said = speech()?;
    let page = "/admin/announcements/*/closed";
    let answer = boss.bring(page, "案内.wav", &as_file(&said)?).await?;
    ensure!(answer.status == StatusCode::SEE_OTHER, "{}", answer.text());
    let opened = boss.get(&answer.location).await?.text();
    ensure!(opened.contains("登録した音声") && opened.contains("ファイル：案内.wav"));
    let listened = samples(&boss.get(&format!("{page}/listen")).await?.body)?;
    ensure!(likeness(&listened, middle(&said)) > 0.98, "in the browser");
    let heard = heard_by_a_caller(&desk, "brought").await?;
    ensure!(heard.len().abs_diff(said.len()) < 1_600, "{}", heard.len());
    let alike = likeness(&heard, middle(&said));
    ensure!(alike > 0.98, "{alike}");
    // The line's own goes before the one for all lines.
    let own: Vec<i32> = said.iter().rev().copied().collect();
    let of_line = "/admin/announcements/help/closed";
    boss.bring(of_line, "own.wav", &as_file(&own)?).await?;
    let heard = heard_by_a_caller(&desk, "own").await?;
    ensure!(likeness(&heard, middle(&own)) > 0.98);
    for page in [of_line, page] {
        let answer = boss
            .submit(page, &format!("{page}/remove"), "version=1")
            .await?;
        ensure!(answer.status == StatusCode::SEE_OTHER, "{}", answer.text());
    }
    let heard = heard_by_a_caller(&desk, "standard").await?;
    ensure!(likeness(&heard, middle(&original("closed.wav")?)) > 0.98);
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_recording_is_refused_and_the_old_one_stays() -> Outcome {
    let desk = closed_desk().start().await?;
    let mut boss = operator(&desk).await?;
    let page = "/admin/announcements/*/closed";
    let whole = as_file(&speech()?)?;
    let cut = whole.get(..whole.len() / 2).context("half of it")?;
    let zip: &[u8] = b"PK\x03\x04\x14\0\0\0\x08\0";
    let script: &[u8] = b"#!/bin/sh\nid\n";
    for file in [zip, script, b"<!DOCTYPE html><title>x</title>", cut] {
        let answer = boss.bring(page, "closed.wav", file).await?;
        ensure!(answer.status == StatusCode::UNPROCESSABLE_ENTITY);
        ensure!(
            answer.text().contains("WAV形式の音声ではありません。"),
            "{}",
            answer.text()
        );
    }
    for size in [10 * 1024 * 1024 + 1, 14 * 1024 * 1024] {
        let large = vec![0; size];
        let answer = boss.bring(page, "closed.wav", &large).await?;
        ensure!(answer.status == StatusCode::PAYLOAD_TOO_LARGE);
        ensure!(answer.text().contains("10MB以内"), "{}", answer.text());
    }
    let history = desk
        .store()
        .setting_history("announcement", "*/closed")
        .await?;
    ensure!(history.is_empty());
    let now = samples(&boss.get(&format!("{page}/listen")).await?.body)?;
    ensure!(likeness(&now, middle(&original("closed.wav")?)) > 0.98);
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_spoken_listened_to_taken_and_heard() -> Outcome {
    let desk = closed_desk().start().await?;
    let mut boss = operator(&desk).await?;
    let page = "/admin/announcements/*/closed";
    // 本日の受付は終了しました。
    let text = "%E6%9C%AC%E6%97%A5%E3%81%AE%E5%8F%97%E4%BB%98%E3%81%AF%E7%B5%82%E4%BA%86%E3%81%97\
                %E3%81%BE%E3%81%97%E3%81%9F%E3%80%82";
    let preview = boss.get(&format!("{page}?text={text}")).await?;
    ensure!(
        preview.status == StatusCode::OK,
        "make install-voice brings the voice:\n{}",
        preview.text()
    );
    let listened = boss.get(&format!("{page}/listen?text={text}")).await?;
    let listened = samples(&listened.body)?;
    ensure!(
        (12_000..48_000).contains(&listened.len()),
        "{}",
        listened.len()
    );
    let hash = preview.field("hash")?;
    let body = format!("text={text}&hash={hash}&version=0");
    let answer = boss.submit(page, &format!("{page}/speak"), &body).await?;
    ensure!(answer.status == StatusCode::SEE_OTHER, "{}", answer.text());
    let opened = boss.get(&answer.location).await?.text();
    ensure!(opened.contains("読み上げ：本日の受付は終了しました。"));
    let heard = heard_by_a_caller(&desk, "spoken").await?;
    ensure!(
        heard.len().abs_diff(listened.len()) < 1_600,
        "{}",
        heard.len()
    );
    let alike = likeness(&heard, middle(&listened));
    ensure!(alike > 0.98, "{alike}");
    let speech = heard
        .get(1_600..heard.len() - 1_600)
        .context("two margins")?;
    ensure!(
        (-19.5..-16.5).contains(&level_db(speech)),
        "{}",
        level_db(speech)
    );
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_node_takes_up_what_was_brought_here() -> Outcome {
    let folder = tempfile::tempdir()?;
    let shared = Setup {
        store_url: Some(format!(
            "sqlite://{}",
            folder.path().join("s.sqlite").display()
        )),
        ..closed_desk()
    };
    let there = shared.on_node("node2");
    let (here, there) = (shared.on_node("node1").start().await?, there.start().await?);
    let mut boss = operator(&here).await?;
    let said = speech()?;
    let page = "/admin/announcements/*/closed";
    let answer = boss.bring(page, "a.wav", &as_file(&said)?).await?;
    ensure!(answer.status == StatusCode::SEE_OTHER, "{}", answer.text());
    here.end().await?;
    let id = AnnouncementId::parse("*/closed").context("it is one")?;
    there
        .wait("the other node plays it", || {
            (there.live().origin(&id) == Some(Origin::Screen)).then_some(())
        })
        .await?;
    let heard = heard_by_a_caller(&there, "there").await?;
    let alike = likeness(&heard, middle(&said));
    there.end().await?;
    // After a start, too.
    let again = shared.on_node("node1").start().await?;
    let heard_again = heard_by_a_caller(&again, "again").await?;
    again.end().await?;
    ensure!(alike > 0.98, "{alike}");
    ensure!(likeness(&heard_again, middle(&said)) > 0.98);
    Ok(())
}
