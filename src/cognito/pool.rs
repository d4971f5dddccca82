//! A user pool, by its id: everything that AWS derives from it.

use serde_json::Value;

use crate::json::FromJson;

/// Longest pool id that AWS allows, in characters.
const MAX_POOL_ID: usize = 55;

/// A user pool id: `<region>_<alphanumerics>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserPoolId {
    id: String,
    region: Region,
}

/// An AWS region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    name: String,
    partition: Partition,
}

/// A part of AWS that shares nothing with the others but the software: hosts are named differently in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Partition {
    /// `aws`.
    Commercial,
    /// `aws-us-gov`: FIPS endpoints only, for prefix domains.
    GovCloud,
    /// `aws-eusc`.
    EuSovereignCloud,
    /// `aws-cn`.
    China,
    /// `aws-iso` and its kin.
    Isolated,
}

/// Not a user pool id, or not a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid;

/// Which of its issuers a pool puts into its tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename_all = "snake_case"))]
pub enum IssuerKind {
    /// Either one: a pool that is being switched over keeps working.
    #[cfg_attr(test, schemars(title = "Either"))]
    #[default]
    Either,
    /// `https://cognito-idp.REGION.amazonaws.com/POOL`, a pool's default.
    #[cfg_attr(test, schemars(title = "Original"))]
    Original,
    /// `https://issuer-cognito-idp.REGION.amazonaws.com/POOL`, for pools that were switched to it.
    #[cfg_attr(test, schemars(title = "Updated"))]
    Updated,
}

impl FromJson for IssuerKind {
    fn from_json(value: Value) -> Option<Self> {
        match value.as_str()? {
            "either" => Some(Self::Either),
            "original" => Some(Self::Original),
            "updated" => Some(Self::Updated),
            _ => None,
        }
    }
}

impl Region {
    /// Reads a region's name, such as `eu-west-1` or `us-gov-west-1`.
    ///
    /// # Errors
    /// Not of that form.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let (words, number) = text.rsplit_once('-').ok_or(Invalid)?;
        let is_word = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_lowercase);
        let is_number = (1..=2).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        let mut words = words.as_bytes().split(|byte| *byte == b'-');
        if is_number && (2..=4).contains(&words.clone().count()) && words.all(is_word) && text.len() <= 32 {
            Ok(Self { name: text.to_owned(), partition: Partition::of(text) })
        } else {
            Err(Invalid)
        }
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// The part of AWS that it belongs to.
    #[must_use]
    pub fn partition(&self) -> Partition {
        self.partition
    }

    fn dns_suffix(&self) -> &'static str {
        if self.partition == Partition::China { "amazonaws.com.cn" } else { "amazonaws.com" }
    }
}

impl Partition {
    /// By a region's name: there is no list of regions that stays whole.
    fn of(region: &str) -> Self {
        let begins = |prefix: &str| region.starts_with(prefix);
        if begins("us-gov-") {
            Self::GovCloud
        } else if begins("eusc-") {
            Self::EuSovereignCloud
        } else if begins("cn-") {
            Self::China
        } else if region.split_once('-').is_some_and(|(_, rest)| rest.starts_with("iso")) {
            Self::Isolated
        } else {
            Self::Commercial
        }
    }
}

impl UserPoolId {
    /// Reads a pool id.
    ///
    /// # Errors
    /// Not of the form `<region>_<alphanumerics>`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let (region, rest) = text.split_once('_').ok_or(Invalid)?;
        let is_sound = !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_sound || text.len() > MAX_POOL_ID {
            return Err(Invalid);
        }
        Ok(Self { id: text.to_owned(), region: Region::parse(region)? })
    }

    /// As it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.id
    }

    /// The region of its name.
    #[must_use]
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The issuer that the pool's metadata is asked from: the original one, unless the pool was switched.
    #[must_use]
    pub fn discovery_issuer(&self, kind: IssuerKind) -> String {
        match kind {
            IssuerKind::Either | IssuerKind::Original => self.original_issuer(&self.region),
            IssuerKind::Updated => self.updated_issuer(&self.region),
        }
    }

    /// Every issuer that a token of this pool may name: a closed list, made from the pool id, without a trailing slash.
    ///
    /// The original issuer of a pool that is replicated names the region that answered; the updated one always the pool's own.
    #[must_use]
    pub fn issuers(&self, kind: IssuerKind, additional_regions: &[Region]) -> Vec<String> {
        let mut issuers = Vec::new();
        if kind != IssuerKind::Updated {
            issuers.push(self.original_issuer(&self.region));
        }
        if kind != IssuerKind::Original {
            issuers.push(self.updated_issuer(&self.region));
        }
        if kind != IssuerKind::Updated {
            issuers.extend(additional_regions.iter().map(|region| self.original_issuer(region)));
        }
        issuers
    }

    fn original_issuer(&self, region: &Region) -> String {
        self.issuer_at("https://cognito-idp.", region)
    }

    fn updated_issuer(&self, region: &Region) -> String {
        self.issuer_at("https://issuer-cognito-idp.", region)
    }

    fn issuer_at(&self, host: &str, region: &Region) -> String {
        [host, &region.name, ".", region.dns_suffix(), "/", &self.id].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_pool_id_names_its_region() {
        for (id, region) in [
            ("eu-west-1_AbCdEf123", "eu-west-1"),
            ("us-gov-west-1_x", "us-gov-west-1"),
            ("ap-southeast-2_0", "ap-southeast-2"),
            ("cn-north-1_Ab", "cn-north-1"),
        ] {
            let pool = UserPoolId::parse(id).unwrap();
            assert_eq!((pool.as_str(), pool.region().as_str()), (id, region));
        }
    }

    #[test]
    fn what_could_reach_another_host_is_no_pool_id() {
        for id in [
            "",
            "_x",
            "eu-west-1",
            "eu-west-1_",
            "eu-west-1_a/b",
            "eu-west-1_a.b",
            "eu-west-1_a_b",
            "eu-west-1_ä",
            "eu.west-1_a",
            "evil.example/-1_a",
            "euwest1_a",
            "eu-1_a",
            "eu-west-_a",
            "eu--1_a",
            "EU-west-1_a",
            "eu-west-123_a",
            "a-b-c-d-e-1_a",
            " eu-west-1_a",
            &format!("eu-west-1_{}", "a".repeat(46)),
        ] {
            assert_eq!(UserPoolId::parse(id), Err(Invalid), "{id}");
        }
        assert!(UserPoolId::parse(&format!("eu-west-1_{}", "a".repeat(45))).is_ok());
        assert_eq!(Region::parse(&format!("{}-a-1", "a".repeat(30))), Err(Invalid));
    }

    #[test]
    fn k02_issuers_are_a_closed_list_of_exact_texts() {
        let pool = UserPoolId::parse("eu-west-1_Ab").unwrap();
        let other = Region::parse("us-east-1").unwrap();
        let original = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab";
        let updated = "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab";
        assert_eq!(pool.issuers(IssuerKind::Original, &[]), [original]);
        assert_eq!(pool.issuers(IssuerKind::Updated, &[]), [updated]);
        assert_eq!(
            pool.issuers(IssuerKind::Either, std::slice::from_ref(&other)),
            [original, updated, "https://cognito-idp.us-east-1.amazonaws.com/eu-west-1_Ab"]
        );
        assert_eq!(
            pool.issuers(IssuerKind::Original, std::slice::from_ref(&other)),
            [original, "https://cognito-idp.us-east-1.amazonaws.com/eu-west-1_Ab"]
        );
        assert_eq!(pool.issuers(IssuerKind::Updated, &[other]), [updated], "only the original issuer names a replica");
        assert_eq!(pool.discovery_issuer(IssuerKind::Either), original);
        assert_eq!(pool.discovery_issuer(IssuerKind::Original), original);
        assert_eq!(pool.discovery_issuer(IssuerKind::Updated), updated);
    }

    #[test]
    fn china_has_a_suffix_of_its_own() {
        let pool = UserPoolId::parse("cn-north-1_Ab").unwrap();
        assert_eq!(pool.issuers(IssuerKind::Original, &[]), ["https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_Ab"]);
    }

    #[test]
    fn a_partition_is_known_by_its_regions_names() {
        for (region, partition) in [
            ("us-east-1", Partition::Commercial),
            ("mx-central-1", Partition::Commercial),
            ("us-gov-east-1", Partition::GovCloud),
            ("eusc-de-east-1", Partition::EuSovereignCloud),
            ("cn-northwest-1", Partition::China),
            ("us-iso-east-1", Partition::Isolated),
            ("us-isob-west-1", Partition::Isolated),
            ("eu-isoe-west-1", Partition::Isolated),
        ] {
            assert_eq!(Region::parse(region).unwrap().partition(), partition, "{region}");
        }
        let pool = UserPoolId::parse("eusc-de-east-1_Ab").unwrap();
        assert_eq!(
            pool.issuers(IssuerKind::Original, &[]),
            ["https://cognito-idp.eusc-de-east-1.amazonaws.com/eusc-de-east-1_Ab"]
        );
    }

    proptest! {

        #[test]
        fn k02_a_pool_that_is_accepted_names_amazons_hosts_alone(text in "[a-z]{1,3}(-[a-z]{1,6}){1,3}-[0-9]{1,3}_[A-Za-z0-9]{1,9}|\\PC{0,30}") {
            if let Ok(pool) = UserPoolId::parse(&text) {
                for issuer in pool.issuers(IssuerKind::Either, &[]) {
                    let url = url::Url::parse(&issuer).unwrap();
                    let host = url.host_str().unwrap();
                    prop_assert!(host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn"), "{}", issuer);
                    prop_assert_eq!(url.as_str(), issuer.as_str(), "written as it is compared");
                }
            }
        }
    }
}
