//! What is written for a month, to be looked at.

use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::month::{
    IncidentCounts, Incidents, Instruction, Level, LevelFact, LevelItem, Measure, Month,
    MonthEntry, NotedColumn, PublishedCounts, PublishedIncidents, PublishedMonth, Remark,
    RemarkHeading, ReportChapter, RowNote, WorkCount,
};
use madoguchi_core::ticket::System;
use madoguchi_core::time::Instant;
use madoguchi_store::{Store, StoreError};

fn entry(at: Instant, action: Action) -> AuditEntry {
    AuditEntry::of_system(at, action, "", Fields::new())
}

async fn keep<T: MonthEntry>(
    store: &Store,
    (at, action): (Instant, Action),
    one: &T,
) -> Result<(), StoreError> {
    let mut tx = store.begin(entry(at, action)).await?;
    tx.save_month_entry(one, 0, "").await?;
    tx.commit().await
}

/// Keeps one of each for the month before; gives the month.
pub(super) async fn one_of_each(store: &Store, at: Instant) -> anyhow::Result<String> {
    let month = Month::at(at).previous();
    let fact = LevelFact {
        id: "f1".to_owned(),
        system: System::Indirect,
        at: month.start(),
        what: "夜間バッチの異常終了".to_owned(),
        measure: Measure::Detection {
            noticed_at: Some(month.start()),
            escalation_needed: true,
            escalated_at: None,
        },
        exempt: None,
        proof: "障害報告書 第3号".to_owned(),
        entered_by: None,
    };
    keep(store, (at, Action::LevelFactChange), &fact).await?;
    let remark = Remark {
        id: "r1".to_owned(),
        month,
        chapter: ReportChapter::Notes,
        heading: RemarkHeading::Plain,
        text: "機器の更改を行った。".to_owned(),
        author: "佐藤".to_owned(),
        by: None,
        written_at: at,
    };
    keep(store, (at, Action::RemarkChange), &remark).await?;
    let instruction = Instruction {
        id: "i1".to_owned(),
        month,
        text: "応答率の推移を示すこと".to_owned(),
        response: "表1-1に示した。".to_owned(),
        by_day: Some(month.last()),
        done: true,
    };
    keep(store, (at, Action::InstructionChange), &instruction).await?;
    let note = RowNote {
        id: "n1".to_owned(),
        month,
        column: NotedColumn::Measure,
        row: "FAQ-0001".to_owned(),
        text: "朝礼で周知した。".to_owned(),
    };
    keep(store, (at, Action::RowNoteChange), &note).await?;
    let work = WorkCount {
        month,
        number: 14,
        count: 48,
        source: "作業依頼書の台帳".to_owned(),
    };
    keep(store, (at, Action::WorkCountChange), &work).await?;
    let incidents = IncidentCounts {
        month,
        indirect: Incidents::default(),
        macs: Incidents::default(),
        source: "障害管理台帳".to_owned(),
    };
    keep(store, (at, Action::IncidentCountsChange), &incidents).await?;
    let missed = LevelItem {
        system: System::Indirect,
        level: Level::AnswerRate,
    };
    let mut tx = store.begin(entry(at, Action::ImprovementChange)).await?;
    tx.open_improvements(month, &[missed]).await?;
    tx.record(entry(at, Action::PublishedImport));
    let published = PublishedMonth {
        month: month.before(12),
        indirect: PublishedIncidents::default(),
        macs: PublishedIncidents::default(),
        counts: PublishedCounts {
            offered: 1_029,
            answered: 1_023,
            first_unanswered: 45,
            escalations: 21,
        },
        answer_rate: "99.4%".to_owned(),
        first_answer_rate: "90.6%".to_owned(),
        resolution_rate: "99.9%".to_owned(),
        source: "別紙8-2.csv".to_owned(),
    };
    tx.save_published_months(&[published]).await?;
    tx.commit().await?;
    Ok(month.to_string())
}
