//! The audit log: who did what, when, from where, on what, before and after (要件定義書 4.2).
//!
//! Records are numbered from 1 without gaps and chained: each holds a hash over itself and the
//! hash before it, so that a record that is changed or taken away later is found.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::id::{AgentId, UserId};
use crate::named;
use crate::time::Instant;

/// What is to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When it was done.
    pub at: Instant,
    /// The one who did it.
    pub actor: Actor,
    /// From which network address; empty for the program itself.
    pub address: String,
    /// What was done.
    pub action: Action,
    /// On what: a user's id, a call's id, a name of a line …; empty if there is no one thing.
    pub object: String,
    /// What it was before, as far as it changed. Never a secret.
    pub before: Fields,
    /// What it is now, as far as it changed; for exports and views what was asked for.
    pub after: Fields,
}

impl AuditEntry {
    /// What the program did by itself, or at the command line.
    pub fn of_system(at: Instant, action: Action, object: &str, after: Fields) -> Self {
        Self {
            at,
            actor: Actor::System,
            address: String::new(),
            action,
            object: object.to_owned(),
            before: Fields::new(),
            after,
        }
    }
}

/// Names and values of what changed.
pub type Fields = BTreeMap<String, String>;

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "actor", rename_all = "snake_case")]
pub enum Actor {
    /// A user, by id and by the name to sign in with at that time.
    User {
        /// The id.
        id: UserId,
        /// The name.
        login: String,
    },
    /// A user by an API token of theirs.
    Token {
        /// The user's id.
        id: UserId,
        /// The user's name.
        login: String,
        /// The token's name.
        token: String,
    },
    /// Somebody who is not signed in, by the name they gave.
    Nobody {
        /// The name, as it was typed.
        login: String,
    },
    /// Somebody at a phone that proved itself.
    Phone {
        /// Its extension.
        extension: String,
        /// The agent it belongs to.
        agent: AgentId,
    },
    /// The program, or the operator at its command line.
    System,
}

impl Actor {
    /// The name on screens and to be searched for.
    pub fn name(&self) -> &str {
        match self {
            Self::User { login, .. } | Self::Token { login, .. } | Self::Nobody { login } => login,
            Self::Phone { agent, .. } => agent.as_str(),
            Self::System => "（システム）",
        }
    }
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $label:literal;)+) => {
        named! {
            /// What can be done and is recorded.
            #[derive(
                Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
            )]
            pub enum Action {
                $($(#[$doc])* $name = $text, $label;)+
            }
        }
    };
}

actions! {
    /// Signed in.
    SignIn = "session.sign_in", "ログイン";
    /// A failed attempt to sign in.
    SignInFailed = "session.sign_in_failed", "ログインの失敗";
    /// Signed out, or ended a session.
    SignOut = "session.end", "ログアウト・セッションの終了";
    /// Proved who they are once more.
    Proven = "account.proof", "本人の確認";
    /// Failed to prove who they are, though signed in.
    ProofFailed = "account.proof_failed", "本人の確認の失敗";
    /// Changed the own password.
    PasswordChange = "account.password", "パスワードの変更";
    /// Set up, renewed or removed the own second factor.
    SecondFactorChange = "account.second_factor", "2段階認証の変更";
    /// Made an API token.
    TokenCreate = "token.create", "APIトークンの発行";
    /// Took an API token back.
    TokenRevoke = "token.revoke", "APIトークンの失効";
    /// Made an account.
    UserCreate = "user.create", "利用者の登録";
    /// Changed an account.
    UserChange = "user.change", "利用者の変更";
    /// Disabled an account.
    UserDisable = "user.disable", "利用者の停止";
    /// Enabled an account again.
    UserEnable = "user.enable", "利用者の再開";
    /// Released a locked account.
    UserRelease = "user.release", "ロックの解除";
    /// Gave a user a new one-time password.
    UserPasswordReset = "user.password_reset", "パスワードの初期化";
    /// Removed a user's second factor.
    UserSecondFactorReset = "user.second_factor_reset", "2段階認証の解除";
    /// Took the list of accounts out as a file.
    UserExport = "user.export", "アカウント棚卸の出力";
    /// Set the state of an agent.
    AgentState = "agent.state", "担当者の状態の変更";
    /// Handed a caller on from the screen.
    CallHandOn = "call.hand_on", "通話の転送";
    /// An agent took a caller who waits or is parked, on the board.
    CallTake = "call.take", "通話を取る操作";
    /// Opened the board, which shows the numbers of those who wait.
    BoardView = "board.view", "応答状況の閲覧";
    /// Looked at a list of calls.
    CallsView = "call.list", "通話の一覧の閲覧";
    /// Took the figures of calls out as a file.
    CallFiguresExport = "call.figures_export", "通話の集計の出力";
    /// Looked at one call.
    CallView = "call.view", "通話の記録の閲覧";
    /// Changed the reception calendar.
    CalendarChange = "calendar.change", "受付カレンダーの変更";
    /// Changed the rules of a reception calendar of lines or 業務区分.
    CalendarRulesChange = "calendar.rules", "受付カレンダーの規則の変更";
    /// Changed a line.
    LineChange = "line.change", "回線の変更";
    /// Changed an agent's phone.
    PhoneChange = "phone.change", "電話機の変更";
    /// Changed a trunk.
    TrunkChange = "trunk.change", "外線の変更";
    /// Changed an announcement.
    AnnouncementChange = "announcement.change", "音声案内の変更";
    /// Changed the rules for calls to the outside.
    OutboundChange = "outbound.change", "発信規制の変更";
    /// Changed what the numbers of an observed PBX mean.
    ObserveChange = "observe.change", "観測の設定の変更";
    /// Changed which columns of a table of calls hold what.
    CallTableChange = "call.table", "通話の表の列の変更";
    /// Looked at what was signalled for a call.
    SignalsView = "signals.view", "信号の記録の閲覧";
    /// Changed for how long signals are kept.
    SignalRetentionChange = "signals.retention", "信号の記録の保存期間の変更";
    /// Deleted what was signalled and was kept long enough.
    SignalDelete = "signals.delete", "保存期間を過ぎた信号の記録の削除";
    /// Changed targets.
    TargetChange = "target.change", "目標値の変更";
    /// Changed a category.
    CategoryChange = "category.change", "分類の変更";
    /// Wrote in an article, or began one.
    ArticleWrite = "article.write", "FAQの執筆";
    /// Asked for an article to be reviewed.
    ArticleSubmit = "article.submit", "FAQの確認依頼";
    /// Sent an article back to its authors.
    ArticleSendBack = "article.send_back", "FAQの差戻し";
    /// Took an article back from review, or from the time set for it.
    ArticleRecall = "article.recall", "FAQの確認依頼・公開予約の取消し";
    /// Threw a draft away that was never published.
    ArticleDiscard = "article.discard", "FAQの下書きの削除";
    /// Approved an article.
    ArticleApprove = "article.approve", "FAQの承認";
    /// An approved article was published at its time, or came to the end of its time.
    ArticleDue = "article.due", "FAQの公開・掲載終了";
    /// Asked for an article to be withdrawn.
    ArticleWithdrawalRequest = "article.withdrawal_request", "FAQの取下げの依頼";
    /// Withdrew an article.
    ArticleWithdraw = "article.withdraw", "FAQの取下げ";
    /// Refused to withdraw an article.
    ArticleKeep = "article.keep", "FAQの取下げの却下";
    /// Brought articles from a file.
    ArticleImport = "article.import", "FAQの取込み";
    /// Made, changed or removed a group of synonyms of the search.
    SynonymChange = "synonym.change", "検索の同義語の変更";
    /// Made, changed or removed a word of the search.
    WordChange = "word.change", "検索の単語の変更";
    /// Marked which articles answer a question, or took it back.
    SearchGrade = "search.grade", "検索の採点";
    /// Took all articles out as a file.
    ArticleExport = "article.export", "ナレッジデータベースの出力";
    /// Kept the filter of a list under a name.
    ViewSave = "view.save", "一覧の条件の保存";
    /// Forgot the filter of a list.
    ViewRemove = "view.remove", "一覧の条件の削除";
    /// Took a list of settings out as a file.
    ListExport = "list.export", "一覧の出力";
    /// Made, changed or removed a canned phrase of the agents.
    PhraseChange = "phrase.change", "定型文の変更";
    /// Took audit records out as a file.
    AuditExport = "audit.export", "監査記録の出力";
    /// Changed how long audit records are kept.
    RetentionChange = "audit.retention", "監査記録の保存期間の変更";
    /// Deleted audit records that were kept long enough.
    AuditDelete = "audit.delete", "保存期間を過ぎた監査記録の削除";
    /// Changed a notice of the portal.
    NoticeChange = "notice.change", "お知らせの変更";
    /// Looked at what staff wrote by the form of the portal.
    InquiriesView = "inquiry.list", "フォームからの問合せの閲覧";
    /// Marked something that staff wrote as handled, or as open again.
    InquiryHandle = "inquiry.handle", "フォームからの問合せの処理";
    /// What came by the form of the portal became tickets.
    InquiriesMove = "inquiry.move", "フォームからの問合せの移行";
    /// Registered a ticket, or changed one.
    TicketChange = "ticket.change", "問合せの登録・変更";
    /// Looked at tickets, or at one.
    TicketView = "ticket.view", "問合せの閲覧";
    /// Took the ledger of tickets out as a file.
    TicketExport = "ticket.export", "問合せ管理台帳の出力";
    /// Took tickets over from the ledger of a predecessor.
    TicketImport = "ticket.import", "前の台帳の取込み";
    /// Took names and numbers out of tickets after the time of retention.
    TicketAnonymise = "ticket.anonymise", "保存期間を過ぎた問合せの匿名化";
    /// Changed for how long names and numbers stand in tickets.
    TicketRetentionChange = "ticket.retention", "問合せの個人情報の保存期間の変更";
    /// Took a file beside a ticket.
    TicketFileView = "ticket.file_view", "問合せの添付ファイルの閲覧";
    /// Brought a file in which a virus was found.
    TicketFileRefused = "ticket.file_refused", "ウイルスの見つかったファイルの拒否";
    /// Said why a call has no ticket.
    CallWithoutTicket = "call.without_ticket", "対象外の通話の登録";
    /// Looked at the directory of people, or at one of them.
    PeopleView = "people.view", "職員名簿の閲覧";
    /// Brought people from a file into the directory.
    PeopleImport = "people.import", "職員名簿の取込み";
    /// Removed people who left so long ago that nobody asks for them.
    PeopleForget = "people.forget", "保存期間を過ぎた退職者の削除";
    /// Changed a 業務区分.
    DivisionChange = "division.change", "業務区分の変更";
    /// Changed one of those whom matters are escalated to.
    VendorChange = "vendor.change", "エスカレーション先の変更";
    /// Changed a 部署 that callers are referred to.
    DepartmentChange = "department.change", "部署の案内先の変更";
    /// Said that something readers missed is mended.
    AttentionDone = "attention.done", "FAQの要対応の処理";
    /// Took the access report out as a file.
    AccessReportExport = "access_report.export", "アクセスレポートの出力";
    /// Changed how long the log of the portal is kept.
    PortalRetentionChange = "portal.retention", "FAQの利用記録の保存期間の変更";
    /// Deleted the part of the portal's log that was kept long enough.
    PortalLogDelete = "portal.delete", "保存期間を過ぎたFAQの利用記録の削除";
    /// Changed what is set for the month's report.
    ReportSettingsChange = "report.settings", "月次報告の設定の変更";
    /// Changed the targets of one's own.
    OwnTargetsChange = "report.own_targets", "自社目標の変更";
    /// Changed what 見通しと要員 is computed with, or the shifts.
    StaffingSettingsChange = "report.staffing", "要員と勤務の設定の変更";
    /// Took a shift plan out as a file.
    ShiftPlanExport = "report.shift_plan", "勤務計画の出力";
    /// Brought months as somebody published them.
    PublishedImport = "report.published", "公表値の取込み";
    /// Entered, corrected or removed a fact of an item that the desk does not measure.
    LevelFactChange = "report.fact", "サービスレベルの事実の記入・訂正";
    /// Wrote, changed or removed a remark of a month.
    RemarkChange = "report.remark", "月次報告の加筆";
    /// Wrote what was asked for at a meeting, or what is done about it.
    InstructionChange = "report.instruction", "指示事項の記入";
    /// Wrote 対策 or 原因区分 of a row of the report.
    RowNoteChange = "report.row_note", "対策・原因区分の記入";
    /// Opened 改善状況報告, or wrote in it.
    ImprovementChange = "report.improvement", "改善状況報告の記入";
    /// Wrote how often work was done that nothing measures.
    WorkCountChange = "report.work", "作業実績の記入";
    /// Wrote how many incidents a month had.
    IncidentCountsChange = "report.incidents", "インシデント件数の記入";
    /// Wrote why sums of a month do not agree.
    CheckReasonChange = "report.check_reason", "突合せの差の理由の記入";
    /// The schedule made the draft of a month.
    ReportDraft = "report.draft", "月次報告の案の作成";
    /// 確定 of an edition.
    ReportFreeze = "report.freeze", "月次報告の確定";
    /// The program noticed that a month differs from its newest edition.
    ReportChanged = "report.changed", "確定後の変更の検知";
    /// 提出, 差戻し or 承認.
    ReportStep = "report.step", "月次報告の提出・差戻し・承認";
    /// Took a book of a month out as a file.
    ReportExport = "report.export", "月次報告の出力";
    /// Looked at the calls or tickets that a figure counts.
    ReportDrill = "report.drill", "月次報告の数値の明細の閲覧";
}

/// One link of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainHash(pub [u8; 32]);

impl ChainHash {
    /// What stands before the first record.
    pub const START: Self = Self([0; 32]);

    /// As 64 hexadecimal digits.
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }

    /// Reads 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// The hash of a record that comes after the one with this hash. The texts are those that
    /// are stored, each with its length in front, so that no two records give the same input.
    pub fn next(self, seq: i64, at: i64, texts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(seq.to_be_bytes());
        hash.update(at.to_be_bytes());
        for text in texts {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        }
        Self(hash.finalize().into())
    }
}

/// The fields that differ, as they were and as they are.
pub fn changed(before: &Fields, after: &Fields) -> (Fields, Fields) {
    let differs = |one: &Fields, other: &Fields| {
        one.iter()
            .filter(|(name, value)| other.get(*name) != Some(value))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    (differs(before, after), differs(after, before))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_record_counts_in_its_hash() {
        let start = ChainHash::START;
        let hash = start.next(1, 5, &["ab", "c"]);
        assert_ne!(hash, start.next(2, 5, &["ab", "c"]));
        assert_ne!(hash, start.next(1, 6, &["ab", "c"]));
        assert_ne!(hash, start.next(1, 5, &["a", "bc"]));
        assert_ne!(hash, hash.next(1, 5, &["ab", "c"]));
        assert_eq!(ChainHash::from_hex(&hash.to_hex()), Some(hash));
        assert_eq!(ChainHash::from_hex("zz"), None);
    }

    #[test]
    fn only_what_changed_is_told() {
        let fields = |pairs: &[(&str, &str)]| -> Fields {
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect()
        };
        let (before, after) = changed(
            &fields(&[("a", "1"), ("b", "2")]),
            &fields(&[("a", "1"), ("b", "3"), ("c", "4")]),
        );
        assert_eq!(before, fields(&[("b", "2")]));
        assert_eq!(after, fields(&[("b", "3"), ("c", "4")]));
    }
}
