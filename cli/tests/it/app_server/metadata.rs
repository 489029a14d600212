//! `thread/metadata/update`: the user's git information over the rollout's.

use std::fs;

use serde_json::{Value, json};

use super::client::{Client, ids};
use crate::fixture::{Fixture, Result};

const THREAD: &str = "01a2036f-6413-7a42-9188-cf5cab60fdc1";

fn update(client: &mut Client, git: Value) -> Result<Value> {
    let params = json!({ "threadId": THREAD, "gitInfo": git });
    Ok(client.call("thread/metadata/update", params)?["thread"]["gitInfo"].take())
}

#[test]
fn git_information_of_the_user_holds_over_the_rollout_s() -> Result {
    let fixture = Fixture::bundled()?;
    let mut client = Client::stdio(&fixture)?;
    let read = |client: &mut Client| -> Result<Value> {
        Ok(client.call("thread/read", json!({ "threadId": THREAD }))?["thread"]["gitInfo"].take())
    };
    // Changes are reported one by one once everything is indexed.
    client.call("thread/list", json!({ "sortDirection": "asc" }))?;
    let mut git = read(&mut client)?;
    assert_eq!(git["branch"], "feature/rollouts");
    git["branch"] = "patched".into();
    assert_eq!(update(&mut client, json!({ "branch": " patched " }))?, git, "omitted parts stay");
    // Threads were new to the server itself.
    while client.notified("thread/updated")?["thread"]["gitInfo"] != git {}
    git["sha"] = Value::Null;
    git["originUrl"] = "https://example.com/widget.git".into();
    let more = json!({ "sha": null, "originUrl": "https://me:secret@example.com/widget.git" });
    assert_eq!(update(&mut client, more)?, git, "null removes a part");
    assert_eq!(read(&mut client)?, git);
    let listed =
        client.call("thread/list", json!({ "includedThreadIds": [THREAD], "sourceKinds": ["exec"] }))?;
    assert_eq!(listed["data"][0]["gitInfo"], git);
    let shown = fixture.json(&["threads", "show", THREAD])?["thread"].take();
    assert_eq!((&shown["git_branch"], &shown["git_sha"]), (&json!("patched"), &Value::Null));
    let of_branch = fixture.json(&["threads", "--all", "--branch", "patched"])?;
    assert_eq!(of_branch["threads"].as_array().map(Vec::len), Some(1), "{of_branch}");
    // A search looks at the branch that is shown.
    let found = |client: &mut Client, term: &str| -> Result<Vec<String>> {
        let params = json!({ "searchTerm": term, "includedThreadIds": [THREAD], "sourceKinds": ["exec"] });
        Ok(ids(&client.call("thread/list", params)?))
    };
    assert_eq!(found(&mut client, "patched")?, [THREAD]);
    assert_eq!(found(&mut client, "feature/rollouts")?, [""; 0]);
    assert_eq!(client.end()?, Some(0));

    // It stays when the rollout is read again, and when the database is lost.
    fixture.json(&["backfill", "--force"])?;
    let mut client = Client::stdio(&fixture)?;
    assert_eq!(read(&mut client)?, git);
    assert_eq!(client.end()?, Some(0));
    fs::remove_file(fixture.database())?;
    let mut client = Client::stdio(&fixture)?;
    assert_eq!(read(&mut client)?, git);
    let all = json!({ "sha": null, "branch": null, "originUrl": null });
    assert_eq!(update(&mut client, all)?, Value::Null);
    Ok(())
}

#[test]
fn the_same_mistakes_with_git_information_get_the_same_errors() -> Result {
    let fixture = Fixture::bundled()?;
    let mut client = Client::stdio(&fixture)?;
    let none = "gitInfo must include at least one field";
    let unknown = "01900000-0000-7000-8000-000000000000";
    for (params, message) in [
        (json!({ "threadId": THREAD }), none),
        (json!({ "threadId": THREAD, "gitInfo": null }), none),
        (json!({ "threadId": THREAD, "gitInfo": {} }), none),
        (json!({ "threadId": THREAD, "projectId": "p" }), none),
        (json!({ "threadId": THREAD, "gitInfo": { "branch": "  " } }), "gitInfo.branch must not be empty"),
        (json!({ "threadId": THREAD, "gitInfo": { "sha": "" } }), "gitInfo.sha must not be empty"),
        (
            json!({ "threadId": THREAD, "gitInfo": { "originUrl": "" } }),
            "gitInfo.originUrl must not be empty",
        ),
        (
            json!({ "threadId": THREAD, "gitInfo": { "branch": "x".repeat(1_001) } }),
            "a thread's branch has 1 to 1000 characters",
        ),
        (
            json!({ "threadId": unknown, "gitInfo": { "branch": "main" } }),
            &format!("thread not found: {unknown}"),
        ),
    ] {
        let refused = client.refused("thread/metadata/update", params.clone())?;
        assert_eq!(refused, (-32600, message.to_owned()), "{params}");
    }
    Ok(())
}
