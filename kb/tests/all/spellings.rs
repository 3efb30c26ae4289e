//! However a thing is spelt, the same article comes first.

use madoguchi_core::article::ArticleNumber;
use madoguchi_kb::{Audience, Entry, Knowledge, Viewer};

use crate::{entry, found, open, rebuild};

/// Articles that resemble each other enough to be mistaken.
const ARTICLES: [(&str, &str, &str); 10] = [
    (
        "server",
        "ファイルサーバーに接続できません。",
        "ネットワークを確かめます。",
    ),
    (
        "printer",
        "プリンターから印刷できません。",
        "用紙を確かめます。",
    ),
    (
        "apply",
        "休暇の申し込みの方法を教えてください。",
        "申請の画面を開きます。",
    ),
    (
        "withdraw",
        "休暇の申請の取り下げの方法を教えてください。",
        "一覧から選びます。",
    ),
    (
        "people",
        "人々の個々の記録はどこにありますか。",
        "台帳にあります。",
    ),
    ("person", "人の記録はどこにありますか。", "名簿にあります。"),
    ("travel", "出張旅費の精算の期限はいつですか。", "月末です。"),
    (
        "payslip",
        "給与明細はどこで見られますか。",
        "ポータルで見られます。",
    ),
    ("password", "パスワードを忘れました。", "再設定します。"),
    ("printer-2", "印鑑をなくしました。", "届け出ます。"),
];

/// Spellings of the same, and what they find.
const SAME: [(&str, &[&str]); 11] = [
    (
        "server",
        &[
            "サーバー",
            "サーバ",
            "ｻｰﾊﾞｰ",
            "ｻｰﾊﾞ",
            "ファイルサーバ",
            "さーばー",
        ],
    ),
    (
        "printer",
        &[
            "プリンター",
            "プリンタ",
            "ﾌﾟﾘﾝﾀｰ",
            "ﾌﾟﾘﾝﾀ",
            "プリンタ―",
            "ぷりんたー",
        ],
    ),
    ("apply", &["休暇の申し込み", "休暇の申込み", "休暇の申込"]),
    ("withdraw", &["取り下げ", "取下げ"]),
    ("people", &["人々", "人人", "個々", "個個"]),
    (
        "travel",
        &[
            "旅費精算",
            "りょひせいさん",
            "リョヒセイサン",
            "ryohiseisan",
            "ｒｙｏｈｉｓｅｉｓａｎ",
        ],
    ),
    (
        "payslip",
        &[
            "給与明細",
            "きゅうよめいさい",
            "キュウヨメイサイ",
            "kyuuyomeisai",
        ],
    ),
    ("password", &["パスワード", "ﾊﾟｽﾜｰﾄﾞ", "ぱすわーど"]),
    ("password", &["パスワート", "バスワード", "パスワーード"]),
    ("printer", &["プリンクー"]),
    ("server", &["サーパー"]),
];

fn knowledge() -> (tempfile::TempDir, Knowledge) {
    let folder = tempfile::tempdir().unwrap();
    let knowledge = open(folder.path());
    let mut entries = Vec::new();
    for (id, question, answer) in ARTICLES {
        let mut one = entry(id, Audience::Portal);
        one.question = question.to_owned();
        one.answer = answer.to_owned();
        entries.push(one);
    }
    rebuild(&knowledge, entries, 1);
    (folder, knowledge)
}

#[test]
fn spellings_of_the_same_find_the_same_article_first() {
    let (_folder, knowledge) = knowledge();
    let mut wrong = Vec::new();
    for (id, spellings) in SAME {
        for spelling in spellings {
            let found = found(&knowledge, spelling, Viewer::Portal);
            if found.first().is_none_or(|first| first != id) {
                wrong.push(format!("{spelling}: {id}, but {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_nobody_wrote_about_is_not_found() {
    let folder = tempfile::tempdir().unwrap();
    let knowledge = open(folder.path());
    rebuild(&knowledge, crate::sample(), 1);
    for query in [
        "ぬりかべ",
        "相対性理論",
        "カラオケ",
        "まぐろの刺身",
        "",
        "　",
        "？？",
    ] {
        let found = found(&knowledge, query, Viewer::Desk);
        assert!(found.is_empty(), "{query}: {found:?}");
    }
}

#[test]
fn an_article_is_found_by_its_number_alone_and_digits_find_it_first() {
    let folder = tempfile::tempdir().unwrap();
    let knowledge = open(folder.path());
    let numbered = |n: u32, question: &str| Entry {
        question: question.to_owned(),
        number: Some(ArticleNumber(n)),
        ..entry(&format!("id-{n}"), Audience::Portal)
    };
    let mut entries = vec![
        numbered(12, "旅費の精算はいつまでですか。"),
        numbered(120, "様式0012の書き方を教えてください。"),
    ];
    entries.push(Entry {
        audience: Audience::Desk,
        ..numbered(13, "旅費の裏手順")
    });
    rebuild(&knowledge, entries, 1);
    assert_eq!(found(&knowledge, "FAQ-0012", Viewer::Portal), ["id-12"]);
    assert_eq!(found(&knowledge, "ＦＡＱ１２", Viewer::Desk), ["id-12"]);
    let heard = found(&knowledge, "0012", Viewer::Portal);
    assert_eq!(heard.first().map(String::as_str), Some("id-12"));
    assert_eq!(found(&knowledge, "FAQ-0013", Viewer::Desk), ["id-13"]);
    let hidden = found(&knowledge, "FAQ-0013", Viewer::Portal);
    assert!(!hidden.contains(&"id-13".to_owned()), "{hidden:?}");
    let kept = knowledge.entry("FAQ-0012", Viewer::Portal).unwrap();
    assert_eq!(kept.map(|entry| entry.id).as_deref(), Some("id-12"));
    assert_eq!(knowledge.entry("FAQ-0013", Viewer::Portal).unwrap(), None);
}
