//! 問合せ管理台帳 of a predecessor as a table that somebody brings: rows under a head become tickets. What
//! is wrong names its row and column, and everything else is taken. The number that a matter had there
//! makes it the same ticket however often the ledger comes.

mod dates;
mod mapping;
mod row;
mod steps;
mod words;

pub use self::dates::read_date_time;
pub use self::mapping::{Columns, LEDGER_NAME_LETTERS, LedgerField, Mapping};
pub use self::row::{LedgerTicket, TakenRow};
pub use self::steps::{Step, first_steps, next_steps, ticket_id};
pub use self::words::LedgerWords;
