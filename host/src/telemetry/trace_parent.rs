//! The caller's place in a trace (W3C Trace Context, Level 1, 3.2).

/// A `traceparent` header that was well-formed: the trace and the span that a call belongs to.
///
/// ```
/// use journey_host::TraceParent;
///
/// let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// let parent = TraceParent::parse(header).ok_or("malformed")?;
/// assert_eq!(parent.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceParent {
    trace_id: String,
    parent_id: String,
    is_sampled: bool,
}

impl TraceParent {
    /// Reads the header. `None` where it is malformed: then the standard has it ignored, and the call begins a trace of its own.
    pub fn parse(header: &str) -> Option<Self> {
        let fields: Vec<&str> = header.split('-').collect();
        let [version, trace_id, parent_id, flags, rest @ ..] = fields.as_slice() else { return None };
        let is_hex = |text: &str, length: usize| {
            text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        let is_id = |text: &str, length| is_hex(text, length) && text.bytes().any(|byte| byte != b'0');
        let is_whole = is_hex(version, 2) && is_id(trace_id, 32) && is_id(parent_id, 16) && is_hex(flags, 2);
        // A later version may add fields; this one has none.
        let ends = rest.is_empty() || *version != "00";
        if !is_whole || *version == "ff" || !ends {
            return None;
        }
        let is_sampled = u8::from_str_radix(flags, 16).is_ok_and(|flags| flags & 1 == 1);
        Some(Self { trace_id: (*trace_id).to_owned(), parent_id: (*parent_id).to_owned(), is_sampled })
    }

    /// 32 hexadecimal digits.
    pub fn trace_id(&self) -> &str {
        &self.trace_id
    }

    /// The caller's span, 16 hexadecimal digits.
    pub fn parent_id(&self) -> &str {
        &self.parent_id
    }

    /// Whether the caller records its part.
    pub fn is_sampled(&self) -> bool {
        self.is_sampled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_exactly_or_ignored() {
        let id = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7";
        for header in [format!("00-{id}-01"), format!("00-{id}-00"), format!("cc-{id}-01-what-the-future-will-be-like")] {
            let parent = TraceParent::parse(&header).unwrap();
            assert_eq!((parent.trace_id(), parent.parent_id()), (&id[..32], &id[33..]), "{header}");
            assert_eq!(parent.is_sampled(), !header.ends_with("-00"), "{header}");
        }
        for header in [
            String::new(),
            format!("ff-{id}-01"),
            format!("00-{id}"),
            format!("00-{id}-01-more"),
            format!("00-{id}-1"),
            format!("00-{}-01", id.to_uppercase()),
            format!(" 00-{id}-01"),
            format!("00-{}-01", id.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32))),
            format!("00-{}-01", id.replace("00f067aa0ba902b7", &"0".repeat(16))),
            format!("00-{}-01", id.replace('4', "g")),
            "é".repeat(55),
        ] {
            assert_eq!(TraceParent::parse(&header), None, "{header}");
        }
    }
}
