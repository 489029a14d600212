//! Another user's connection to a server in the background.

use std::fs::{Permissions, set_permissions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;

use rustix::process::{Uid, geteuid};
use rustix::thread::set_thread_res_uid;

use super::client::Client;
use crate::fixture::{Fixture, Result};

/// The user `nobody`.
const OTHER: u32 = 65_534;

/// Asks a server as another user, and returns all that it answers.
fn answers_to_other(socket: &Path) -> Result<String> {
    let socket = socket.to_owned();
    // On Linux, the user of one thread can change.
    let asked = thread::spawn(move || {
        let other = Uid::from_raw(OTHER);
        set_thread_res_uid(other, other, other)?;
        let mut stream = UnixStream::connect(socket)?;
        let hello =
            br#"{"id": 1, "method": "initialize", "params": {"clientInfo": {"name": "it", "version": "1"}}}"#;
        // A server that has closed the connection takes nothing.
        let _ = stream.write_all(hello).and_then(|()| stream.write_all(b"\n"));
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answers = Vec::new();
        let _ = stream.read_to_end(&mut answers);
        Ok::<_, std::io::Error>(String::from_utf8_lossy(&answers).into_owned())
    });
    Ok(asked.join().map_err(|_| "the client panicked")??)
}

/// Only root can become another user: without it, nothing is tested.
#[test]
fn another_users_connection_is_refused() -> Result {
    if !geteuid().is_root() {
        return Ok(());
    }
    let fixture = Fixture::bundled()?;
    fixture.json(&["app-server", "start"])?;
    let socket = fixture.sqlite_home().join("app-server/socket");
    // The modes keep other users out, too.
    assert!(answers_to_other(&socket).is_err());
    set_permissions(&socket, Permissions::from_mode(0o666))?;
    for folder in socket.ancestors().skip(1) {
        let mode = folder.metadata()?.permissions().mode();
        // The groups of the thread stay.
        if mode & 0o011 != 0o011 {
            set_permissions(folder, Permissions::from_mode(mode | 0o011))?;
        }
    }
    assert_eq!(answers_to_other(&socket)?, "");
    Client::socket(&fixture)?;
    fixture.json(&["app-server", "stop"])?;
    Ok(())
}
