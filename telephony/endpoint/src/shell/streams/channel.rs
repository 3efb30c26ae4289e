//! What a connection is read from and written to: a TCP stream in clear text, or with TLS in it.
//!
//! Nothing here waits: a slow handshake is bytes that have not come yet, as a slow message is.

use std::io::{self, ErrorKind, IoSlice, Read as _, Write as _};
use std::sync::Arc;

use rustls::{ClientConnection, Connection, ServerConnection};
use tokio::io::Interest;
use tokio::net::TcpStream;

use crate::shell::tls::{Contexts, TrunkContext};

/// What TLS may keep of what was handed over and is not sent yet.
const BUFFERED_BYTES: usize = 64 << 10;

/// A stream with or without TLS.
pub(super) struct Channel {
    stream: TcpStream,
    tls: Option<Box<Encryption>>,
}

struct Encryption {
    connection: Connection,
    /// What was decrypted may not have been read to its end.
    unread: bool,
    /// Who connected to us can be proven to be one of these.
    provers: Option<Arc<Contexts>>,
    /// The name of the trunk that we connected to.
    trunk: Option<String>,
}

impl Channel {
    pub(super) fn clear(stream: TcpStream) -> Self {
        at_once(&stream);
        Self { stream, tls: None }
    }

    /// Of whoever connected to us by TLS.
    pub(super) fn accepted(stream: TcpStream, contexts: &Arc<Contexts>) -> io::Result<Self> {
        let server = contexts.server().ok_or(ErrorKind::NotFound)?;
        let connection = ServerConnection::new(server).map_err(io::Error::other)?;
        Ok(Self::encrypted(
            stream,
            connection.into(),
            Some(contexts.clone()),
            None,
        ))
    }

    /// To a trunk that we connected to.
    pub(super) fn connected(stream: TcpStream, trunk: &TrunkContext) -> io::Result<Self> {
        let (config, name) = trunk.client();
        let connection = ClientConnection::new(config, name).map_err(io::Error::other)?;
        let trunk = Some(trunk.name().to_owned());
        Ok(Self::encrypted(stream, connection.into(), None, trunk))
    }

    fn encrypted(
        stream: TcpStream,
        mut connection: Connection,
        provers: Option<Arc<Contexts>>,
        trunk: Option<String>,
    ) -> Self {
        at_once(&stream);
        connection.set_buffer_limit(Some(BUFFERED_BYTES));
        let tls = Encryption {
            connection,
            unread: false,
            provers,
            trunk,
        };
        Self {
            stream,
            tls: Some(Box::new(tls)),
        }
    }

    /// Whether messages can be handed over: there is no handshake, or it has ended well.
    pub(super) fn is_established(&self) -> bool {
        let tls = self.tls.as_ref();
        tls.is_none_or(|tls| !tls.connection.is_handshaking())
    }

    /// Whom the peer's certificate proves it to be, of those who connected to us.
    pub(super) fn proven(&self) -> Option<u64> {
        let tls = self.tls.as_ref()?;
        let shown = tls.connection.peer_certificates()?;
        tls.provers.as_ref()?.proven_by(shown)
    }

    /// The name of the trunk that we connected to, if TLS is spoken with it.
    pub(super) fn trunk(&self) -> Option<&str> {
        self.tls.as_ref()?.trunk.as_deref()
    }

    /// Until there may be something to read, or, if `to_write`, room to write.
    pub(super) async fn ready(&self, to_write: bool) -> io::Result<()> {
        let tls = self.tls.as_ref();
        if tls.is_some_and(|tls| tls.unread) {
            return Ok(());
        }
        let wants_write = tls.is_some_and(|tls| tls.connection.wants_write());
        let interest = if wants_write || to_write && self.is_established() {
            Interest::READABLE | Interest::WRITABLE
        } else {
            Interest::READABLE
        };
        self.stream.ready(interest).await.map(|_| ())
    }

    /// Until there may be room to write.
    pub(super) async fn writable(&self) -> io::Result<()> {
        self.stream.writable().await
    }

    /// Reads messages as far as they have come; [`ErrorKind::WouldBlock`] if there is nothing,
    /// 0 if no more will come.
    pub(super) fn try_read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(tls) = &mut self.tls else {
            return self.stream.try_read(buffer);
        };
        if !tls.unread {
            let read = tls.connection.read_tls(&mut Socket(&self.stream))?;
            let taken = tls.connection.process_new_packets();
            // An answer of the handshake, or why it has failed.
            let flushed = tls.flush(&self.stream);
            taken.map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
            if let Err(error) = flushed
                && error.kind() != ErrorKind::WouldBlock
            {
                return Err(error);
            }
            if read == 0 {
                return Ok(0);
            }
        }
        let read = tls.connection.reader().read(buffer);
        tls.unread = read.as_ref().is_ok_and(|read| *read == buffer.len());
        read
    }

    /// Hands over as much as can be sent soon; [`ErrorKind::WouldBlock`] if what was handed over
    /// before is not sent yet.
    pub(super) fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(tls) = &mut self.tls else {
            return self.stream.try_write(bytes);
        };
        tls.flush(&self.stream)?;
        if tls.connection.is_handshaking() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let written = tls.connection.writer().write(bytes)?;
        match tls.flush(&self.stream) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
            _ => Ok(written),
        }
    }

    /// Sends what TLS itself has to say.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        let Some(tls) = &mut self.tls else {
            return Ok(());
        };
        match tls.flush(&self.stream) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
            _ => Ok(()),
        }
    }

    /// Says that nothing follows, if the peer takes it at once.
    pub(super) fn close(mut self) {
        if let Some(tls) = &mut self.tls {
            tls.connection.send_close_notify();
            // The connection ends either way.
            let _gone = tls.flush(&self.stream);
        }
    }
}

impl Encryption {
    /// Sends what is encrypted; [`ErrorKind::WouldBlock`] if not all of it could be sent.
    fn flush(&mut self, stream: &TcpStream) -> io::Result<()> {
        while self.connection.wants_write() {
            self.connection.write_tls(&mut Socket(stream))?;
        }
        Ok(())
    }
}

/// Small messages are not kept back for others to join them.
fn at_once(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "small messages may be delayed");
    }
}

/// The stream below TLS.
struct Socket<'a>(&'a TcpStream);

impl io::Read for Socket<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}

impl io::Write for Socket<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(parts)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
