//! The search for viruses: clamd, asked by its INSTREAM command (clamd(8)).

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::pin::pin;
use std::str::FromStr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

/// clamd takes a connection so soon, even while it reads its signatures anew.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// The largest file is looked through so soon.
const SCAN_WITHIN: Duration = Duration::from_secs(60);
const CHUNK_BYTES: usize = 64 * 1024;
/// No answer is longer.
const REPLY_BYTES: u64 = 4 * 1024;
/// What clamd says of files that it could not look through to the end.
const LIMITS: &str = "Heuristics.Limits.Exceeded";

/// Where clamd listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scanner {
    /// `unix:/run/clamav/clamd.ctl`
    Unix(PathBuf),
    /// `host:port`
    Tcp(String),
}

/// What clamd says of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing was found.
    Clean,
    /// The name of what was found.
    Found(String),
    /// It is larger than clamd takes.
    TooLarge,
}

/// Why clamd says nothing of a file.
#[derive(Debug, thiserror::Error)]
pub enum ScanFault {
    /// It cannot be reached, or the connection broke off.
    #[error("clamd cannot be reached: {0}")]
    Io(#[from] io::Error),
    /// It did not answer in time.
    #[error("clamd did not answer in time")]
    Slow,
    /// It said something else.
    #[error("clamd said: {0}")]
    Odd(String),
}

/// Not an address of a scanner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unix:/ソケットのパス か、host:port の形で書いてください")]
pub struct ScannerFault;

impl FromStr for Scanner {
    type Err = ScannerFault;

    fn from_str(text: &str) -> Result<Self, ScannerFault> {
        if let Some(path) = text.strip_prefix("unix:") {
            let path = PathBuf::from(path);
            return if path.is_absolute() {
                Ok(Self::Unix(path))
            } else {
                Err(ScannerFault)
            };
        }
        let (host, port) = text.rsplit_once(':').ok_or(ScannerFault)?;
        let port: u16 = port.parse().map_err(|_| ScannerFault)?;
        if host.is_empty() || port == 0 || text.contains(char::is_whitespace) {
            return Err(ScannerFault);
        }
        Ok(Self::Tcp(text.to_owned()))
    }
}

impl fmt::Display for Scanner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(address) => f.write_str(address),
        }
    }
}

impl Scanner {
    /// Has a file looked through.
    ///
    /// # Errors
    /// [`ScanFault`]; then nothing is known of the file.
    pub async fn scan(&self, content: &[u8]) -> Result<Verdict, ScanFault> {
        let asked = self.ask(Question::File(content));
        let reply = timeout(SCAN_WITHIN, asked).await;
        verdict(&reply.map_err(|_| ScanFault::Slow)??)
    }

    /// What clamd calls itself and its signatures.
    ///
    /// # Errors
    /// [`ScanFault`].
    pub async fn version(&self) -> Result<String, ScanFault> {
        let asked = timeout(CONNECT_WITHIN, self.ask(Question::Version));
        let reply = asked.await.map_err(|_| ScanFault::Slow)??;
        if reply.starts_with("ClamAV") {
            Ok(reply)
        } else {
            Err(ScanFault::Odd(reply))
        }
    }

    async fn ask(&self, question: Question<'_>) -> Result<String, ScanFault> {
        match self {
            Self::Unix(path) => {
                let stream = connected(UnixStream::connect(path)).await?;
                converse(stream, question).await
            }
            Self::Tcp(address) => {
                let stream = connected(TcpStream::connect(address)).await?;
                converse(stream, question).await
            }
        }
    }
}

/// What clamd is asked.
#[derive(Clone, Copy)]
enum Question<'a> {
    Version,
    File(&'a [u8]),
}

async fn connected<S>(connecting: impl Future<Output = io::Result<S>>) -> Result<S, ScanFault> {
    let connected = timeout(CONNECT_WITHIN, connecting).await;
    Ok(connected.map_err(|_| ScanFault::Slow)??)
}

/// Asks, and reads the reply. clamd replies before it has all of a file that is too large, and closes.
async fn converse(
    stream: impl AsyncRead + AsyncWrite,
    question: Question<'_>,
) -> Result<String, ScanFault> {
    let (reader, mut writer) = tokio::io::split(stream);
    let mut reply = pin!(reply(reader));
    let sending = send(&mut writer, question);
    let sent = tokio::select! {
        biased;
        reply = &mut reply => return reply,
        sent = sending => sent,
    };
    match (reply.await, sent) {
        (Ok(reply), _) => Ok(reply),
        (Err(_), Err(error)) => Err(error.into()),
        (Err(fault), Ok(())) => Err(fault),
    }
}

async fn send(writer: &mut (impl AsyncWrite + Unpin), question: Question<'_>) -> io::Result<()> {
    match question {
        Question::Version => writer.write_all(b"zVERSION\0").await?,
        Question::File(content) => {
            writer.write_all(b"zINSTREAM\0").await?;
            for chunk in content.chunks(CHUNK_BYTES) {
                let length = u32::try_from(chunk.len()).map_err(io::Error::other)?;
                writer.write_all(&length.to_be_bytes()).await?;
                writer.write_all(chunk).await?;
            }
            writer.write_all(&[0; 4]).await?;
        }
    }
    writer.flush().await
}

async fn reply(reader: impl AsyncRead + Unpin) -> Result<String, ScanFault> {
    let mut reader = reader.take(REPLY_BYTES);
    let mut bytes = Vec::new();
    while !bytes.contains(&0) {
        if reader.read_buf(&mut bytes).await? == 0 {
            break;
        }
    }
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    let text = String::from_utf8_lossy(text).trim().to_owned();
    if text.is_empty() {
        return Err(ScanFault::Io(io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(text)
}

fn verdict(reply: &str) -> Result<Verdict, ScanFault> {
    if reply.starts_with("INSTREAM size limit exceeded") {
        return Ok(Verdict::TooLarge);
    }
    let said = reply.strip_prefix("stream: ");
    match said {
        Some("OK") => Ok(Verdict::Clean),
        Some(said) => match said.strip_suffix(" FOUND") {
            Some(name) if name.starts_with(LIMITS) => Ok(Verdict::TooLarge),
            Some(name) => Ok(Verdict::Found(name.to_owned())),
            None => Err(ScanFault::Odd(reply.to_owned())),
        },
        None => Err(ScanFault::Odd(reply.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_a_socket_or_of_a_port() {
        for good in [
            "unix:/run/clamav/clamd.ctl",
            "127.0.0.1:3310",
            "[::1]:3310",
            "clamd:3310",
        ] {
            let scanner: Scanner = good.parse().unwrap();
            assert_eq!(scanner.to_string(), good);
        }
        for bad in [
            "",
            "unix:",
            "unix:clamd.ctl",
            "clamd",
            ":3310",
            "clamd:0",
            "a b:1",
            "clamd:x",
        ] {
            assert_eq!(bad.parse::<Scanner>(), Err(ScannerFault), "{bad}");
        }
    }

    #[test]
    fn only_what_clamd_says_plainly_is_believed() {
        let said = |reply: &str| verdict(reply).ok();
        assert_eq!(said("stream: OK"), Some(Verdict::Clean));
        let found = Verdict::Found("Eicar-Test-Signature".to_owned());
        assert_eq!(said("stream: Eicar-Test-Signature FOUND"), Some(found));
        for too_large in [
            "INSTREAM size limit exceeded. ERROR",
            "stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND",
        ] {
            assert_eq!(said(too_large), Some(Verdict::TooLarge), "{too_large}");
        }
        for odd in [
            "stream: Can't allocate memory ERROR",
            "OK",
            "UNKNOWN COMMAND",
            "stream: ",
        ] {
            assert_eq!(said(odd), None, "{odd}");
        }
    }

    #[tokio::test]
    async fn one_that_breaks_off_or_says_nothing_has_said_nothing() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let scanner = Scanner::Tcp(listener.local_addr().unwrap().to_string());
        let gone = tokio::spawn(async move { listener.accept().await.map(drop) });
        assert!(scanner.scan(&[7; 1 << 20]).await.is_err());
        gone.await.unwrap().unwrap();
        assert!(scanner.scan(b"x").await.is_err(), "nobody listens any more");
    }
}
