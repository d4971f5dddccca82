//! Limits that say themselves once: a number, and what a message says of it.

/// Declares a limit together with the texts that name it, so that none of them can fall behind the number.
///
/// ```text
/// limit! {
///     /// Longest response read, in bytes.
///     MAX_RESPONSE_BYTES: usize = 32 KiB;
///     A_RESPONSE = "expected a response of at most ", "";
/// }
/// ```
macro_rules! limit {
    ($(#[$doc:meta])* $vis:vis $name:ident: $type:ty = $number:literal KiB; $($text_vis:vis $text:ident = $before:literal, $after:literal;)+) => {
        $(#[$doc])*
        $vis const $name: $type = $number * 1024;
        $(
            #[doc = concat!("Says `", stringify!($name), "` in words.")]
            $text_vis const $text: &str = concat!($before, $number, " KiB", $after);
        )+
    };
    ($(#[$doc:meta])* $vis:vis $name:ident: $type:ty = $number:literal; $($text_vis:vis $text:ident = $before:literal, $after:literal;)+) => {
        $(#[$doc])*
        $vis const $name: $type = $number;
        $(
            #[doc = concat!("Says `", stringify!($name), "` in words.")]
            $text_vis const $text: &str = concat!($before, $number, $after);
        )+
    };
}
pub(crate) use limit;

#[cfg(test)]
mod tests;
