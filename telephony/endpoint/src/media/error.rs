//! What can go wrong with the media.

use std::io;
use std::net::IpAddr;

/// Why the media cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// The range holds no port that could be used.
    #[error("RTPのポート範囲 {first}–{last} に使える偶数のポートがありません")]
    NoPorts {
        /// The first port of the range.
        first: u16,
        /// The last one.
        last: u16,
    },
    /// All ports are used, by us or by other programs.
    #[error(
        "RTPのポートが足りません（通話で使用中 {in_use}、ほかのプログラムが使用中 {foreign}）。ポートの範囲を広げてください"
    )]
    PortsExhausted {
        /// How many sessions hold one.
        in_use: usize,
        /// How many could not be had from the system.
        foreign: usize,
    },
    /// The address cannot be listened on.
    #[error("RTPの待受けアドレス {addr} を使えません: {source}")]
    Bind {
        /// The address.
        addr: IpAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The thread cannot start.
    #[error("音声処理を開始できません: {0}")]
    Thread(#[source] io::Error),
    /// The thread has ended.
    #[error("音声処理が停止しています")]
    Stopped,
}
