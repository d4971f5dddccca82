//! Texts looked at eight bytes at a time: each turn of a loop has a price of its own in a sandbox that can be interrupted.

/// Eight bytes.
#[derive(Clone, Copy)]
pub(crate) struct Eight(u64);

/// A flag for each of eight bytes: its highest bit.
const FLAGS: u64 = 0x8080_8080_8080_8080;

/// Whether all bytes of a text are sound, where `sound` flags those of eight that are.
pub(crate) fn all(text: &str, sound: impl Fn(Eight) -> u64) -> bool {
    let is_sound = |eight: u64| sound(Eight(eight)) & FLAGS == FLAGS;
    let bytes = text.as_bytes();
    match bytes.last_chunk() {
        // The last eight may overlap those before them.
        Some(last) => {
            let (eights, _) = bytes.as_chunks();
            eights.iter().all(|eight| is_sound(u64::from_le_bytes(*eight))) && is_sound(u64::from_le_bytes(*last))
        }
        // A shorter text, said over and over, has no other bytes.
        None => text.is_empty() || is_sound(bytes.iter().cycle().take(8).fold(0, |eight, byte| eight << 8 | u64::from(*byte))),
    }
}

impl Eight {
    /// Flags bytes of ASCII from `first` to `last`.
    pub(crate) fn within(self, first: u8, last: u8) -> u64 {
        let Self(eight) = self;
        // Without its highest bit no byte carries into the next.
        let at_least = |bound: u8| (eight & !FLAGS).wrapping_add(each(0x80_u8.saturating_sub(bound)));
        at_least(first) & !at_least(last.saturating_add(1)) & !eight & FLAGS
    }

    /// Flags letters and digits of ASCII.
    pub(crate) fn alphanumeric(self) -> u64 {
        // Capitals become small letters, and nothing else does.
        Self(self.0 | each(0x20)).within(b'a', b'z') | self.within(b'0', b'9')
    }
}

fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_byte_is_flagged_as_it_is() {
        for byte in 0..=u8::MAX {
            for place in 0..8 {
                let mut bytes = [0xff; 8];
                bytes[place] = byte;
                let eight = Eight(u64::from_le_bytes(bytes));
                let flag = |flags: u64| flags.to_le_bytes()[place] == 0x80;
                for (first, last) in [(0, 0x1f), (b'!', b'~'), (b'"', b'"'), (b'a', 0x7f), (0x7f, 0x7f), (0, 0x7f)] {
                    assert_eq!(flag(eight.within(first, last)), (first..=last).contains(&byte), "{byte} {first} {last}");
                }
                assert_eq!(flag(eight.alphanumeric()), byte.is_ascii_alphanumeric(), "{byte}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_text_is_sound_where_each_byte_is(text in "[a-z0-9]{0,30}|[a-zA-Z0-9]{0,20}.?[a-z]{0,20}|\\PC{0,30}") {
            prop_assert_eq!(all(&text, Eight::alphanumeric), text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            prop_assert_eq!(all(&text, |eight| eight.within(b'!', b'~')), text.bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert_eq!(all(&text, |eight| !eight.within(0, 0x1f)), text.bytes().all(|byte| byte >= 0x20));
        }
    }
}
