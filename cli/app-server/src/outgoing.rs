//! Lines on their way to a client: in order, and no more in memory than a client may leave unread.

use std::sync::Arc;

use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// Bytes that wait for a client to read. A longer line waits until it is alone.
const ROOM: u32 = 4 << 20;

/// Sender of lines to one client. Clones send to the same one.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    lines: mpsc::UnboundedSender<(Arc<str>, OwnedSemaphorePermit)>,
    room: Arc<Semaphore>,
}

/// Error of a line to a client that is gone.
#[derive(Debug)]
pub(crate) struct Gone;

/// Receiver of the lines.
pub(crate) struct Lines(mpsc::UnboundedReceiver<(Arc<str>, OwnedSemaphorePermit)>, Arc<Semaphore>);

/// Makes the two ends of a queue.
pub(crate) fn queue() -> (Outgoing, Lines) {
    let (lines, receiver) = mpsc::unbounded_channel();
    let room = Arc::new(Semaphore::new(ROOM as usize));
    (Outgoing { lines, room: room.clone() }, Lines(receiver, room))
}

impl Outgoing {
    /// Sends a line, with its end. Waits until there is room for it. Lines of one task keep their
    /// order.
    pub(crate) async fn send(&self, line: impl Into<Arc<str>>) -> Result<(), Gone> {
        let line = line.into();
        let bytes = u32::try_from(line.len()).unwrap_or(u32::MAX).min(ROOM);
        let permit = self.room.clone().acquire_many_owned(bytes).await.map_err(|_| Gone)?;
        self.lines.send((line, permit)).map_err(|_| Gone)
    }

    /// Returns when the client is gone.
    pub(crate) async fn gone(&self) {
        self.lines.closed().await;
    }
}

impl Lines {
    /// Writes lines until every sender is gone, or the client is.
    pub(crate) async fn write_to(mut self, mut output: impl AsyncWrite + Unpin) {
        while let Some((line, permit)) = self.0.recv().await {
            let mut written = output.write_all(line.as_bytes()).await;
            // More lines follow at once, and one flush is enough for them.
            if self.0.is_empty() && written.is_ok() {
                written = output.flush().await;
            }
            drop(permit);
            if written.is_err() {
                break;
            }
        }
        // Wakes senders that wait for room.
        self.1.close();
    }
}
