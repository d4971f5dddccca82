//! From a body on the wire to the body that was meant, and no more of it than was asked for.

use std::io::{self, Write};

use flate2::write::GzDecoder;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use crate::network::exchange::FetchError;

/// The content codings that the client asks for (RFC 9110 8.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Identity,
    Gzip,
}

impl Coding {
    /// That of a response. Another than was asked for can't be decoded, so it is an error rather than a body nobody can read.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, FetchError> {
        let mut values = headers.get_all(CONTENT_ENCODING).iter();
        match (values.next().map(|value| value.as_bytes().to_ascii_lowercase()), values.next()) {
            (None, _) => Ok(Self::Identity),
            (Some(value), None) if value == b"identity" => Ok(Self::Identity),
            // RFC 9110 8.4.1.3: a recipient takes the one for the other.
            (Some(value), None) if value == b"gzip" || value == b"x-gzip" => Ok(Self::Gzip),
            _ => Err(FetchError::Other("the body has a coding that wasn't asked for".to_owned())),
        }
    }
}

/// Collects a body.
pub(super) enum Decoder {
    Identity(Capped),
    /// One member (RFC 1952 2.2): what follows it is an error, or a server could have any number of them begun anew.
    Gzip(Box<GzDecoder<Capped>>),
    /// Nothing has come: a response may name a coding and have no body.
    Empty(Coding, usize),
}

impl Decoder {
    /// `max_body` in bytes, decoded.
    pub(super) fn new(coding: Coding, max_body: usize) -> Self {
        Self::Empty(coding, max_body)
    }

    /// Takes the next part of the body.
    pub(super) fn write(&mut self, data: &[u8]) -> Result<(), FetchError> {
        if data.is_empty() {
            return Ok(());
        }
        if let Self::Empty(coding, max) = *self {
            let capped = Capped { bytes: Vec::new(), max };
            *self = match coding {
                Coding::Identity => Self::Identity(capped),
                Coding::Gzip => Self::Gzip(Box::new(GzDecoder::new(capped))),
            };
        }
        match self {
            Self::Identity(capped) => capped.write_all(data),
            Self::Gzip(decoder) => decoder.write_all(data),
            Self::Empty(..) => Ok(()),
        }
        .map_err(|error| undecodable(&error))
    }

    /// The whole body.
    pub(super) fn finish(self) -> Result<Vec<u8>, FetchError> {
        match self {
            Self::Empty(..) => Ok(Vec::new()),
            Self::Identity(capped) => Ok(capped.bytes),
            Self::Gzip(decoder) => decoder.finish().map(|capped| capped.bytes).map_err(|error| undecodable(&error)),
        }
    }
}

fn undecodable(error: &io::Error) -> FetchError {
    // No decoder reports this kind; only the collector does.
    match error.kind() {
        io::ErrorKind::QuotaExceeded => FetchError::TooLarge,
        _ => FetchError::Other("the body could not be decoded".to_owned()),
    }
}

/// Takes so many bytes, and refuses the next.
pub(super) struct Capped {
    bytes: Vec<u8>,
    max: usize,
}

impl Write for Capped {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if data.len() > self.max - self.bytes.len() {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        self.bytes.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::network::testing::gzip;

    fn decode(coding: Coding, max_body: usize, parts: &[&[u8]]) -> Result<Vec<u8>, FetchError> {
        let mut decoder = Decoder::new(coding, max_body);
        parts.iter().try_for_each(|part| decoder.write(part))?;
        decoder.finish()
    }

    #[test]
    fn a_body_arrives_in_parts_and_is_whole() {
        assert_eq!(decode(Coding::Identity, 10, &[b"", b"01234", b"", b"56789"]), Ok(b"0123456789".to_vec()));
        let packed = gzip(b"0123456789");
        let bytes: Vec<&[u8]> = packed.chunks(1).collect();
        assert_eq!(decode(Coding::Gzip, 10, &bytes), Ok(b"0123456789".to_vec()));
        for coding in [Coding::Identity, Coding::Gzip] {
            assert_eq!(decode(coding, 0, &[]), Ok(Vec::new()));
            assert_eq!(decode(coding, 0, &[b""]), Ok(Vec::new()));
        }
        assert_eq!(decode(Coding::Gzip, 0, &[&gzip(b"")]), Ok(Vec::new()));
    }

    #[test]
    fn the_first_byte_too_many_is_one_too_many() {
        assert_eq!(decode(Coding::Identity, 9, &[b"01234", b"56789"]), Err(FetchError::TooLarge));
        assert_eq!(decode(Coding::Gzip, 9, &[&gzip(b"0123456789")]), Err(FetchError::TooLarge));
        assert_eq!(decode(Coding::Gzip, 1000, &[&gzip(&vec![0; 10_000_000])]), Err(FetchError::TooLarge));
    }

    #[test]
    fn what_is_no_single_whole_gzip_member_is_an_error() {
        let broken = Err(FetchError::Other("the body could not be decoded".to_owned()));
        let whole = gzip(b"0123456789");
        let (last, cut) = whole.split_last().unwrap();
        let mut wrong_sum = whole.clone();
        wrong_sum[whole.len() - 8] ^= 1;
        assert_eq!(decode(Coding::Gzip, 1000, &[b"no gzip"]), broken);
        assert_eq!(decode(Coding::Gzip, 1000, &[cut]), broken);
        assert_eq!(decode(Coding::Gzip, 1000, &[&whole[..5]]), broken);
        assert_eq!(decode(Coding::Gzip, 1000, &[cut, &[!last]]), broken);
        assert_eq!(decode(Coding::Gzip, 1000, &[&wrong_sum]), broken);
        assert_eq!(decode(Coding::Gzip, 1000, &[&whole, b"x"]), broken);
        assert_eq!(decode(Coding::Gzip, 1000, &[&whole, &whole]), broken);
    }

    #[test]
    fn a_coding_that_was_not_asked_for_is_an_error() {
        let coding = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CONTENT_ENCODING, HeaderValue::from_static(value));
            }
            Coding::of(&headers).ok()
        };
        assert_eq!(coding(&[]), Some(Coding::Identity));
        assert_eq!(coding(&["identity"]), Some(Coding::Identity));
        for gzip in ["gzip", "GZIP", "x-gzip"] {
            assert_eq!(coding(&[gzip]), Some(Coding::Gzip), "{gzip}");
        }
        for others in [&["br"][..], &["deflate"], &["zstd"], &[""], &["gzip, gzip"], &["gzip", "gzip"], &["identity", "br"]] {
            assert_eq!(coding(others), None, "{others:?}");
        }
    }
}
