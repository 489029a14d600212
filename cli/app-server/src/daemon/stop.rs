//! Stops a server in the background.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use threadkeep_app::Fault;
use threadkeep_app::messages::of_io;
use tokio::time::{Instant, sleep};

use super::place::{A_MOMENT, Place, Running};

/// Time that a server has to finish its requests.
const PATIENCE: Duration = Duration::from_secs(20);

/// Stops the server of a home, and waits until it has finished its requests. Returns it; `None` if
/// none was running.
///
/// # Errors
///
/// Fails if it cannot be asked to stop, or does not.
pub async fn stop(place: &Place) -> Result<Option<Running>, Fault> {
    let Some(running) = place.running()? else { return Ok(None) };
    let pid = running.pid;
    let asked = i32::try_from(pid).ok().and_then(Pid::from_raw).map(|pid| kill_process(pid, Signal::TERM));
    if let Some(Err(error)) = asked
        && error != rustix::io::Errno::SRCH
    {
        let error = error.into();
        return Err(
            Fault::without_hint(format!("cannot stop process {pid}: {}", of_io(&error))).because(&error)
        );
    }
    let until = Instant::now() + PATIENCE;
    while place.is_held_by(&running)? {
        if Instant::now() > until {
            let message = format!("the server, process {pid}, does not stop");
            return Err(Fault::new(
                message,
                format!("end it with `kill -9 {pid}`; nothing that was answered is lost"),
            ));
        }
        sleep(A_MOMENT).await;
    }
    Ok(Some(running))
}
