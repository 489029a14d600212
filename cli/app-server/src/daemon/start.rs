//! Starts a server in the background.

use std::process::Stdio;
use std::time::Duration;

use threadkeep_app::Fault;
use threadkeep_app::messages::of_io;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use super::place::{Place, Running};

/// Line by which a server says that clients can connect.
pub(super) const READY: &str = "ready";
/// Time that a server has for that.
const PATIENCE: Duration = Duration::from_secs(20);

/// Starts a server with a command that runs [`serve`](super::serve), and waits until clients can
/// connect.
///
/// # Errors
///
/// Fails if a server runs already, or the new one does not come up; its own words are the causes.
pub async fn start(place: &Place, command: std::process::Command) -> Result<Running, Fault> {
    // The lock decides; this is only for a better message.
    drop(place.lock().await?);
    let mut command = Command::from(command);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let failed = |error: std::io::Error| {
        Fault::without_hint(format!("cannot start a server: {}", of_io(&error))).because(&error)
    };
    let mut child = command.spawn().map_err(failed)?;
    let (mut line, mut words) = (String::new(), String::new());
    let answered = async {
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line).await?;
        }
        if line.trim() != READY
            && let Some(err) = child.stderr.take()
        {
            err.take(64 << 10).read_to_string(&mut words).await?;
        }
        std::io::Result::Ok(())
    };
    let is_in_time = timeout(PATIENCE, answered).await;
    match (is_in_time, place.running()?) {
        (Ok(Ok(())), Some(running)) if line.trim() == READY => Ok(running),
        _ => {
            // A server that hangs must not come up later.
            let _ = child.kill().await;
            let words = words.trim().trim_start_matches("error: ");
            let message = format!(
                "the server did not start: {}",
                if words.is_empty() { "it said nothing" } else { words }
            );
            Err(Fault::without_hint(message))
        }
    }
}
