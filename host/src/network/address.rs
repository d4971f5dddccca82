//! Which addresses a step's requests may reach: global unicast ones, and nothing that lies inside the operator's network.
//!
//! | form | judged |
//! |---|---|
//! | any, in a range that the operator denies | refused, loopback too |
//! | loopback in its plain form, where the operator allows it | allowed |
//! | IPv4 | refused by the table below, otherwise allowed |
//! | IPv4-mapped `::ffff:0:0/96`, NAT64 `64:ff9b::/96`, 6to4 `2002::/16` | as the IPv4 address inside; loopback never |
//! | other IPv6 | allowed in `2000::/3` but for its special blocks, otherwise refused |
//!
//! Sources: the IANA special-purpose address registries (RFC 6890 and its successors), and what the clouds document as the
//! addresses of their own services. Whatever isn't recognised is refused. A NAT64 prefix of the operator's own (RFC 6052 3.1)
//! can't be told from any other global address: an operator who has one denies it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Why an address is refused. Displays the kind of address, never the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused(&'static str);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} address", self.0)
    }
}

impl std::error::Error for Refused {}

/// A range of addresses in CIDR notation (RFC 4632 3.1, RFC 4291 2.3): `10.20.0.0/16`, `2001:db8::/32`.
///
/// Read strictly: the prefix length must be there, in decimal digits without a leading zero, and no bit may be set beyond it,
/// since `10.20.30.40/16` is as likely a slip as a range. IPv4 ranges are written as IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRange {
    network: IpAddr,
    prefix: u32,
}

impl AddressRange {
    /// Whether the address lies in this range. An IPv4 range holds no IPv6 address, and the reverse.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.network, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => within_v4(address, network, self.prefix),
            (IpAddr::V6(network), IpAddr::V6(address)) => within_v6(address, network, self.prefix),
            _ => false,
        }
    }
}

impl FromStr for AddressRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (network, length) = text.split_once('/').ok_or("expected an address, a slash and a prefix length")?;
        let network: IpAddr = network.parse().map_err(|_| "expected an IPv4 or IPv6 address before the slash")?;
        let (bits, unset) = match network {
            IpAddr::V4(network) => (32, network.to_bits().trailing_zeros()),
            IpAddr::V6(network) => (128, network.to_bits().trailing_zeros()),
        };
        let prefix: u32 = length.parse().map_err(|_| "expected a prefix length after the slash")?;
        if prefix.to_string() != length {
            return Err("expected a prefix length in digits, without a leading zero".to_owned());
        }
        if prefix > bits {
            return Err(format!("expected a prefix length of at most {bits}"));
        }
        if unset < bits - prefix {
            return Err("expected no bit to be set beyond the prefix".to_owned());
        }
        if matches!(network, IpAddr::V6(network) if network.to_ipv4_mapped().is_some()) {
            return Err("expected an IPv4 range to be written as IPv4".to_owned());
        }
        Ok(Self { network, prefix })
    }
}

/// What an operator says about addresses, beside what is refused in any case.
#[derive(Clone, Debug, Default)]
pub(super) struct AddressPolicy {
    pub allow_loopback: bool,
    pub denied: Vec<AddressRange>,
}

impl AddressPolicy {
    /// Judges one address, the one that is then connected to.
    pub(super) fn judge(&self, address: IpAddr) -> Result<(), Refused> {
        let inner = match address {
            IpAddr::V4(_) => None,
            IpAddr::V6(address) => embedded_v4(address),
        };
        let is_denied = |address| self.denied.iter().any(|range| range.contains(address));
        if is_denied(address) || inner.is_some_and(|inner| is_denied(inner.into())) {
            return Err(Refused("denied"));
        }
        if self.allow_loopback && address.is_loopback() {
            return Ok(());
        }
        match (address, inner) {
            (IpAddr::V4(address), _) | (_, Some(address)) => judge_v4(address),
            (IpAddr::V6(address), None) => judge_v6(address),
        }
    }
}

/// The services of a cloud stand before the blocks that they lie in, so that a log names an attempt for what it is.
const REFUSED_V4: &[(Ipv4Addr, u32, &str)] = &[
    // Amazon, Azure, Google, Oracle, OpenStack, DigitalOcean, Hetzner and others.
    (Ipv4Addr::new(169, 254, 169, 254), 32, "cloud metadata"),
    // Amazon ECS and EKS: credentials of a container.
    (Ipv4Addr::new(169, 254, 170, 2), 32, "cloud metadata"),
    (Ipv4Addr::new(169, 254, 170, 23), 32, "cloud metadata"),
    // Scaleway.
    (Ipv4Addr::new(169, 254, 42, 42), 32, "cloud metadata"),
    // Tencent.
    (Ipv4Addr::new(169, 254, 0, 23), 32, "cloud metadata"),
    // Alibaba.
    (Ipv4Addr::new(100, 100, 100, 200), 32, "cloud metadata"),
    // Oracle Cloud at Customer, and Oracle's classic infrastructure.
    (Ipv4Addr::new(192, 0, 0, 192), 32, "cloud metadata"),
    // Azure's host agent (WireServer) and name server: a global address by its looks, and the machine's own host.
    (Ipv4Addr::new(168, 63, 129, 16), 32, "cloud metadata"),
    (Ipv4Addr::new(0, 0, 0, 0), 8, "unspecified"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "carrier-grade NAT"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "loopback"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "link-local"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "private"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "protocol assignment"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "documentation"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "6to4 relay"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "private"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "benchmarking"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "documentation"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "documentation"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "multicast"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved"),
];

fn judge_v4(address: Ipv4Addr) -> Result<(), Refused> {
    match REFUSED_V4.iter().find(|(network, prefix, _)| within_v4(address, *network, *prefix)) {
        Some((_, _, kind)) => Err(Refused(kind)),
        None => Ok(()),
    }
}

/// Inside `2000::/3`; what lies outside has a name only where a log is the better for it.
const REFUSED_V6: &[(Ipv6Addr, u32, &str)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "protocol assignment"),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "documentation"),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "documentation"),
    (Ipv6Addr::UNSPECIFIED, 128, "unspecified"),
    (Ipv6Addr::LOCALHOST, 128, "loopback"),
    // Amazon: metadata, credentials, time and names.
    (Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0), 32, "cloud metadata"),
    // Google.
    (Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254), 128, "cloud metadata"),
    // Oracle.
    (Ipv6Addr::new(0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe), 128, "cloud metadata"),
    // Alibaba.
    (Ipv6Addr::new(0xfd00, 0x100, 0, 0, 0, 0, 0x100, 0x200), 128, "cloud metadata"),
    // Scaleway.
    (Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42), 128, "cloud metadata"),
    // Akamai.
    (Ipv6Addr::new(0xfd00, 0xa9fe, 0xa9fe, 0, 0, 0, 0, 1), 128, "cloud metadata"),
    // OpenStack.
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0xa9fe, 0xa9fe), 128, "cloud metadata"),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, "unique-local"),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, "link-local"),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, "multicast"),
];

fn judge_v6(address: Ipv6Addr) -> Result<(), Refused> {
    if let Some((_, _, kind)) = REFUSED_V6.iter().find(|(network, prefix, _)| within_v6(address, *network, *prefix)) {
        return Err(Refused(kind));
    }
    if within_v6(address, Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3) { Ok(()) } else { Err(Refused("reserved")) }
}

fn within_v4(address: Ipv4Addr, network: Ipv4Addr, prefix: u32) -> bool {
    (address.to_bits() ^ network.to_bits()).leading_zeros() >= prefix
}

fn within_v6(address: Ipv6Addr, network: Ipv6Addr, prefix: u32) -> bool {
    (address.to_bits() ^ network.to_bits()).leading_zeros() >= prefix
}

/// The IPv4 address that a translator or tunnel would deliver to.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return Some(mapped);
    }
    let join = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(join(high, low)),
        [0x2002, high, low, ..] => Some(join(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(policy: &AddressPolicy, address: &str, refused: Option<&'static str>) {
        assert_eq!(policy.judge(address.parse().unwrap()).err(), refused.map(Refused), "{address}");
    }

    #[test]
    fn each_address_is_judged_by_its_kind() {
        let table = [
            ("8.8.8.8", None),
            ("52.29.0.1", None),
            ("99.255.255.255", None),
            ("100.128.0.0", None),
            ("172.15.255.255", None),
            ("172.32.0.0", None),
            ("2600:1f14::1", None),
            ("2001:4860:4860::8888", None),
            ("::ffff:8.8.8.8", None),
            ("64:ff9b::8.8.8.8", None),
            ("2002:808:808::1", None),
            ("168.63.129.15", None),
            ("168.63.129.17", None),
            ("4000::1", Some("reserved")),
            ("0.0.0.0", Some("unspecified")),
            ("0.1.2.3", Some("unspecified")),
            ("10.0.0.1", Some("private")),
            ("10.255.255.255", Some("private")),
            ("100.64.0.1", Some("carrier-grade NAT")),
            ("100.127.255.255", Some("carrier-grade NAT")),
            ("127.0.0.1", Some("loopback")),
            ("127.255.0.1", Some("loopback")),
            ("169.254.1.1", Some("link-local")),
            ("169.254.169.254", Some("cloud metadata")),
            ("172.16.0.1", Some("private")),
            ("172.31.255.255", Some("private")),
            ("192.0.0.170", Some("protocol assignment")),
            ("192.0.0.191", Some("protocol assignment")),
            ("192.0.2.1", Some("documentation")),
            ("192.88.99.1", Some("6to4 relay")),
            ("192.168.1.1", Some("private")),
            ("198.19.0.1", Some("benchmarking")),
            ("198.51.100.1", Some("documentation")),
            ("203.0.113.1", Some("documentation")),
            ("224.0.0.1", Some("multicast")),
            ("239.255.255.255", Some("multicast")),
            ("255.255.255.255", Some("reserved")),
            ("::", Some("unspecified")),
            ("::1", Some("loopback")),
            ("::7f00:1", Some("reserved")),
            ("::8.8.8.8", Some("reserved")),
            ("::ffff:0:8.8.8.8", Some("reserved")),
            ("::ffff:127.0.0.1", Some("loopback")),
            ("::ffff:10.0.0.1", Some("private")),
            ("::ffff:169.254.169.254", Some("cloud metadata")),
            ("64:ff9b::169.254.169.254", Some("cloud metadata")),
            ("64:ff9b::10.0.0.1", Some("private")),
            ("64:ff9b:1::1", Some("reserved")),
            ("2002:7f00:1::1", Some("loopback")),
            ("2002:c0a8:101::1", Some("private")),
            ("2001::1", Some("protocol assignment")),
            ("2001:db8::1", Some("documentation")),
            ("3fff::1", Some("documentation")),
            ("fc00::1", Some("unique-local")),
            ("fd12:3456::1", Some("unique-local")),
            ("fe80::1", Some("link-local")),
            ("fec0::1", Some("reserved")),
            ("ff02::1", Some("multicast")),
            ("100::1", Some("reserved")),
        ];
        for (address, refused) in table {
            check(&AddressPolicy::default(), address, refused);
        }
    }

    #[test]
    fn the_services_of_a_cloud_are_refused_in_each_of_their_forms() {
        for address in [
            "169.254.169.254",
            "169.254.170.2",
            "169.254.170.23",
            "169.254.42.42",
            "169.254.0.23",
            "100.100.100.200",
            "192.0.0.192",
            "168.63.129.16",
        ] {
            let inner: Ipv4Addr = address.parse().unwrap();
            let [a, b, c, d] = inner.octets();
            check(&AddressPolicy::default(), address, Some("cloud metadata"));
            check(&AddressPolicy::default(), &format!("::ffff:{inner}"), Some("cloud metadata"));
            check(&AddressPolicy::default(), &format!("64:ff9b::{inner}"), Some("cloud metadata"));
            check(&AddressPolicy::default(), &format!("2002:{a:02x}{b:02x}:{c:02x}{d:02x}::1"), Some("cloud metadata"));
        }
        for address in [
            "fd00:ec2::254",
            "fd00:ec2::23",
            "fd00:ec2::123",
            "fd00:ec2::253",
            "fd20:ce::254",
            "fd00:c1::a9fe:a9fe",
            "fd00:100::100:200",
            "fd00:42::42",
            "fd00:a9fe:a9fe::1",
            "fe80::a9fe:a9fe",
        ] {
            check(&AddressPolicy::default(), address, Some("cloud metadata"));
        }
    }

    #[test]
    fn loopback_is_allowed_in_its_plain_forms_where_the_operator_said_so() {
        for (address, allowed) in [
            ("127.0.0.1", true),
            ("127.8.8.8", true),
            ("::1", true),
            ("::ffff:127.0.0.1", false),
            ("64:ff9b::127.0.0.1", false),
            ("2002:7f00:1::1", false),
            ("10.0.0.1", false),
            ("169.254.169.254", false),
        ] {
            let policy = AddressPolicy { allow_loopback: true, denied: Vec::new() };
            assert_eq!(policy.judge(address.parse().unwrap()).is_ok(), allowed, "{address}");
        }
    }

    #[test]
    fn a_range_of_the_operators_is_denied_in_every_form_and_before_all_else() {
        let denied = ["8.8.0.0/16", "2600:1f14::/35", "127.0.0.2/32", "2002:101:101::/48"].map(|range| range.parse().unwrap());
        let policy = AddressPolicy { allow_loopback: true, denied: denied.into() };
        for (address, refused) in [
            ("8.7.255.255", None),
            ("8.8.0.0", Some("denied")),
            ("8.8.255.255", Some("denied")),
            ("8.9.0.0", None),
            ("::ffff:8.8.8.8", Some("denied")),
            ("64:ff9b::8.8.8.8", Some("denied")),
            ("2002:808:808::1", Some("denied")),
            ("2002:101:101::1", Some("denied")),
            ("1.1.1.1", None),
            ("2600:1f14:1fff:ffff::1", Some("denied")),
            ("2600:1f14:2000::1", None),
            ("127.0.0.1", None),
            ("127.0.0.2", Some("denied")),
            ("10.0.0.1", Some("private")),
        ] {
            check(&policy, address, refused);
        }
        let everything = ["0.0.0.0/0", "::/0"].map(|range| range.parse().unwrap());
        let policy = AddressPolicy { allow_loopback: true, denied: everything.into() };
        for address in ["8.8.8.8", "127.0.0.1", "2600:1f14::1", "::1"] {
            check(&policy, address, Some("denied"));
        }
    }

    #[test]
    fn a_range_is_read_strictly() {
        for range in ["10.0.0.0/8", "10.20.30.40/32", "0.0.0.0/0", "255.255.255.254/31", "::/0", "2001:db8::/32", "fd00::1/128"] {
            assert!(range.parse::<AddressRange>().is_ok(), "{range}");
        }
        for range in [
            "",
            "10.0.0.0",
            "10.0.0.0/",
            "/8",
            "10.0.0.0/33",
            "10.0.0.0/4294967296",
            "10.0.0.0/-1",
            "10.0.0.0/+8",
            "10.0.0.0/08",
            "10.0.0.0/ 8",
            "10.0.0.0/8 ",
            " 10.0.0.0/8",
            "10.0.0.0/8/8",
            "10.0.0.0/255.0.0.0",
            "10.0.0.1/8",
            "10.0.0.1/31",
            "10.0.0/8",
            "010.0.0.0/8",
            "10/8",
            "example.com/8",
            "2001:db8::/129",
            "2001:db8::1/127",
            "2001:db8::/28",
            "[2001:db8::]/32",
            "fe80::%eth0/64",
            "::ffff:10.0.0.0/104",
        ] {
            assert!(range.parse::<AddressRange>().is_err(), "{range}");
        }
    }
}
