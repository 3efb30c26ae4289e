//! Who may do what: permissions, the roles that bundle them, and permissions as types.
//!
//! A permission is a unit type ([`ViewBoard`], [`ManageUsers`] …), so that a handler names in its
//! signature what it needs and the compiler carries it; [`Permission`] is the same as a value, for
//! tables and stored scopes.

use std::collections::BTreeSet;
use std::fmt::Debug;

use serde::{Deserialize, Serialize};

use crate::named;

/// A permission as a type.
pub trait Permit: Debug + Send + Sync + 'static {
    /// The same as a value.
    const PERMISSION: Permission;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $label:literal;)+) => {
        named! {
            /// What somebody may be allowed to do.
            #[derive(
                Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
            )]
            pub enum Permission {
                $($(#[$doc])* $name = $text, $label;)+
            }
        }

        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy)]
            pub struct $name;

            impl Permit for $name {
                const PERMISSION: Permission = Permission::$name;
            }
        )+
    };
}

permissions! {
    /// Everybody who is signed in: the own password, second factor, sessions and tokens.
    UseAccount = "account", "自分のアカウントの管理";
    /// The board of the day: figures, queue, agents' states.
    ViewBoard = "board", "応答状況の閲覧";
    /// Figures of any period.
    ReadFigures = "figures", "件数と時間の閲覧";
    /// Single calls with the callers' numbers (personal data).
    ViewCalls = "calls", "通話の記録の閲覧";
    /// The state of the own agent.
    SetOwnState = "own_state", "自分の状態の変更";
    /// The state of any agent.
    SetAnyState = "any_state", "担当者の状態の変更";
    /// The reception calendar.
    ManageCalendar = "calendar", "受付カレンダーの管理";
    /// Lines, phones, trunks, announcements, targets, categories.
    ManageDesk = "desk", "窓口の設定の管理";
    /// Accounts, roles, other people's sessions and tokens.
    ManageUsers = "users", "利用者の管理";
    /// The audit log.
    ReadAudit = "audit", "監査記録の閲覧";
    /// How long audit records are kept.
    ManageRetention = "retention", "記録の保存期間の管理";
    /// Metrics of the running program.
    ReadMetrics = "metrics", "動作指標の閲覧";
    /// The whole knowledge of the desk, with what is not for the portal.
    ReadKnowledge = "knowledge", "ナレッジの検索と閲覧";
    /// Articles of the FAQ.
    EditArticles = "edit_articles", "FAQの編集";
    /// What others wrote is published or withdrawn.
    ApproveArticles = "approve_articles", "FAQの承認";
    /// お知らせ and 障害情報 of the portal.
    ManageNotices = "notices", "お知らせの管理";
    /// 定型文 of the agents.
    ManagePhrases = "phrases", "定型文の管理";
    /// 問合せ: what callers asked and what they were told (personal data).
    HandleTickets = "tickets", "問合せの閲覧と登録";
    /// The directory of those who call: what is brought into it from files (personal data).
    ManagePeople = "people", "職員名簿の管理";
    /// The ledgers of predecessors, which become tickets (personal data).
    ImportTickets = "import_tickets", "前の台帳の取込み";
    /// アクセスレポート
    ReadAccessReport = "access_report", "アクセスレポートの閲覧";
    /// 月次報告: what is written for a month, 確定 and 提出.
    ManageReports = "reports", "月次報告の作成と提出";
    /// What was signalled for a call, word by word (personal data).
    ReadSignals = "signals", "信号の原文の閲覧";
}

named! {
    /// A bundle of permissions that a user is given.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    pub enum Role {
        /// 担当者: takes calls.
        Agent = "agent", "担当者";
        /// 責任者: watches over the desk.
        Supervisor = "supervisor", "責任者";
        /// FAQ 編集者
        FaqEditor = "faq_editor", "FAQ編集者";
        /// FAQ 承認者
        FaqApprover = "faq_approver", "FAQ承認者";
        /// 報告者: hands in the month's report.
        Reporter = "reporter", "報告者";
        /// 監査: reads the audit log, nothing else.
        Auditor = "auditor", "監査";
        /// 管理者: accounts and settings; no personal data by this role alone.
        Administrator = "administrator", "管理者";
    }
}

impl Role {
    /// Whether the role watches over what administrators do.
    pub fn watches(self) -> bool {
        self.permissions().contains(&Permission::ReadAudit)
    }

    /// What the role allows, beside [`Permission::UseAccount`].
    pub fn permissions(self) -> &'static [Permission] {
        use Permission as P;
        match self {
            Self::Agent => &[
                P::ViewBoard,
                P::ReadFigures,
                P::ViewCalls,
                P::SetOwnState,
                P::ReadKnowledge,
                P::HandleTickets,
            ],
            Self::Supervisor => &[
                P::ViewBoard,
                P::ReadFigures,
                P::ViewCalls,
                P::SetOwnState,
                P::SetAnyState,
                P::ManageCalendar,
                P::ReadKnowledge,
                P::ManageNotices,
                P::ManagePhrases,
                P::HandleTickets,
                P::ManagePeople,
                P::ImportTickets,
                P::ReadAccessReport,
                P::ManageReports,
                P::ReadSignals,
            ],
            Self::FaqEditor => &[
                P::ReadKnowledge,
                P::EditArticles,
                P::ManageNotices,
                P::ManagePhrases,
                P::ReadAccessReport,
            ],
            Self::FaqApprover => &[
                P::ReadKnowledge,
                P::EditArticles,
                P::ApproveArticles,
                P::ReadAccessReport,
            ],
            Self::Reporter => &[
                P::ViewBoard,
                P::ReadFigures,
                P::ViewCalls,
                P::HandleTickets,
                P::ReadAccessReport,
                P::ManageReports,
            ],
            Self::Auditor => &[P::ReadAudit],
            Self::Administrator => &[
                P::ViewBoard,
                P::ReadFigures,
                P::ManageCalendar,
                P::ManageDesk,
                P::ManageUsers,
                P::ManageRetention,
                P::ReadMetrics,
            ],
        }
    }
}

/// Why somebody may not be given roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RoleFault {
    /// The role watches over administrators, who cannot give it.
    #[error(
        "監査の役割は、画面では付けられません。窓口を動かしている機械で、madoguchi account role を使って付けてください。"
    )]
    Watches,
    /// Whoever watches over administrators is none.
    #[error("監査と管理者の役割は、同じ人に付けられません。")]
    WatchesThemselves,
}

/// Whether an administrator may change somebody's roles, their own included.
///
/// # Errors
/// [`RoleFault`].
pub fn check_roles(before: &BTreeSet<Role>, after: &BTreeSet<Role>) -> Result<(), RoleFault> {
    if after.difference(before).any(|role| role.watches()) {
        return Err(RoleFault::Watches);
    }
    check_duties(before, after)
}

/// Whether the roles go together, as far as they are new.
///
/// # Errors
/// [`RoleFault::WatchesThemselves`].
pub fn check_duties(before: &BTreeSet<Role>, after: &BTreeSet<Role>) -> Result<(), RoleFault> {
    let watches = after.iter().any(|role| role.watches());
    let is_watched = after.contains(&Role::Administrator);
    if watches && is_watched && before != after {
        return Err(RoleFault::WatchesThemselves);
    }
    Ok(())
}

/// A set of permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Permissions(u32);

impl Permissions {
    /// None at all.
    pub const NONE: Self = Self(0);

    /// What somebody with these roles may do. Whoever has an account may manage it.
    pub fn of_roles(roles: impl IntoIterator<Item = Role>) -> Self {
        let mut all = Self::NONE.with(Permission::UseAccount);
        for role in roles {
            for permission in role.permissions() {
                all = all.with(*permission);
            }
        }
        all
    }

    /// This set and one more.
    #[must_use]
    pub fn with(self, permission: Permission) -> Self {
        Self(self.0 | bit(permission))
    }

    /// This set but for one.
    #[must_use]
    pub fn without(self, permission: Permission) -> Self {
        Self(self.0 & !bit(permission))
    }

    /// What is in both sets.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether the permission is in the set.
    pub fn contains(self, permission: Permission) -> bool {
        self.0 & bit(permission) != 0
    }

    /// The permissions in the set, in the order in which they are shown.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL
            .into_iter()
            .filter(move |permission| self.contains(*permission))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<T: IntoIterator<Item = Permission>>(permissions: T) -> Self {
        permissions.into_iter().fold(Self::NONE, Self::with)
    }
}

fn bit(permission: Permission) -> u32 {
    1 << (permission as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_auditor_reads_the_audit_log_and_nothing_else() {
        let permissions = Permissions::of_roles([Role::Auditor]);
        let all: Vec<_> = permissions.iter().collect();
        assert_eq!(all, [Permission::UseAccount, Permission::ReadAudit]);
    }

    #[test]
    fn the_administrator_sees_neither_personal_data_nor_the_audit_log() {
        let permissions = Permissions::of_roles([Role::Administrator]);
        assert!(!permissions.contains(Permission::ViewCalls));
        assert!(!permissions.contains(Permission::ReadAudit));
    }

    #[test]
    fn administrators_cannot_make_anybody_watch_over_them() {
        use Role::{Administrator, Agent, Auditor, Supervisor};
        let check = |before: &[Role], after: &[Role]| {
            let set = |roles: &[Role]| roles.iter().copied().collect();
            check_roles(&set(before), &set(after))
        };
        assert_eq!(
            check(&[Administrator], &[Administrator, Auditor]),
            Err(RoleFault::Watches)
        );
        assert_eq!(
            check(&[], &[Auditor]),
            Err(RoleFault::Watches),
            "a second account"
        );
        assert_eq!(check(&[Auditor], &[Auditor, Agent]), Ok(()));
        assert_eq!(check(&[Auditor], &[Agent]), Ok(()), "which is recorded");
        let both = Err(RoleFault::WatchesThemselves);
        assert_eq!(check(&[Auditor], &[Auditor, Administrator]), both);
        assert_eq!(check(&[Agent], &[Agent, Administrator, Supervisor]), Ok(()));
    }

    #[test]
    fn roles_add_up_and_names_are_found_again() {
        let both = Permissions::of_roles([Role::Agent, Role::Auditor]);
        assert!(both.contains(Permission::ViewCalls) && both.contains(Permission::ReadAudit));
        for permission in Permission::ALL {
            assert_eq!(Permission::lookup(permission.as_str()), Some(permission));
        }
        for role in Role::ALL {
            assert_eq!(Role::lookup(role.as_str()), Some(role));
        }
    }
}
