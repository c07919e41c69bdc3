//! Which IP addresses belong to whom (the IANA special-purpose registries, RFC 6890 and its updates).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How far away an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// On the public Internet.
    Public,
    /// This machine or the operator's network: allowed where the operator says so.
    Private,
    /// No receiver of anybody: link-local (where clouds keep their metadata), multicast, reserved, documentation,
    /// or one address wrapped into another. Never allowed.
    Nowhere,
}

/// Networks that are not public, as first address and length of the prefix.
const PRIVATE_V4: &[([u8; 4], u32)] = &[
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([172, 16, 0, 0], 12),
    ([192, 168, 0, 0], 16),
];

const NOWHERE_V4: &[([u8; 4], u32)] = &[
    ([0, 0, 0, 0], 8),
    // Alibaba's metadata, inside the range of carriers.
    ([100, 100, 100, 200], 32),
    // Azure's metadata and agent, inside the public space.
    ([168, 63, 129, 16], 32),
    ([169, 254, 0, 0], 16),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];

/// Inside the global unicast space 2000::/3, and not public all the same: protocol assignments with Teredo and
/// ORCHID, documentation, 6to4.
const NOWHERE_V6: &[([u16; 8], u32)] = &[
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
    ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
];

/// How far away an address is.
pub fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => reach_v6(address),
    }
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    let bits = u32::from(address);
    let within = |networks: &[([u8; 4], u32)]| {
        networks.iter().any(|(network, length)| {
            (bits ^ u32::from(Ipv4Addr::from(*network))).leading_zeros() >= *length
        })
    };
    if within(NOWHERE_V4) {
        Reach::Nowhere
    } else if within(PRIVATE_V4) {
        Reach::Private
    } else {
        Reach::Public
    }
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    let first = address.segments()[0];
    // EC2's metadata, inside the unique local space.
    let ec2 = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    if address == ec2 {
        return Reach::Nowhere;
    }
    if address.is_loopback() || first & 0xfe00 == 0xfc00 {
        return Reach::Private;
    }
    let bits = u128::from(address);
    let global = first & 0xe000 == 0x2000;
    let special = NOWHERE_V6.iter().any(|(network, length)| {
        (bits ^ u128::from(Ipv6Addr::from(*network))).leading_zeros() >= *length
    });
    // Everything else is special: unspecified, IPv4-mapped and -compatible, NAT64, link-local, multicast.
    if global && !special { Reach::Public } else { Reach::Nowhere }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIVATE: &[&str] = &[
        "10.0.0.1",
        "100.64.0.1",
        "100.127.255.254",
        "127.0.0.1",
        "127.255.255.255",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "::1",
        "fc00::1",
        "fdff::1",
    ];
    const NOWHERE: &[&str] = &[
        "0.0.0.0",
        "0.1.2.3",
        "169.254.0.1",
        "169.254.169.254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "192.0.2.7",
        "192.88.99.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
        "64:ff9b:1::1",
        "100::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
        "fd00:ec2::254",
        "2001::1",
        "2001:10::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "3fff::1",
        "5f00::1",
        "4000::1",
    ];
    const PUBLIC: &[&str] = &[
        "1.1.1.1",
        "8.8.8.8",
        "100.63.255.255",
        "100.128.0.1",
        "172.15.0.1",
        "172.32.0.1",
        "192.167.255.255",
        "192.169.0.1",
        "198.17.0.1",
        "198.20.0.1",
        "223.255.255.255",
        "2606:4700::1111",
        "2a00:1450:4001::1",
        "2001:4860:4860::8888",
    ];

    #[test]
    fn every_special_range_is_known() {
        let table = [(PRIVATE, Reach::Private), (NOWHERE, Reach::Nowhere), (PUBLIC, Reach::Public)];
        for (addresses, expected) in table {
            for address in addresses {
                assert_eq!(reach(address.parse().unwrap()), expected, "{address}");
            }
        }
    }
}
