//! Sessions of an added agent that change are listed, with the kernel's watch and without.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;

use serde_json::json;
use threadkeep_app::agents::{Included, include};

use super::checks::listed;
use super::{Client, Home, Result, run};

/// Folder of an agent's sessions, next to a home.
struct Place(PathBuf);

impl Place {
    fn new(home: &Home, name: &str) -> Result<Place> {
        let place = home.path().join(name);
        fs::create_dir(&place)?;
        Ok(Place(place))
    }

    fn included(&self) -> Included {
        Included { agent: "claude".to_owned(), place: self.0.clone() }
    }

    /// Writes a message of the user in a session, and returns the thread's id.
    fn says(&self, session: u32, minute: u32, words: &str) -> Result<String> {
        let id = format!("01a20500-0000-4000-8000-{session:012x}");
        let line = json!({
            "parentUuid": null, "isSidechain": false, "type": "user", "userType": "external",
            "uuid": format!("01a20500-0000-4000-9000-{minute:012x}"),
            "timestamp": format!("2026-11-24T12:{minute:02}:00.000Z"), "cwd": "/p", "sessionId": id,
            "version": "2.1.332", "message": { "role": "user", "content": words },
        });
        let folder = self.0.join("projects/-p");
        fs::create_dir_all(&folder)?;
        let file = folder.join(format!("{id}.jsonl"));
        writeln!(OpenOptions::new().create(true).append(true).open(file)?, "{line}")?;
        Ok(id)
    }
}

#[test]
fn sessions_of_other_agents_are_listed_as_they_change() -> Result {
    for has_watch in [true, false] {
        run(async || {
            let home = Home::new()?;
            let sqlite_home = home.path().join("threadkeep");
            let place = Place::new(&home, "claude")?;
            include(&sqlite_home, place.included()).await?;
            let mut client = Client::start(&home, has_watch).await?;
            listed(&mut client, &[]).await?;
            // The agent has no folder for sessions before the first.
            let first = place.says(1, 1, "one")?;
            listed(&mut client, &[(&first, "one")]).await?;
            let second = place.says(2, 2, "two")?;
            listed(&mut client, &[(&first, "one"), (&second, "two")]).await?;
            // A session that goes on.
            place.says(1, 3, "one more")?;
            let turns = json!({ "threadId": first, "itemsView": "notLoaded" });
            while client.call("thread/turns/list", turns.clone()).await?["data"][1].is_null() {}
            // Another place is added while the server runs.
            let other = Place::new(&home, "other")?;
            let third = other.says(3, 4, "three")?;
            include(&sqlite_home, other.included()).await?;
            listed(&mut client, &[(&first, "one"), (&second, "two"), (&third, "three")]).await?;
            let fourth = other.says(4, 5, "four")?;
            let all = [(&*first, "one"), (&*second, "two"), (&*third, "three"), (&*fourth, "four")];
            listed(&mut client, &all).await?;
            client.end().await
        })?;
    }
    Ok(())
}
