//! Addresses, there and back: previews 2 and 3 have the same types under other paths.

/// How many connections shall wait to be accepted: as many as tokio has the system keep. Beyond that they
/// are not refused but tried again after a second, and then after ever longer.
pub(super) const BACKLOG: u32 = 1024;

/// The conversions, for the types that are imported where it stands.
macro_rules! addresses {
    () => {
        pub(super) fn family(address: &SocketAddr) -> IpAddressFamily {
            match address {
                SocketAddr::V4(_) => IpAddressFamily::Ipv4,
                SocketAddr::V6(_) => IpAddressFamily::Ipv6,
            }
        }

        pub(super) fn to_host(address: SocketAddr) -> IpSocketAddress {
            match address {
                SocketAddr::V4(v4) => {
                    let [a, b, c, d] = v4.ip().octets();
                    IpSocketAddress::Ipv4(Ipv4SocketAddress {
                        port: v4.port(),
                        address: (a, b, c, d),
                    })
                }
                SocketAddr::V6(v6) => {
                    let [a, b, c, d, e, f, g, h] = v6.ip().segments();
                    IpSocketAddress::Ipv6(Ipv6SocketAddress {
                        port: v6.port(),
                        flow_info: v6.flowinfo(),
                        address: (a, b, c, d, e, f, g, h),
                        scope_id: v6.scope_id(),
                    })
                }
            }
        }

        pub(super) fn from_host(address: IpSocketAddress) -> SocketAddr {
            match address {
                IpSocketAddress::Ipv4(v4) => {
                    std::net::SocketAddrV4::new(ipv4(v4.address), v4.port).into()
                }
                IpSocketAddress::Ipv6(v6) => std::net::SocketAddrV6::new(
                    ipv6(v6.address),
                    v6.port,
                    v6.flow_info,
                    v6.scope_id,
                )
                .into(),
            }
        }

        pub(super) fn ip_from_host(address: IpAddress) -> std::net::IpAddr {
            match address {
                IpAddress::Ipv4(v4) => ipv4(v4).into(),
                IpAddress::Ipv6(v6) => ipv6(v6).into(),
            }
        }

        fn ipv4((a, b, c, d): (u8, u8, u8, u8)) -> std::net::Ipv4Addr {
            std::net::Ipv4Addr::new(a, b, c, d)
        }

        fn ipv6(
            (a, b, c, d, e, f, g, h): (u16, u16, u16, u16, u16, u16, u16, u16),
        ) -> std::net::Ipv6Addr {
            std::net::Ipv6Addr::new(a, b, c, d, e, f, g, h)
        }
    };
}

pub(super) use addresses;
