//! What the operator may write so that more is counted. It is told, and never taken for granted: only they know
//! whose numbers these are.

use std::collections::BTreeMap;

use madoguchi_observe::calls::Certainty;
use madoguchi_observe::counting::Unnamed;
use madoguchi_observe::recount::Counted;

use crate::mask;

/// Digits of a number that nobody has within a PBX.
const DIGITS_OUTSIDE: usize = 7;
/// Rows of the table.
const ROWS_AT_MOST: usize = 30;

/// What may be written about a call of which no setting says what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum WhereToWrite {
    /// It may be a leg of several calls.
    JoiningHeader,
    /// An agent's phone, and nobody who called.
    OutsideSignals,
    /// From a full number: the called one may be a line's.
    LineNumber,
    /// From a short one: that may be an agent's.
    Extension,
}

impl WhereToWrite {
    pub(super) fn of(one: &Counted) -> Self {
        let digits = one.seen.from.bytes().filter(u8::is_ascii_digit).count();
        match one.seen.certainty {
            Certainty::Unknown => Self::JoiningHeader,
            _ if one.is_lone_leg => Self::OutsideSignals,
            _ if one.is_from_trunk || digits == 0 || digits >= DIGITS_OUTSIDE => Self::LineNumber,
            _ => Self::Extension,
        }
    }

    pub(super) fn text(self) -> &'static str {
        match self {
            Self::JoiningHeader => {
                "複数の通話の脚に見えます。結び付けるヘッダーが信号にあれば、「1件の通話の脚どうしを結ぶヘッダー」へ"
            }
            Self::OutsideSignals => {
                "担当者の電話機への脚だけが見えます。電話会社と交換機の間の信号も観測してください"
            }
            Self::LineNumber => {
                "外からの着信なら、かけた番号を「回線に加える番号」へ、送り元を「電話会社の側のアドレス」へ"
            }
            Self::Extension => "発信者が内線なら、その番号を「担当者のほかの内線」へ",
        }
    }
}

/// Those who answered though no setting names them.
pub(super) struct UnnamedRow {
    pub(super) number: String,
    pub(super) count: usize,
    /// How it is counted.
    pub(super) seen: &'static str,
    /// What to do about it.
    pub(super) write: &'static str,
}

/// The commonest first.
pub(super) fn unnamed_rows(counted: &[Counted]) -> Vec<UnnamedRow> {
    let mut counts: BTreeMap<&Unnamed, usize> = BTreeMap::new();
    for unnamed in counted.iter().flat_map(|one| &one.unnamed) {
        *counts.entry(unnamed).or_default() += 1;
    }
    let mut rows: Vec<_> = counts.into_iter().collect();
    rows.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let rows = rows.into_iter().take(ROWS_AT_MOST);
    rows.map(|(unnamed, count)| UnnamedRow {
        number: mask::numbers(&unnamed.number),
        count,
        seen: if unnamed.is_machine {
            "呼び出さずに取ったか、ほかの電話へつないだ"
        } else {
            "呼び出してから取った"
        },
        write: if unnamed.is_machine {
            "待ち行列、録音などの番号なら、「通話ではない番号」へ。電話機なら、「担当者のほかの内線」へ"
        } else {
            "担当者の電話機なら、「担当者のほかの内線」へ。待ち行列などの番号なら、「通話ではない番号」へ"
        },
    })
    .collect()
}
