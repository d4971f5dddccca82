//! Counts what comes off the wire, and ends a connection that brings too much.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes of a TLS handshake, a proxy's answer, informational responses and the response's header, together. Certificate chains
/// have 3 to 10 KiB, headers 1 to 4 KiB.
const BEFORE_BODY: usize = 128 << 10;

/// Bytes beside a body and its framing: TLS's records and tickets, chunk sizes, trailers.
const BESIDE_BODY: usize = 64 << 10;

/// What one exchange may still read. Shared by the meter, which spends it, and the client, which adds to it.
#[derive(Clone)]
pub(super) struct Budget(Arc<Left>);

struct Left {
    bytes: AtomicUsize,
    is_spent: AtomicBool,
}

impl Default for Budget {
    fn default() -> Self {
        Self(Arc::new(Left { bytes: AtomicUsize::new(BEFORE_BODY), is_spent: AtomicBool::new(false) }))
    }
}

impl Budget {
    /// Lets a body of that many bytes in, twice: a coding may make it longer, and chunks and records frame it.
    pub(super) fn admit_body(&self, bytes: usize) {
        self.0.bytes.fetch_add(bytes.saturating_mul(2).saturating_add(BESIDE_BODY), Ordering::Relaxed);
    }

    /// Whether more came than was admitted.
    pub(super) fn is_spent(&self) -> bool {
        self.0.is_spent.load(Ordering::Relaxed)
    }

    fn spend(&self, bytes: usize) -> io::Result<()> {
        let spend = |left: usize| left.checked_sub(bytes);
        if self.0.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend).is_ok() {
            return Ok(());
        }
        self.0.is_spent.store(true, Ordering::Relaxed);
        Err(io::Error::other("more bytes than an exchange may have"))
    }
}

/// A stream that spends a budget with what is read from it.
pub(super) struct Meter<S> {
    stream: S,
    budget: Budget,
}

impl<S> Meter<S> {
    pub(super) fn new(stream: S, budget: &Budget) -> Self {
        Self { stream, budget: budget.clone() }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Meter<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        Poll::Ready(self.budget.spend(buffer.filled().len() - before))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Meter<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, BufWriter};

    use super::*;

    #[tokio::test]
    async fn a_stream_ends_in_an_error_with_the_first_byte_too_many() {
        // Small parts, so that a buffer is filled by many reads.
        let (near, mut far) = tokio::io::duplex(1000);
        let budget = Budget::default();
        let mut meter = Meter::new(near, &budget);
        tokio::spawn(async move { far.write_all(&vec![0; BEFORE_BODY + 1]).await });
        meter.read_exact(&mut vec![0; BEFORE_BODY]).await.unwrap();
        assert!(!budget.is_spent());
        assert!(meter.read_u8().await.is_err());
        assert!(budget.is_spent());
    }

    #[tokio::test]
    async fn a_body_has_twice_its_length_and_what_lies_beside_it() {
        let (near, mut far) = tokio::io::duplex(1 << 20);
        let budget = Budget::default();
        let mut meter = Meter::new(near, &budget);
        budget.admit_body(1000);
        let admitted = BEFORE_BODY + 2000 + (64 << 10);
        far.write_all(&vec![0; admitted + 1]).await.unwrap();
        meter.read_exact(&mut vec![0; admitted]).await.unwrap();
        assert!(meter.read_u8().await.is_err());
    }

    #[tokio::test]
    async fn what_is_written_passes_and_is_not_counted() {
        let (near, mut far) = tokio::io::duplex(1 << 20);
        let budget = Budget::default();
        let mut meter = Meter::new(near, &budget);
        meter.write_all(&vec![7; 2 * BEFORE_BODY]).await.unwrap();
        meter.shutdown().await.unwrap();
        let mut received = Vec::new();
        far.read_to_end(&mut received).await.unwrap();
        assert_eq!(received, vec![7; 2 * BEFORE_BODY]);
        assert!(!budget.is_spent());

        let (near, mut far) = tokio::io::duplex(1 << 20);
        let mut meter = Meter::new(BufWriter::new(near), &budget);
        meter.write_all(b"x").await.unwrap();
        meter.flush().await.unwrap();
        assert_eq!(far.read_u8().await.unwrap(), b'x');
    }
}
