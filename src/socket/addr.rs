//! Names and addresses.

use crate::env::owner::{NO_RUNTIME, OwnerRef};
use crate::platform;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::borrow::ToOwned;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::string::String;
use std::vec::{self, Vec};

/// Whatever stands for one or more socket addresses. Names are looked up by the host's resolver:
/// natively the system's, on the blocking pool.
///
/// Implemented for addresses, pairs of address or name and port, strings `"host:port"`, and slices
/// of addresses. It cannot be implemented elsewhere.
pub trait ToSocketAddrs: resolve::Resolve {}

impl<T: resolve::Resolve + ?Sized> ToSocketAddrs for T {}

/// Looks a name up.
///
/// # Errors
/// If the name is not known, or nobody can be asked.
///
/// # Cancel safety
/// Dropping the future abandons the lookup.
///
/// # Examples
/// ```
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let mut found = creel::net::lookup_host("127.0.0.1:80").await?;
/// assert_eq!(found.next(), Some(([127, 0, 0, 1], 80).into()));
/// # Ok(())
/// # }
/// ```
pub async fn lookup_host<T: ToSocketAddrs>(
    host: T,
) -> io::Result<impl Iterator<Item = SocketAddr>> {
    addresses(host).await
}

/// The addresses that `host` stands for.
pub(crate) async fn addresses(host: impl ToSocketAddrs) -> io::Result<Addresses> {
    host.resolve().await
}

/// Tries the addresses of `host` in turn, until `f` succeeds with one.
pub(crate) async fn try_each<T, F: Future<Output = io::Result<T>>>(
    host: impl ToSocketAddrs,
    f: impl Fn(SocketAddr) -> F,
) -> io::Result<T> {
    let mut last = None;
    for address in addresses(host).await? {
        match f(address).await {
            Ok(result) => return Ok(result),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(no_address))
}

pub(crate) fn no_address() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "the name stands for no address")
}

/// A lookup, done or under way.
pub enum Lookup {
    Done(Addresses),
    Refused(Option<io::Error>),
    UnderWay(platform::Lookup),
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookup").finish_non_exhaustive()
    }
}

/// What a lookup found. One address needs no heap.
#[derive(Debug)]
pub enum Addresses {
    One(Option<SocketAddr>),
    Many(vec::IntoIter<SocketAddr>),
}

impl Iterator for Addresses {
    type Item = SocketAddr;

    fn next(&mut self) -> Option<SocketAddr> {
        match self {
            Self::One(address) => address.take(),
            Self::Many(addresses) => addresses.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Self::One(address) => (usize::from(address.is_some()), Some(address.iter().len())),
            Self::Many(addresses) => addresses.size_hint(),
        }
    }
}

impl Lookup {
    fn one(address: impl Into<SocketAddr>) -> Self {
        Self::Done(Addresses::One(Some(address.into())))
    }

    /// Asks the host for a name.
    #[track_caller]
    fn ask(host: &str, port: u16) -> Self {
        let Some(owner) = OwnerRef::current() else { panic!("{NO_RUNTIME}") };
        match &owner.env().driver {
            Some(driver) => Self::UnderWay(platform::lookup(&**driver, host.to_owned(), port)),
            None => {
                Self::refused(io::ErrorKind::Unsupported, "the host of this runtime has no I/O")
            }
        }
    }

    fn refused(kind: io::ErrorKind, why: &'static str) -> Self {
        Self::Refused(Some(io::Error::new(kind, why)))
    }
}

impl Future for Lookup {
    type Output = io::Result<Addresses>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::Done(addresses) => {
                Poll::Ready(Ok(core::mem::replace(addresses, Addresses::One(None))))
            }
            Self::Refused(error) => Poll::Ready(Err(error.take().expect("polled once"))),
            Self::UnderWay(asking) => {
                let found = ready!(asking.as_mut().poll(cx))?;
                Poll::Ready(Ok(Addresses::Many(found.into_iter())))
            }
        }
    }
}

mod resolve {
    use super::*;

    pub trait Resolve {
        fn resolve(&self) -> Lookup;
    }

    impl<T: Resolve + ?Sized> Resolve for &T {
        fn resolve(&self) -> Lookup {
            (**self).resolve()
        }
    }

    macro_rules! addresses {
        ($($kind:ty),*) => {
            $(impl Resolve for $kind {
                fn resolve(&self) -> Lookup {
                    Lookup::one(*self)
                }
            })*
        };
    }

    addresses!(
        SocketAddr,
        SocketAddrV4,
        SocketAddrV6,
        (IpAddr, u16),
        (Ipv4Addr, u16),
        (Ipv6Addr, u16)
    );

    impl Resolve for [SocketAddr] {
        fn resolve(&self) -> Lookup {
            Lookup::Done(Addresses::Many(Vec::from(self).into_iter()))
        }
    }

    impl Resolve for str {
        fn resolve(&self) -> Lookup {
            match self.parse::<SocketAddr>() {
                Ok(address) => Lookup::one(address),
                Err(_) => match self.rsplit_once(':').map(|(host, port)| (host, port.parse())) {
                    Some((host, Ok(port))) => Lookup::ask(host, port),
                    _ => Lookup::refused(
                        io::ErrorKind::InvalidInput,
                        "an address is written `host:port`, with a port below 65536",
                    ),
                },
            }
        }
    }

    impl Resolve for String {
        fn resolve(&self) -> Lookup {
            self.as_str().resolve()
        }
    }

    impl Resolve for (&str, u16) {
        fn resolve(&self) -> Lookup {
            match self.0.parse::<IpAddr>() {
                Ok(address) => Lookup::one((address, self.1)),
                Err(_) => Lookup::ask(self.0, self.1),
            }
        }
    }

    impl Resolve for (String, u16) {
        fn resolve(&self) -> Lookup {
            (self.0.as_str(), self.1).resolve()
        }
    }
}
