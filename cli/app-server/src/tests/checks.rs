//! Files that change are listed, with the kernel's watch and without.

use std::fs;

use serde_json::{Value, json};

use super::{Client, Home, Result, run};

/// Most lists until a change must be there. The checks look at the home every 700 ms, and a list
/// takes a fraction of a millisecond.
const MOST_LISTS: usize = 200_000;

/// Lists the threads until they are as expected.
pub(super) async fn listed(client: &mut Client, expected: &[(&str, &str)]) -> Result {
    let mut last = Vec::new();
    for _ in 0..MOST_LISTS {
        let sources = ["cli", "exec", "appServer", "subAgent", "unknown"];
        let params = json!({ "sortDirection": "asc", "sourceKinds": sources });
        let page = client.call("thread/list", params).await?;
        let threads = page["data"].as_array().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        last = threads.map(|thread| (text(&thread["id"]), text(&thread["preview"]))).collect::<Vec<_>>();
        if last.iter().map(|(id, preview)| (id.as_str(), preview.as_str())).eq(expected.iter().copied()) {
            return Ok(());
        }
    }
    Err(format!("{last:?} and not {expected:?}").into())
}

#[test]
fn changes_on_disk_are_listed_with_and_without_a_watch() -> Result {
    for has_watch in [true, false] {
        run(async || {
            let home = Home::new()?;
            let first = home.write("sessions/2026/11/24", 1, "one")?;
            let mut client = Client::start(&home, has_watch).await?;
            listed(&mut client, &[(&first, "one")]).await?;
            // A new file in a known folder, and one in a new folder.
            let second = home.write("sessions/2026/11/24", 2, "two")?;
            listed(&mut client, &[(&first, "one"), (&second, "two")]).await?;
            let third = home.write("sessions/2026/12/01", 3, "three")?;
            listed(&mut client, &[(&first, "one"), (&second, "two"), (&third, "three")]).await?;
            // Other content, a folder that goes, and a name.
            home.write("sessions/2026/11/24", 1, "one more")?;
            listed(&mut client, &[(&first, "one more"), (&second, "two"), (&third, "three")]).await?;
            fs::remove_dir_all(home.path().join("sessions/2026/12"))?;
            listed(&mut client, &[(&first, "one more"), (&second, "two")]).await?;
            client.end().await
        })?;
    }
    Ok(())
}
