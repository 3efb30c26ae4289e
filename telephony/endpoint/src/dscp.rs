//! The mark by which routers tell signalling and voice from other packets (RFC 2474).

use std::net::SocketAddr;

use socket2::Socket;

/// The highest mark: six bits.
pub const DSCP_AT_MOST: u8 = 63;

/// Marks what a socket of the family of `addr` sends. The mark is a wish: a system that does not
/// grant it still carries the packets.
pub(crate) fn mark(socket: &Socket, addr: SocketAddr, dscp: u8) {
    let class = u32::from(dscp.min(DSCP_AT_MOST)) << 2;
    let set = if addr.is_ipv6() {
        socket.set_tclass_v6(class)
    } else {
        socket.set_tos_v4(class)
    };
    if let Err(error) = set {
        tracing::debug!(%error, dscp, "packets are not marked");
    }
}

#[cfg(test)]
mod tests {
    use socket2::{Domain, Type};

    use super::*;

    #[test]
    fn what_a_socket_sends_bears_the_mark() {
        let v4 = Socket::new(Domain::IPV4, Type::DGRAM, None).unwrap();
        mark(&v4, ([127, 0, 0, 1], 0).into(), 46);
        assert_eq!(v4.tos_v4().unwrap(), 0xb8);
        mark(&v4, ([127, 0, 0, 1], 0).into(), 255);
        assert_eq!(v4.tos_v4().unwrap(), 0xfc);
    }
}
