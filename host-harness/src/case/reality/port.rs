//! Ports that stay ours while nobody listens on them.

use core::net::{Ipv4Addr, SocketAddr};
use std::io;
use std::net::TcpListener;

use socket2::{Domain, Socket, Type};

/// A port on loopback. As long as this value lives nobody gets it by chance, and whoever asks for
/// it by number can listen on it; until then, connections are refused.
#[derive(Debug)]
pub(super) struct Port {
    /// Bound, and never listening.
    _holder: Socket,
    address: SocketAddr,
}

impl Port {
    /// One that was free.
    pub(super) fn new() -> io::Result<Self> {
        let holder = bound(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let address = holder.local_addr()?.as_socket();
        let address = address.ok_or_else(|| io::Error::other("a socket without a port"))?;
        Ok(Self { _holder: holder, address })
    }

    pub(super) fn number(&self) -> u16 {
        self.address.port()
    }

    /// Listens; connections are refused again when the listener is gone.
    pub(super) fn listen(&self) -> io::Result<TcpListener> {
        let socket = bound(self.address)?;
        socket.listen(128)?;
        Ok(socket.into())
    }
}

fn bound(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    // Some proxies ask for the one and some for the other.
    socket.set_reuse_address(true)?;
    #[cfg(unix)]
    socket.set_reuse_port(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn a_port_is_open_only_while_somebody_listens() {
        let port = Port::new().unwrap();
        assert_ne!(port.number(), Port::new().unwrap().number());
        for _ in 0..3 {
            assert!(TcpStream::connect(port.address).is_err());
            let listener = port.listen().unwrap();
            assert!(TcpStream::connect(port.address).is_ok());
            drop(listener);
        }
    }
}
