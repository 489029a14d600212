//! Databases that are removed or damaged under a running server.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt as _;

use serde_json::{Value, json};

use super::client::Client;
use crate::fixture::{Fixture, Result};

const THREAD: &str = "01a2036c-de71-77f1-a9e3-3c28701bba61";

fn name(client: &mut Client) -> Result<Value> {
    // It may not be open again yet.
    loop {
        let id = client.send("thread/read", json!({ "threadId": THREAD }))?;
        let mut answer = client.answer(id)?;
        if answer.get("error").is_none() {
            return Ok(answer["result"]["thread"]["name"].take());
        }
    }
}

fn set_name(client: &mut Client, name: &str) -> Result {
    client.call("thread/name/set", json!({ "threadId": THREAD, "name": name }))?;
    Ok(())
}

#[test]
fn databases_that_were_removed_are_opened_again() -> Result {
    let fixture = Fixture::bundled()?;
    let mut client = Client::stdio(&fixture)?;
    set_name(&mut client, "Before")?;
    for entry in fs::read_dir(fixture.sqlite_home())? {
        let path = entry?.path();
        if path.is_file() && path.to_string_lossy().contains(".sqlite") {
            fs::remove_file(path)?;
        }
    }
    fixture.json(&["threads", "rename", THREAD, "By another process"])?;
    assert_eq!(name(&mut client)?, "By another process");
    client.notified("thread/list/changed")?;
    set_name(&mut client, "After")?;
    assert_eq!(fixture.json(&["threads", "show", THREAD])?["thread"]["name"], "After");
    Ok(())
}

#[test]
fn a_damaged_index_is_made_again_with_its_names() -> Result {
    let fixture = Fixture::bundled()?;
    let mut client = Client::stdio(&fixture)?;
    set_name(&mut client, "Kept")?;
    client.call("thread/list", json!({ "sortDirection": "asc" }))?;
    // A commit of another process, so that the server reads pages again.
    fixture.json(&["threads", "archive", THREAD])?;
    let file = OpenOptions::new().write(true).open(fixture.database())?;
    let pages = vec![0xff; usize::try_from(file.metadata()?.len())?.saturating_sub(8192)];
    file.write_all_at(&pages, 8192)?;
    assert_eq!(name(&mut client)?, "Kept");
    set_name(&mut client, "And changed")?;
    assert_eq!(client.end()?, Some(0));
    assert_eq!(fixture.json(&["threads", "show", THREAD])?["thread"]["name"], "And changed");
    Ok(())
}
