//! A PBX that is already there, observed by a fresh desk: sngrep sends, the numbers get their meaning on a
//! screen, and the board moves. And the desk's own traffic, which has to give the figures of its journal.

mod observer;
mod own_traffic;
mod wire;

use anyhow::ensure;
use madoguchi_tests::observed::story;

#[tokio::test(flavor = "multi_thread")]
async fn sngrep_is_pointed_at_a_fresh_desk_the_lines_are_set_and_the_board_moves()
-> anyhow::Result<()> {
    let mut pages = Vec::new();
    story(1, async |browser, page| {
        let broken = browser.violations().await?;
        ensure!(broken.is_empty(), "{page}: {broken:#?}");
        pages.push(page.to_owned());
        Ok(())
    })
    .await?;
    let expected = ["trial", "board", "signals", "trunks"];
    ensure!(pages == expected.map(|name| format!("observe-{name}")));
    Ok(())
}
