//! The opening handshake of a WebSocket (RFC 6455, section 4).

use std::io::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use super::http::Head;

/// Text that every server appends to the key.
const APPENDIX: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Key of one handshake.
pub(super) struct Key(String);

impl Key {
    pub(super) fn new() -> Key {
        Key(STANDARD.encode(fastrand::u128(..).to_ne_bytes()))
    }

    /// Returns the headers that ask for a WebSocket.
    pub(super) fn headers(&self) -> String {
        format!(
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {}\r\n",
            self.0
        )
    }

    /// Returns true if an answer agrees to this very handshake.
    pub(super) fn is_accepted(&self, head: &Head) -> bool {
        let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, format!("{}{APPENDIX}", self.0).as_bytes());
        head.status == 101
            && head.names("Upgrade", "websocket")
            && head.names("Connection", "upgrade")
            && head.header("Sec-WebSocket-Accept") == Some(&STANDARD.encode(hash))
    }
}

/// Says goodbye: an empty close frame, masked as a client must.
pub(super) fn close(stream: &mut impl Write) {
    // The server may be gone, and nothing depends on it.
    let _ = stream.write_all(&[0x88, 0x80, 0, 0, 0, 0]).and_then(|()| stream.flush());
}

#[cfg(test)]
#[path = "../../tests/unit/websocket.rs"]
mod tests;
