//! 転送 to the outside on the screen, with phones that ring: a vendor of the directory gets the caller, who is busy gives
//! them back, and what the rules forbid is refused in words.

use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::call::Direction;
use madoguchi_core::vendor::{VENDOR, Vendor};
use madoguchi_store::{CallFilter, NewVersion};
use madoguchi_tests::desk::story;

use super::*;

const VENDOR_NUMBER: &str = "0398765432";

/// Where the buttons are.
const PLACES: &str = "
    const places = [...document.querySelectorAll('.press button')].map((one) => one.getBoundingClientRect());
    return places.map(({ x, y }) => `${x} ${y}`).join();";

/// A vendor whom callers can be handed on to.
async fn keep_vendor(desk: &Desk) -> Outcome {
    let vendor = Vendor {
        name: "保守の窓口".to_owned(),
        number: VENDOR_NUMBER.to_owned(),
        ..Vendor::default()
    };
    let version = NewVersion {
        kind: VENDOR,
        id: "one".to_owned(),
        replaces: 0,
        data: Some(serde_json::to_string(&vendor)?),
    };
    let entry = AuditEntry::of_system(desk.clock.now(), Action::VendorChange, "one", Fields::new());
    let mut tx = desk.store().begin(entry).await?;
    tx.save_setting(&version).await?;
    tx.commit().await?;
    Ok(())
}

/// Chooses where the caller goes, and presses 転送.
async fn hand_on(browser: &Browser, to: &str, number: &str) -> Outcome {
    choose(browser, to).await?;
    if !number.is_empty() {
        browser.fill_in("[name=to_number]", number).await?;
    }
    browser.click("[data-hand-on]").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_is_handed_on_to_a_vendor_outside_and_both_calls_are_seen() -> Outcome {
    let (carrier, phone_port) = (free_port(), free_port());
    let setup = Setup {
        trunk: format!(
            "sources = [{{ net = \"127.0.0.1/32\" }}]\noutbound = \"sip:127.0.0.1:{carrier}\""
        ),
        ..Setup::default()
    };
    // Nobody is at the carrier's port but while they are called.
    let setup = setup.sip("keep_alive_s = 0");
    let setup = setup.agent("tanaka", phone_port).line("wrap_up_s = 600");
    let desk = setup.start().await?;
    keep_vendor(&desk).await?;
    let roles = [Role::Agent, Role::Supervisor];
    let Talk {
        tanaka,
        phone,
        peer,
        response,
    } = talk(&desk, &roles, phone_port, "outward").await?;

    // Who chooses to type a number finds all buttons where they were.
    let places = tanaka.client.execute(PLACES, Vec::new()).await?;
    choose(&tanaka, "number").await?;
    tanaka
        .until_true("return document.querySelector('[name=to_number]').offsetWidth > 0")
        .await?;
    let then = tanaka.client.execute(PLACES, Vec::new()).await?;
    ensure!(then == places, "{places} {then}");

    // What costs is refused in words, and nobody is called.
    hand_on(&tanaka, "number", "0990-500-123").await?;
    tanaka.until_shown("発信規制により、転送できません").await?;
    ensure!(desk.figures().outbound_barred() == 1);
    ensure!(desk.agent("tanaka") == AgentState::Talking);

    // The vendor is busy: the caller is with tanaka again, whose screen says why.
    let busy = callee().ring().respond(180).pause(1_000);
    let busy = busy.respond(486).wait("ACK").start(&Run::wait(carrier))?;
    hand_on(&tanaka, "reached vendor:one", "").await?;
    tanaka.until_shown("転送先を呼び出しています").await?;
    busy.succeed().await?;
    tanaka
        .until_shown("転送先が通話中か、応答を断りました")
        .await?;
    ensure!(desk.agent("tanaka") == AgentState::Talking);

    let far = callee().ring().respond(180).pause(500).answer();
    let far = far.receive("BYE").start(&Run::wait(carrier))?;
    hand_on(&tanaka, "reached vendor:one", "").await?;
    desk.until_agent("tanaka", AgentState::WrapUp).await?;
    phone.succeed().await?;
    desk.until("the vendor talks", |figures| figures.outbound_answered == 1)
        .await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    peer.send(&peer.in_dialog("BYE", &response, 2)?).await?;
    far.succeed().await?;

    let filter = CallFilter {
        limit: 10,
        ..CallFilter::default()
    };
    let calls = desk.wait_for_store(&filter).await?;
    let inbound = calls
        .iter()
        .find(|call| call.direction == Direction::Inbound);
    let inbound = inbound.context("the caller's call")?;
    tanaka
        .open(desk.web(), &format!("/calls/{}", inbound.call))
        .await?;
    tanaka
        .until_shown(&format!("外部の{VENDOR_NUMBER}に転送しました"))
        .await?;
    tanaka.close().await?;
    desk.command("tanaka", AgentCommand::EndWrapUp).await;
    let figures = desk.figures();
    ensure!((figures.offered, figures.answered) == (1, 1));
    ensure!((figures.outbound, figures.outbound_answered) == (2, 1));
    let histories = desk.end().await?;
    let mut stories: Vec<_> = histories.iter().map(|events| story(events)).collect();
    stories.sort();
    ensure!(
        stories
            == [
                "arrived accepted queued ring:tanaka answered:tanaka transferred ended:Caller wrapped-up",
                "dialled:true answered:tanaka transferred ended:Desk",
                "dialled:true barred:premium ended:Refused",
                "dialled:true ended:Refused",
            ],
        "{stories:#?}"
    );
    Ok(())
}
