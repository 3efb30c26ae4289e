//! The people who call the sample desk, and what some of them have asked already.

use madoguchi_core::announcement::recording_hash;
use madoguchi_core::article::FileKind;
use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::contact::{Contact, ContactOutcome};
use madoguchi_core::ledger::Mapping;
use madoguchi_core::person::Person;
use madoguchi_core::portal::Inquiry;
use madoguchi_core::service::HELP_DESK;
use madoguchi_core::setup::Categories;
use madoguchi_core::ticket::{
    Attachment, Channel, Requester, ScanResult, Status, TicketChange, TicketFields,
};
use madoguchi_core::time::{Instant, Millis};
use madoguchi_store::{LedgerReading, NewInquiry, NewTicket, Store, TicketEdit, Tx};
use madoguchi_web::ledger::{LedgerImport, LedgerLimits, beginning, words};

/// 職員番号, 氏名, カナ, 拠点, 部署, number. All of them are made up.
pub(super) const PEOPLE: [[&str; 6]; 6] = [
    [
        "S0001",
        "窓口 花子",
        "マドグチ ハナコ",
        "中央年金事務所",
        "総務課",
        "0312340001",
    ],
    [
        "S0002",
        "受付 太郎",
        "ウケツケ タロウ",
        "中央年金事務所",
        "厚生年金課",
        "0312340002",
    ],
    [
        "S0003",
        "精算 一葉",
        "セイサン カズハ",
        "北年金事務所",
        "総務課",
        "0112340003",
    ],
    [
        "S0004",
        "勤務 次郎",
        "キンム ジロウ",
        "北年金事務所",
        "国民年金課",
        "0112340004",
    ],
    [
        "S0005",
        "給与 桜",
        "キュウヨ サクラ",
        "南年金事務所",
        "総務課",
        "0922340005",
    ],
    [
        "S0006",
        "旅費 三郎",
        "リョヒ サブロウ",
        "本部",
        "人事部",
        "0312340006",
    ],
];

/// What was asked before: by whom, by what way, how many minutes ago, the question, and the answer.
const ASKED: [(usize, Channel, i64, &str, &str); 6] = [
    (
        0,
        Channel::Mail,
        3_000,
        "出張の旅費を精算したところ、差し戻されました。理由はどこで確認できますか。",
        "「差戻し一覧」で申請を開き、画面の下の「差戻しの理由」を確認してください。",
    ),
    (
        2,
        Channel::Visit,
        1_620,
        "年末調整の申告書は、いつまで直せますか。",
        "給与担当者が締め切るまで直せます。締切日は、画面の上の「お知らせ」に表示しています。",
    ),
    (
        1,
        Channel::Mail,
        300,
        "休暇の残日数が、紙の台帳と違います。",
        "",
    ),
    (
        4,
        Channel::Mail,
        180,
        "住居手当の届けに添付した書類を差し替えられますか。",
        "",
    ),
    (
        3,
        Channel::Visit,
        60,
        "超過勤務の入力で「承認経路がありません」と表示されます。",
        "",
    ),
    // Soon at the limit of its first answer.
    (
        5,
        Channel::Visit,
        12,
        "出張の取消しを入力しましたが、仮払いが残っています。",
        "",
    ),
];

/// The ticket with a file, what the file is called, and what it holds.
const FILE: (&str, &str, &str) = (
    "sample-3",
    "住居手当の届け.txt",
    "住居手当の届け(差替え後)\r\n\r\n契約書の写しを、新しいものに差し替えます。\r\n",
);
/// What was written by the form of the portal: by whom, how many hours ago, what, and what was looked for.
const WRITTEN: [(usize, i64, &str, &str); 2] = [
    (
        5,
        4,
        "宿泊を伴う出張で、宿泊先が会議の主催者から指定されています。宿泊料の上限を超えても精算できますか。",
        "宿泊料 上限",
    ),
    (
        0,
        2,
        "旅費の精算がまた差し戻されました。前と同じ画面です。",
        "旅費 差戻し",
    ),
];

/// What a predecessor of the sample desk wrote down.
const FORMER: &str = "管理番号,受付日,お問い合わせ内容,対応内容,完了日,種別
K-0101,令和6年4月15日,異動した職員の決裁の経路が前の部署のままになっている。,異動の登録を待って、翌日に直ったことを確認した。,R6.4.16,ポータル・決裁
K-0102,令和6年5月8日,出張の旅費を二重に申請してしまった。,承認の前だったため、申請者が取り下げた。,R6.5.8,旅費・出張
";
/// What its ledger is called.
const FORMER_LEDGER: &str = "前の台帳";

/// Takes over what the predecessor wrote down; once, however often it is done.
async fn take_over(store: &Store, now: Instant) -> anyhow::Result<()> {
    if !store.ledgers().await?.is_empty() {
        return Ok(());
    }
    let limits = LedgerLimits {
        rows: 100,
        unfolded: 0,
    };
    let (heads, _) = beginning(FORMER.as_bytes(), limits)?;
    let import = LedgerImport {
        store,
        reading: LedgerReading {
            ledger: FORMER_LEDGER.to_owned(),
            columns: Mapping::default().columns(&heads),
            words: words(store, &Categories::default()).await?,
            at: now,
        },
        file: FORMER.into(),
        limits,
    };
    let entry = entry(Action::TicketImport, FORMER_LEDGER, now);
    import.take(entry, None).await?;
    Ok(())
}

/// Writes the people, if there are none, and the tickets that are not there yet.
pub(super) async fn add(store: &Store, now: Instant) -> anyhow::Result<()> {
    if store.count_people().await? == 0 {
        let people: Vec<_> = PEOPLE.iter().map(person).collect();
        let mut tx = store.begin(entry(Action::PeopleImport, "", now)).await?;
        tx.save_people(&people, now).await?;
        tx.commit().await?;
    }
    for (n, asked) in ASKED.iter().enumerate() {
        let id = format!("sample-{n}");
        if store.lookup_ticket(&id.as_str().into()).await?.is_some() {
            continue;
        }
        let mut tx = store.begin(entry(Action::TicketChange, &id, now)).await?;
        tx.add_ticket(&ticket(&id, asked, now)).await?;
        if id == FILE.0 {
            attach(&mut tx, now).await?;
        }
        tx.commit().await?;
    }
    for (n, (who, hours_ago, text, query)) in WRITTEN.iter().enumerate() {
        let Some(person) = PEOPLE.get(*who).map(person) else {
            continue;
        };
        let new = NewInquiry {
            id: format!("sample-form-{n}"),
            at: now - Millis::from_secs(hours_ago * 3_600),
            inquiry: Inquiry {
                site: person.site,
                name: person.name,
                extension: person.numbers.into_iter().next().unwrap_or_default(),
                text: (*text).to_owned(),
                article: None,
                query: (*query).to_owned(),
                person: Some(person.id),
            },
        };
        let mut tx = store.begin_unrecorded().await?;
        tx.add_inquiry(&new).await?;
        tx.commit().await?;
    }
    take_over(store, now).await
}

/// Adds the file to its ticket.
async fn attach(tx: &mut Tx, now: Instant) -> anyhow::Result<()> {
    let (ticket, name, content) = FILE;
    let file = Attachment {
        id: "sample-file".into(),
        name: name.to_owned(),
        kind: FileKind::Text,
        bytes: content.len() as u64,
        hash: recording_hash(content.as_bytes()),
        scan: ScanResult::NotSet,
    };
    tx.add_ticket_file(&file.id, content.as_bytes()).await?;
    let edit = TicketEdit {
        id: ticket.into(),
        version: None,
        by: None,
        at: now,
        happened_at: None,
        changes: vec![TicketChange::FileAttached { file }],
    };
    tx.change_ticket(&edit).await?;
    Ok(())
}

fn entry(action: Action, object: &str, at: Instant) -> AuditEntry {
    AuditEntry::of_system(at, action, object, Fields::new())
}

fn person([id, name, kana, site, department, number]: &[&str; 6]) -> Person {
    Person {
        id: (*id).into(),
        name: (*name).to_owned(),
        kana: (*kana).to_owned(),
        site: (*site).to_owned(),
        department: (*department).to_owned(),
        mail: String::new(),
        numbers: vec![(*number).to_owned()],
        left_on: None,
    }
}

fn ticket(
    id: &str,
    (who, channel, minutes_ago, question, answer): &(usize, Channel, i64, &str, &str),
    now: Instant,
) -> NewTicket {
    let received_at = now - Millis::from_secs(minutes_ago * 60);
    let requester = PEOPLE.get(*who).map(person).map(|person| Requester {
        person: Some(person.id),
        number: person.numbers.into_iter().next().unwrap_or_default(),
        name: person.name,
        site: person.site,
        department: person.department,
    });
    let is_answered = !answer.is_empty();
    let contact = Contact {
        id: format!("{id}-contact").as_str().into(),
        call: None,
        channel: *channel,
        agent: None,
        from: received_at,
        until: Some(received_at),
        outcome: if is_answered {
            ContactOutcome::AnsweredAtOnce
        } else {
            ContactOutcome::Unanswered
        },
        outcome_at: received_at,
    };
    let mut changes = vec![TicketChange::ContactAdded { contact }];
    if is_answered {
        changes.push(TicketChange::StatusChanged {
            before: Status::Received,
            after: Status::Done,
        });
    }
    NewTicket {
        id: id.into(),
        by: None,
        at: now,
        happened_at: Some(received_at),
        received_at,
        fields: TicketFields {
            division: Some(HELP_DESK.into()),
            channel: *channel,
            question: (*question).to_owned(),
            answer: (*answer).to_owned(),
            requester: requester.unwrap_or_default(),
            ..TicketFields::default()
        },
        changes,
    }
}

#[cfg(test)]
mod tests {
    use madoguchi_core::ledger::ticket_id;

    use super::*;

    #[test]
    fn the_sample_people_are_such_as_an_import_takes() {
        for one in &PEOPLE {
            assert!(person(one).faults().is_empty(), "{one:?}");
        }
    }

    #[tokio::test]
    async fn the_sample_is_kept_once_however_often_the_desk_is_started() {
        let store = Store::open("sqlite::memory:").await.unwrap();
        let now = Instant::from_tokyo("2026-11-27T12:00:00".parse().unwrap());
        for _ in 0..2 {
            add(&store, now).await.unwrap();
        }
        assert_eq!(store.count_people().await.unwrap(), PEOPLE.len() as u64);
        let open = store.lookup_ticket(&"sample-2".into()).await.unwrap();
        assert_eq!(open.unwrap().status(), Status::Received);
        let written = store.lookup_ticket(&"sample-form-1".into()).await.unwrap();
        assert_eq!(written.unwrap().fields.channel, Channel::Portal);
        assert_eq!(store.count_work().await.unwrap().portal, 2);
        let done = store.lookup_ticket(&"sample-0".into()).await.unwrap();
        assert_eq!(done.unwrap().status(), Status::Done);
        let former = ticket_id(FORMER_LEDGER, "K-0102");
        let former = store.lookup_ticket(&former).await.unwrap().unwrap();
        assert_eq!(former.status(), Status::Done);
        assert_eq!(former.fields.category, Some("f09".into()));
        let with_file = store.lookup_ticket(&FILE.0.into()).await.unwrap().unwrap();
        assert_eq!(with_file.attachments().count(), 1);
        let part = store.ticket_file_part(&"sample-file".into(), 0).await;
        assert_eq!(part.unwrap().unwrap(), FILE.2.as_bytes());
    }
}
