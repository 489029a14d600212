//! JSON that parsers read in different ways: half characters, and keys that come twice.

use std::borrow::Cow;

use serde_json::json;
use threadkeep_rollout::Lines;

use crate::rules::{OTHER, meta, metadata};
use crate::{ID, NAME, Result, extract_bytes};

#[test]
fn half_of_a_surrogate_pair_costs_no_words() -> Result {
    let event = |payload: &str| {
        format!(r#"{{"timestamp":"2026-11-22T10:00:00.000Z","type":"event_msg","payload":{{{payload}}}}}"#)
            + "\n"
    };
    let half = r"cut emoji \ud83d";
    for payload in [
        format!(r#""type":"user_message","message":"{half}""#),
        format!(
            r#""type":"item_completed","item":{{"type":"UserMessage","content":[{{"type":"text","text":"{half}"}}]}}"#
        ),
    ] {
        let got = metadata(&[meta(ID, json!({})), event(&payload)])?;
        assert_eq!(got.title.as_deref(), Some("cut emoji \u{fffd}"), "{payload}");
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(NAME);
    let command = format!(
        r#""type":"item_completed","item":{{"type":"CommandExecution","id":"1","command":["echo","{half}"],"status":"\udc00"}}"#
    );
    let reasoning =
        format!(r#""type":"item_completed","item":{{"type":"Reasoning","summary_text":["{half}"]}}"#);
    std::fs::write(&path, event(&command) + &event(&reasoning))?;
    let mut lines = Lines::open(&path, false)?;
    let mut shown = String::new();
    while let Some(line) = lines.next_line()? {
        shown += &format!("{:?}", line.map_err(|bad| bad.to_string())?.fact());
    }
    assert_eq!(shown.matches("cut emoji \u{fffd}").count(), 2, "{shown}");
    Ok(())
}

#[test]
fn of_a_key_that_comes_twice_the_last_counts() -> Result {
    let at = "2026-11-22T10:00:00.000Z";
    let lines = [
        format!(
            r#"{{"timestamp":"{at}","type":"session_meta","payload":{{"id":"{OTHER}","id":"{ID}","cwd":"/x","\u0063wd":"/y","a":1,"a":2,"git":{{"branch":"a","branch":"b"}}}}}}"#
        ),
        format!(
            r#"{{"timestamp":"{at}","type":"turn_context","payload":{{"model":"m","model":"n","\ud83d":1}}}}"#
        ),
        // The envelope, too.
        format!(
            r#"{{"type":"junk","timestamp":"{at}","type":"event_msg","payload":{{"type":"user_message","message":"a","message":"b"}}}}"#
        ),
    ];
    let text = lines.map(|line| line + "\n");
    let got = metadata(&text)?;
    assert_eq!((got.thread_id.to_string().as_str(), got.cwd.as_deref()), (ID, Some("/y")));
    assert_eq!((got.model.as_deref(), got.git_branch.as_deref()), (Some("n"), Some("b")));
    assert_eq!(got.title.as_deref(), Some("b"));
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(NAME);
    std::fs::write(&path, text.concat())?;
    let mut lines = Lines::open(&path, false)?;
    let mut kinds = Vec::new();
    while let Some(line) = lines.next_line()? {
        kinds.push(line.map_err(|bad| bad.to_string())?.line_type.map(Cow::into_owned));
    }
    assert_eq!(kinds, ["session_meta", "turn_context", "event_msg"].map(|name| Some(name.to_owned())));
    // Invalid JSON stays invalid.
    assert_eq!(extract_bytes(text[0].clone() + "{\"a\":1,\"a\":}\n")?.skipped.count, 1);
    Ok(())
}
