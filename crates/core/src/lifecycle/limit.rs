//! The limits of an application: how often it may call, and from where.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

use super::status;
use crate::id::ApiId;

/// Limits one application may have.
pub const LIMITS_PER_APPLICATION: usize = 8;
/// APIs one limit may name.
pub const APIS_PER_LIMIT: usize = 64;
/// The longest window of a rate, in seconds; the shortest is one second.
pub const MAX_RATE_WINDOW_SECONDS: u32 = 86_400;
/// The windows a quota may have, in seconds: an hour, a day, seven days, thirty days.
pub const QUOTA_WINDOWS_SECONDS: [u32; 4] = [3_600, 86_400, 604_800, 2_592_000];
/// Networks one application's allow list may have.
pub const NETWORKS_PER_APPLICATION: usize = 64;

status! {
    /// How a limit counts.
    LimitKind {
        /// A token bucket: as many requests at once, and as many again spread over each window.
        Rate = "rate",
        /// So many requests in each window. Windows begin at multiples of their length since 1970.
        Quota = "quota",
    }
}

/// How often an application may call. Nothing but [`Limit::new`] checks the numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How it counts.
    pub kind: LimitKind,
    /// How many requests a window holds.
    pub requests: u32,
    /// How long a window is.
    pub window_seconds: u32,
    /// The APIs whose requests count, all of them together; none means every API.
    pub apis: Vec<ApiId>,
}

/// Why limits are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidLimit {
    /// No request would ever pass.
    NoRequests,
    /// A rate's window is out of its range.
    RateWindow,
    /// A quota's window is none of [`QUOTA_WINDOWS_SECONDS`].
    QuotaWindow,
    /// A list of APIs that is empty, or longer than [`APIS_PER_LIMIT`].
    Apis,
    /// An API named twice.
    RepeatedApi,
    /// More limits than [`LIMITS_PER_APPLICATION`].
    TooMany,
    /// The same limit twice.
    Repeated,
}

impl InvalidLimit {
    /// The member of a limit that is wrong; `None` when it is the list of limits.
    #[must_use]
    pub const fn member(self) -> Option<&'static str> {
        match self {
            Self::NoRequests => Some("requests"),
            Self::RateWindow | Self::QuotaWindow => Some("window_seconds"),
            Self::Apis | Self::RepeatedApi => Some("apis"),
            Self::TooMany | Self::Repeated => None,
        }
    }
}

impl fmt::Display for InvalidLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoRequests => "must be at least 1",
            Self::RateWindow => "must be from 1 to 86400 for a rate",
            Self::QuotaWindow => "must be 3600, 86400, 604800 or 2592000 for a quota",
            Self::Apis => "must name from 1 to 64 APIs, or be left out for every API",
            Self::RepeatedApi => "must name each API once",
            Self::TooMany => "must be at most 8",
            Self::Repeated => "must differ from each other",
        })
    }
}

impl core::error::Error for InvalidLimit {}

impl Limit {
    /// A limit that can be enforced; `apis` is `None` for every API.
    ///
    /// # Errors
    ///
    /// With the first rule that is broken.
    pub fn new(
        kind: LimitKind,
        requests: u32,
        window_seconds: u32,
        apis: Option<Vec<ApiId>>,
    ) -> Result<Self, InvalidLimit> {
        if requests == 0 {
            return Err(InvalidLimit::NoRequests);
        }
        match kind {
            LimitKind::Rate if !(1..=MAX_RATE_WINDOW_SECONDS).contains(&window_seconds) => {
                return Err(InvalidLimit::RateWindow);
            }
            LimitKind::Quota if !QUOTA_WINDOWS_SECONDS.contains(&window_seconds) => {
                return Err(InvalidLimit::QuotaWindow);
            }
            LimitKind::Rate | LimitKind::Quota => {}
        }
        if apis.as_ref().is_some_and(|apis| !(1..=APIS_PER_LIMIT).contains(&apis.len())) {
            return Err(InvalidLimit::Apis);
        }
        let apis = apis.unwrap_or_default();
        if is_repeated(&apis) {
            return Err(InvalidLimit::RepeatedApi);
        }
        Ok(Self { kind, requests, window_seconds, apis })
    }

    /// Whether requests for an API count.
    #[must_use]
    pub fn counts(&self, api: ApiId) -> bool {
        self.apis.is_empty() || self.apis.contains(&api)
    }
}

/// Whether an application may have these limits.
///
/// # Errors
///
/// When there are too many, or the same twice.
pub fn check_limits(limits: &[Limit]) -> Result<(), InvalidLimit> {
    if limits.len() > LIMITS_PER_APPLICATION {
        return Err(InvalidLimit::TooMany);
    }
    if is_repeated(limits) { Err(InvalidLimit::Repeated) } else { Ok(()) }
}

fn is_repeated<T: PartialEq>(items: &[T]) -> bool {
    items.iter().enumerate().any(|(at, item)| items.iter().take(at).any(|known| known == item))
}

/// The bits of an IPv6 address before an IPv4 address that stands in it (RFC 4291 2.5.5.2).
const MAPPED_BITS: u8 = 96;

/// A block of addresses (RFC 4632, RFC 4291).
///
/// An IPv4 block and the IPv6 block of the same addresses, `::ffff:192.0.2.0/120`, are one. A block
/// of IPv6 addresses holds no IPv4 address, `::/0` neither.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    address: Mapped,
    bits: u8,
}

/// Why a text is no block of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidNetwork {
    /// It is not an address, a slash and a length; the length may be missing.
    Form,
    /// The address has bits behind the length.
    HostBits,
}

impl fmt::Display for InvalidNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "must be an IP address or a network such as `192.0.2.0/24`",
            Self::HostBits => "must be the first address of its network",
        })
    }
}

impl core::error::Error for InvalidNetwork {}

impl Network {
    /// Takes the form in which networks travel: an IPv6 address and how many of its bits count.
    /// `None` when there are not so many bits.
    #[must_use]
    pub const fn from_bytes(address: [u8; 16], bits: u8) -> Option<Self> {
        if bits <= 128 { Some(Self { address, bits }) } else { None }
    }

    /// The address, an IPv4 one mapped into IPv6.
    #[must_use]
    pub const fn address(&self) -> &[u8; 16] {
        &self.address
    }

    /// How many bits of the address count.
    #[must_use]
    pub const fn bits(&self) -> u8 {
        self.bits
    }

    /// Whether an address belongs to the network.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.holds(&mapped(address))
    }

    pub(crate) fn holds(&self, address: &Mapped) -> bool {
        let mut left = self.bits;
        let same = address.iter().zip(&self.address).all(|(byte, own)| {
            let differs = (byte ^ own) & !0xff_u8.checked_shr(left.into()).unwrap_or_default();
            left = left.saturating_sub(8);
            differs == 0
        });
        same && (self.bits >= MAPPED_BITS || !is_mapped(address))
    }
}

/// An address as networks know it: sixteen bytes, an IPv4 one mapped (RFC 4291 2.5.5.2).
pub(crate) type Mapped = [u8; 16];

pub(crate) fn mapped(address: IpAddr) -> Mapped {
    match address {
        IpAddr::V4(address) => map_v4(address.octets()),
        IpAddr::V6(address) => address.octets(),
    }
}

pub(crate) const fn map_v4([a, b, c, d]: [u8; 4]) -> Mapped {
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d]
}

fn is_mapped(address: &Mapped) -> bool {
    address.starts_with(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff])
}

/// Reads four decimal numbers. The standard library's parser does so too; it is four times as large
/// in a guest.
pub(crate) fn read_v4(text: &[u8]) -> Option<[u8; 4]> {
    let mut parts = text.split(|byte| *byte == b'.');
    let mut octets = [0; 4];
    for octet in &mut octets {
        let digits = parts.next().filter(|digits| (1..=3).contains(&digits.len()))?;
        if digits.len() > 1 && digits.starts_with(b"0") {
            return None;
        }
        let value = digits.iter().try_fold(0_u16, |value, digit| {
            digit.is_ascii_digit().then(|| value * 10 + u16::from(digit - b'0'))
        });
        *octet = u8::try_from(value?).ok()?;
    }
    parts.next().is_none().then_some(octets)
}

/// Reads an IPv6 address (RFC 4291 2.2), without a zone.
pub(crate) fn read_v6(text: &[u8]) -> Option<Mapped> {
    let mut address = [0; 16];
    // How many bytes are there, and how many of them come before `::`.
    let (mut filled, mut gap) = (0, None);
    let mut rest = text;
    if let Some(after) = rest.strip_prefix(b"::") {
        (gap, rest) = (Some(0), after);
    }
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == b':').unwrap_or(rest.len());
        let (group, after) = rest.split_at_checked(end)?;
        if group.contains(&b'.') {
            let v4 = read_v4(group).filter(|_| after.is_empty())?;
            address.get_mut(filled..filled + 4)?.copy_from_slice(&v4);
            filled += 4;
            break;
        }
        if !(1..=4).contains(&group.len()) {
            return None;
        }
        let value = group.iter().try_fold(0_u16, |value, digit| {
            let digit = char::from(*digit).to_digit(16)?;
            Some(value << 4 | u16::try_from(digit).ok()?)
        });
        address.get_mut(filled..filled + 2)?.copy_from_slice(&value?.to_be_bytes());
        filled += 2;
        rest = match after.strip_prefix(b"::") {
            Some(_) if gap.is_some() => return None,
            Some(after) => {
                gap = Some(filled);
                after
            }
            // A single colon has something behind it.
            None => match after.split_first() {
                Some((_, [])) => return None,
                Some((_, after)) => after,
                None => after,
            },
        };
    }
    match gap {
        None => (filled == 16).then_some(address),
        Some(_) if filled == 16 => None,
        Some(gap) => {
            address.get_mut(gap..)?.rotate_right(16 - filled);
            Some(address)
        }
    }
}

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let (address, length) =
            text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let address: IpAddr = address.parse().map_err(|_| InvalidNetwork::Form)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            None => most,
            Some("0") => 0,
            Some(digits) if digits.starts_with(['0', '+']) => return Err(InvalidNetwork::Form),
            Some(digits) => digits.parse().map_err(|_| InvalidNetwork::Form)?,
        };
        if length > most {
            return Err(InvalidNetwork::Form);
        }
        let bits = length + (128 - most);
        let address = mapped(address);
        let behind = u128::from_be_bytes(address).checked_shl(bits.into()).unwrap_or_default();
        if behind != 0 {
            return Err(InvalidNetwork::HostBits);
        }
        Ok(Self { address, bits })
    }
}

impl fmt::Display for Network {
    /// The one text of the network: with its length, and an IPv4 one as such.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [.., a, b, c, d] = self.address;
        if self.bits >= MAPPED_BITS && is_mapped(&self.address) {
            write!(f, "{}/{}", Ipv4Addr::new(a, b, c, d), self.bits - MAPPED_BITS)
        } else {
            write!(f, "{}/{}", Ipv6Addr::from(self.address), self.bits)
        }
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Network({self})")
    }
}

/// Why a list of networks is refused, and which of them is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidNetworks {
    /// More than [`NETWORKS_PER_APPLICATION`].
    TooMany,
    /// The one at this place is none.
    At(usize, InvalidNetwork),
}

impl fmt::Display for InvalidNetworks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany => f.write_str("must be at most 64"),
            Self::At(_, why) => why.fmt(f),
        }
    }
}

impl core::error::Error for InvalidNetworks {}

/// Reads an allow list: each network once, in the order of their addresses.
///
/// # Errors
///
/// When there are too many, or one is none.
pub fn networks<T: AsRef<str>>(texts: &[T]) -> Result<Vec<Network>, InvalidNetworks> {
    if texts.len() > NETWORKS_PER_APPLICATION {
        return Err(InvalidNetworks::TooMany);
    }
    let mut networks = Vec::with_capacity(texts.len());
    for (at, text) in texts.iter().enumerate() {
        networks.push(text.as_ref().parse().map_err(|why| InvalidNetworks::At(at, why))?);
    }
    networks.sort_unstable();
    networks.dedup();
    Ok(networks)
}

/// The texts of networks, as they are shown and stored.
#[must_use]
pub fn network_texts(networks: &[Network]) -> Vec<String> {
    networks.iter().map(alloc::string::ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use super::*;

    fn api(byte: u8) -> ApiId {
        ApiId::from_bytes([byte; 16])
    }

    #[test]
    fn numbers_out_of_range_are_refused_with_the_member_that_holds_them() {
        use InvalidLimit::{Apis, NoRequests, QuotaWindow, RateWindow, RepeatedApi};
        use LimitKind::{Quota, Rate};
        let made = |kind, requests, window, apis: Option<Vec<ApiId>>| {
            Limit::new(kind, requests, window, apis).err()
        };
        for (kind, requests, window, expected) in [
            (Rate, 1, 1, None),
            (Rate, u32::MAX, 86_400, None),
            (Rate, 0, 1, Some(NoRequests)),
            (Rate, 1, 0, Some(RateWindow)),
            (Rate, 1, 86_401, Some(RateWindow)),
            (Quota, 1, 3_600, None),
            (Quota, 1, 2_592_000, None),
            (Quota, 1, 60, Some(QuotaWindow)),
            (Quota, 0, 3_600, Some(NoRequests)),
        ] {
            assert_eq!(
                made(kind, requests, window, None),
                expected,
                "{kind:?} {requests} {window}"
            );
        }
        assert_eq!(made(Rate, 1, 1, Some(vec![])), Some(Apis));
        assert_eq!(made(Rate, 1, 1, Some(vec![api(1), api(1)])), Some(RepeatedApi));
        let many = |count: u8| (0..count).map(api).collect();
        assert_eq!(made(Rate, 1, 1, Some(many(64))), None);
        assert_eq!(made(Rate, 1, 1, Some(many(65))), Some(Apis));
        assert_eq!(QuotaWindow.member(), Some("window_seconds"));
    }

    #[test]
    fn an_application_has_at_most_eight_limits_each_once() {
        let limit = |requests| Limit::new(LimitKind::Rate, requests, 1, None).unwrap();
        let limits: Vec<_> = (1..=9).map(limit).collect();
        assert_eq!(check_limits(&limits[..8]), Ok(()));
        assert_eq!(check_limits(&limits), Err(InvalidLimit::TooMany));
        assert_eq!(check_limits(&[limit(1), limit(1)]), Err(InvalidLimit::Repeated));
    }

    #[test]
    fn a_limit_counts_the_apis_it_names() {
        let all = Limit::new(LimitKind::Rate, 1, 1, None).unwrap();
        let one = Limit::new(LimitKind::Rate, 1, 1, Some(vec![api(1)])).unwrap();
        assert!(all.counts(api(1)) && all.counts(api(2)));
        assert!(one.counts(api(1)) && !one.counts(api(2)));
    }

    #[test]
    fn a_network_has_one_text() {
        for (text, shown) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("192.0.2.7", "192.0.2.7/32"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
            ("2001:DB8:0::/32", "2001:db8::/32"),
            ("::1", "::1/128"),
            ("::/0", "::/0"),
        ] {
            let network: Network = text.parse().unwrap();
            assert_eq!(network.to_string(), shown);
            assert_eq!(shown.parse(), Ok(network));
            assert_eq!(Network::from_bytes(*network.address(), network.bits()), Some(network));
        }
        for text in [
            "",
            "/",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0.0.0/08",
            "10.0.0/8",
            "::/129",
            "010.0.0.0/8",
            "10.0.0.0/8/8",
            " 10.0.0.0/8",
            "fe80::1%1",
            "localhost",
            "*",
        ] {
            assert_eq!(text.parse::<Network>(), Err(InvalidNetwork::Form), "{text}");
        }
        for text in ["10.0.0.1/8", "0.0.0.1/0", "2001:db8::1/64", "::1/0"] {
            assert_eq!(text.parse::<Network>(), Err(InvalidNetwork::HostBits), "{text}");
        }
        assert_eq!(Network::from_bytes([0; 16], 129), None);
    }

    #[test]
    fn an_address_is_in_its_networks_and_in_no_other() {
        for (network, address, inside) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "::ffff:10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.6", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "203.0.113.9", false),
            ("::ffff:0:0/96", "203.0.113.9", true),
            ("2001:db8::/33", "2001:db8:7fff::", true),
            ("2001:db8::/33", "2001:db8:8000::", false),
            ("::1", "::1", true),
            ("::1", "0.0.0.1", false),
        ] {
            let network: Network = network.parse().unwrap();
            assert_eq!(network.contains(address.parse().unwrap()), inside, "{network} {address}");
        }
    }

    #[test]
    fn addresses_are_read_as_the_standard_library_reads_them() {
        let fragments =
            ["", "0", "1", "255", "256", "00", "ffff", "10000", "g", ":", "::", ".", "1.2.3.4"];
        let mut texts = vec![String::new()];
        for _ in 0..4 {
            let longer =
                |text: &String| fragments.map(|fragment| alloc::format!("{text}{fragment}"));
            texts = texts.iter().flat_map(longer).collect();
        }
        texts.extend(
            [
                "1:2:3:4:5:6:7:8",
                "1:2:3:4:5:6:7::",
                "::2:3:4:5:6:7:8",
                "1::8",
                "1:2:3:4:5:6:7:8:9",
                "1:2:3:4:5:6:1.2.3.4",
                "1:2:3:4:5:6:7:1.2.3.4",
                "::ffff:1.2.3.4",
                "1::2::3",
                ":1",
                "1:",
                "1:2:3:4:5:6:7:8::",
                "::1:2:3:4:5:6:7:8",
                "::1.2.3.4:1",
                "fe80::1%1",
                ":::",
            ]
            .map(Into::into),
        );
        let mut good = 0;
        for text in texts {
            let v6 = text.parse::<Ipv6Addr>().ok().map(|address| address.octets());
            assert_eq!(read_v6(text.as_bytes()), v6, "{text}");
            let v4 = text.parse::<Ipv4Addr>().ok().map(|address| address.octets());
            assert_eq!(read_v4(text.as_bytes()), v4, "{text}");
            good += u32::from(v6.is_some() || v4.is_some());
        }
        assert!(good > 100, "{good}");
    }

    #[test]
    fn a_list_of_networks_is_sorted_and_says_which_one_is_wrong() {
        let read = networks(&["192.0.2.0/24", "10.0.0.0/8", "::ffff:10.0.0.0/104"]).unwrap();
        assert_eq!(network_texts(&read), ["10.0.0.0/8", "192.0.2.0/24"]);
        let wrong = networks(&["10.0.0.0/8", "x"]);
        assert_eq!(wrong, Err(InvalidNetworks::At(1, InvalidNetwork::Form)));
        assert_eq!(networks(&["::1"; 65]), Err(InvalidNetworks::TooMany));
    }
}
