//! A JSON Web Key Set (RFC 7517), read key by key: one bad key doesn't sink the set.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::ALGORITHM;
use super::signature::PublicKey;
use crate::json::Object;
use crate::limit::limit;

limit! {
    /// More keys than any provider rotates through: a longer set is somebody's attempt to keep us busy.
    pub(crate) MAX_KEYS: usize = 100;
    A_NUMBER_OF_KEYS = "expected at most ", " keys";
}

/// The keys of a set that can verify an RS256 signature.
#[derive(Clone, Debug)]
pub struct KeySet(Vec<Key>);

#[derive(Clone, Debug)]
struct Key {
    id: Option<String>,
    modulus: String,
    exponent: String,
    public: PublicKey,
}

/// Why an object isn't a key set; what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejection(pub &'static str);

impl KeySet {
    /// Reads a set, leaving out keys of other types and uses, keys with missing or wrong members, private keys, and keys of
    /// unsound size (RFC 7517 5).
    ///
    /// # Errors
    /// No `keys`, or too many of them.
    pub fn parse(object: &Object) -> Result<Self, Rejection> {
        let keys = object.get("keys").and_then(Value::as_array).ok_or(Rejection("expected `keys` as a list"))?;
        if keys.len() > MAX_KEYS {
            return Err(Rejection(A_NUMBER_OF_KEYS));
        }
        Ok(Self(keys.iter().filter_map(Value::as_object).filter_map(Key::parse).collect()))
    }

    /// Whether it can verify nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key for a token's `kid`. Without one, the only key of the set; a `kid` that names two different keys names none.
    #[must_use]
    pub fn find(&self, key_id: Option<&str>) -> Option<&PublicKey> {
        let mut candidates = self.0.iter().filter(|key| key_id.is_none() || key.id.as_deref() == key_id);
        let first = candidates.next()?;
        let same = |key: &Key| key.modulus == first.modulus && key.exponent == first.exponent;
        candidates.all(same).then_some(&first.public)
    }

    /// A set of what was read, that [`KeySet::parse`] reads again.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let keys: Vec<Value> = self.0.iter().map(Key::to_json).collect();
        json!({ "keys": keys })
    }
}

impl Key {
    fn parse(jwk: &Object) -> Option<Self> {
        let text = |name: &str| jwk.get(name).map(|value| value.as_str());
        let absent_or = |name: &str, expected: &str| text(name).is_none_or(|value| value == Some(expected));
        let verifies = jwk.get("key_ops").is_none_or(|operations| {
            operations.as_array().is_some_and(|operations| operations.iter().any(|operation| operation == "verify"))
        });
        let fits = text("kty")? == Some("RSA")
            && absent_or("use", "sig")
            && absent_or("alg", ALGORITHM)
            && verifies
            // A provider that publishes its private key has lost it.
            && !jwk.contains_key("d");
        if !fits {
            return None;
        }
        let (modulus, exponent) = (text("n")??, text("e")??);
        let decode = |number: &str| URL_SAFE_NO_PAD.decode(number).ok();
        let public = PublicKey::new(&decode(modulus)?, &decode(exponent)?).ok()?;
        let id = match jwk.get("kid") {
            None => None,
            Some(kid) => Some(kid.as_str()?.to_owned()),
        };
        Some(Self { id, modulus: modulus.to_owned(), exponent: exponent.to_owned(), public })
    }

    fn to_json(&self) -> Value {
        let mut jwk = json!({ "kty": "RSA", "n": self.modulus, "e": self.exponent });
        if let (Some(id), Some(members)) = (&self.id, jwk.as_object_mut()) {
            members.insert("kid".to_owned(), Value::from(id.as_str()));
        }
        jwk
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::json::object as json_object;
    use crate::testing::keys;
    use proptest::prelude::*;

    fn set(keys: &[Value]) -> KeySet {
        KeySet::parse(json!({ "keys": keys }).as_object().unwrap()).unwrap()
    }

    fn jwk(kid: Option<&str>, index: usize) -> Value {
        let mut jwk = keys::signing(index).jwk(kid.unwrap_or_default());
        if kid.is_none() {
            jwk.as_object_mut().unwrap().remove("kid");
        }
        jwk
    }

    fn with(name: &str, value: Value) -> Value {
        let mut jwk = jwk(Some("a"), 0);
        jwk[name] = value;
        jwk
    }

    #[test]
    fn k05_a_key_is_found_by_its_id() {
        let set = set(&[jwk(Some("a+/="), 0), jwk(Some("b"), 1)]);
        let signature = URL_SAFE_NO_PAD.encode(keys::signing(1).sign(b"m"));
        let verifies = |key_id| crate::oidc::signature::verify(&signature, b"m", set.find(key_id).unwrap());
        assert!(verifies(Some("b")));
        assert!(!verifies(Some("a+/=")));
        assert!(set.find(Some("c")).is_none());
        assert!(set.find(Some("A+/=")).is_none());
        assert!(set.find(None).is_none(), "two keys and no id");
    }

    #[test]
    fn k05_without_an_id_the_only_key_is_meant() {
        assert!(set(&[jwk(None, 0)]).find(None).is_some());
        assert!(set(&[jwk(Some("a"), 0)]).find(None).is_some());
        assert!(set(&[jwk(None, 0)]).find(Some("a")).is_none());
        assert!(set(&[]).find(None).is_none());
    }

    #[test]
    fn an_id_that_names_two_keys_names_none() {
        assert!(set(&[jwk(Some("a"), 0), jwk(Some("a"), 1)]).find(Some("a")).is_none());
        assert!(set(&[jwk(Some("a"), 0), jwk(Some("a"), 0)]).find(Some("a")).is_some());
        let mut other_exponent = jwk(Some("a"), 0);
        other_exponent["e"] = json!("Aw");
        assert!(set(&[jwk(Some("a"), 0), other_exponent]).find(Some("a")).is_none(), "one modulus, two exponents");
        assert!(set(&[jwk(Some("a"), 0), jwk(Some("a"), 0), jwk(Some("a"), 1)]).find(Some("a")).is_none());
    }

    #[test]
    fn k04_unusable_keys_are_left_out() {
        let ok = |jwk: Value| set(&[jwk]).find(Some("a")).is_some();
        assert!(ok(with("use", json!("sig"))));
        assert!(ok(with("key_ops", json!(["sign", "verify"]))));
        assert!(ok(with("x5c", json!(["?"]))));
        for (name, value) in [
            ("kty", json!("EC")),
            ("kty", json!(null)),
            ("use", json!("enc")),
            ("use", json!(null)),
            ("alg", json!("RS384")),
            ("alg", json!(1)),
            ("key_ops", json!(["encrypt"])),
            ("key_ops", json!("verify")),
            ("d", json!("AQAB")),
            ("n", json!("")),
            ("n", json!("AQAB")),
            ("n", json!(7)),
            ("n", json!("not base64!")),
            ("e", json!("")),
            ("e", json!("AA")),
            ("e", json!("AQ==")),
            ("kid", json!(7)),
        ] {
            assert!(!ok(with(name, value.clone())), "{name} {value}");
        }
        for name in ["kty", "n", "e"] {
            let mut jwk = jwk(Some("a"), 0);
            jwk.as_object_mut().unwrap().remove(name);
            assert!(!ok(jwk), "without {name}");
        }
    }

    #[test]
    fn k04_one_bad_key_does_not_sink_the_set() {
        let set = set(&[json!(1), json!({"kty": "oct"}), with("n", json!("x")), jwk(Some("b"), 1)]);
        assert!(set.find(Some("b")).is_some());
    }

    #[test]
    fn k08_a_key_of_unsound_size_is_left_out() {
        assert!(set(&[keys::short().jwk("a")]).find(Some("a")).is_none());
    }

    #[test]
    fn a_set_has_keys_and_not_too_many() {
        let parse = |value: Value| KeySet::parse(value.as_object().unwrap()).map(|set| set.0.len());
        assert_eq!(parse(json!({})), Err(Rejection("expected `keys` as a list")));
        assert_eq!(parse(json!({"keys": {}})), Err(Rejection("expected `keys` as a list")));
        assert_eq!(parse(json!({"keys": vec![1; 100]})), Ok(0));
        assert_eq!(parse(json!({"keys": vec![1; 101]})), Err(Rejection("expected at most 100 keys")));
    }

    #[test]
    fn what_was_written_is_read_again() {
        let written = set(&[jwk(Some("a"), 0), jwk(None, 1)]).to_json();
        let read = KeySet::parse(written.as_object().unwrap()).unwrap();
        assert!(read.find(Some("a")).is_some());
        assert_eq!(read.to_json(), written);
        assert_eq!(read.0.len(), 2);
    }

    proptest! {

        #[test]
        fn k04_any_set_is_read_or_refused_and_reads_back(
            set in json_object(&["keys", "kty", "use", "alg", "key_ops", "kid", "n", "e", "d"]),
            odd in prop::collection::vec(json_object(&["kty", "use", "alg", "key_ops", "kid", "n", "e", "d"]), 0..3),
        ) {
            let mut set = set;
            let _ = KeySet::parse(&set);
            // Whatever lies beside it, a good key is found.
            let mut keys: Vec<Value> = odd.into_iter().map(Value::Object).collect();
            keys.push(jwk(Some("the good one"), 0));
            set.insert("keys".to_owned(), json!(keys));
            let read = KeySet::parse(&set).unwrap();
            prop_assert!(read.find(Some("the good one")).is_some());
            let written = read.to_json();
            prop_assert_eq!(KeySet::parse(written.as_object().unwrap()).unwrap().to_json(), written);
        }
    }
}
