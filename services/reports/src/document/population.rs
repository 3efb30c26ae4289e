//! By which instant what is counted belongs to its month.

use madoguchi_core::named;
use serde::{Deserialize, Serialize};

named! {
    /// By which instant what is counted belongs to its month.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    pub enum Population {
        /// Calls, by their arrival.
        Arrived = "arrived", "着信月";
        /// Tickets, by 受付日時.
        Received = "received", "受付月";
        /// What happened in the month (エスカレーション, 完了, 再開), whenever its ticket came.
        Happened = "happened", "発生月";
        /// What there was at an instant (未完了 at the end of the month).
        Standing = "standing", "時点";
        /// What was entered or published.
        Stated = "stated", "記入";
        /// What is expected (予測).
        Expected = "expected", "予測";
    }
}
