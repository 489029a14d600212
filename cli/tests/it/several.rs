//! Commands over several ids, and positions in the lists that they work on.

use serde_json::{Value, json};

use super::family::{family, id};
use super::fixture::Result;

/// The field of each result.
fn each<'a>(document: &'a Value, field: &str) -> Vec<&'a Value> {
    document["results"].as_array().into_iter().flatten().map(|result| &result[field]).collect()
}

#[test]
fn a_document_has_one_shape_for_one_id_and_for_several() -> Result {
    let fixture = family()?;
    for words in [
        &["threads", "show"][..],
        &["threads", "archive"],
        &["threads", "close"],
        &["goals", "clear"],
        &["threads", "delete", "-y"],
        &["threads", "restore"],
    ] {
        let mut single = fixture.json(&[words, &[&id(4)]].concat())?;
        let results = single.as_object_mut().and_then(|single| single.remove("results"));
        assert_eq!(results, Some(json!([single])), "{words:?}: its fields are at the top, too");
        // A deleted thread cannot be deleted again.
        let said = fixture.run(&[&["--json"], words, &[&id(1), &id(4)]].concat())?;
        let several: Value = serde_json::from_str(&said.stdout)?;
        assert_eq!(several.as_object().map(serde_json::Map::len), Some(1), "{words:?}");
        assert_eq!(several["results"].as_array().map(Vec::len), Some(2), "{words:?}");
        let keys = |value: &Value| value.as_object().map(|it| it.keys().cloned().collect::<Vec<_>>());
        assert_eq!(keys(&several["results"][0]), keys(&single), "{words:?}");
    }
    Ok(())
}

#[test]
fn a_position_counts_in_the_list_that_the_command_works_on() -> Result {
    let fixture = family()?;
    fixture.json(&["threads", "archive", &id(1)])?;
    insta::assert_snapshot!(fixture.run(&["threads", "unarchive", "@2"])?.all(), @r"
    exit 2
    --- stderr
    error: there is no @2: the list has 1 archived thread
      hint: `threadkeep threads --archived` lists the archived threads
    ");
    let unarchived = fixture.json(&["threads", "unarchive", "@1"])?;
    assert_eq!(
        (&unarchived["thread"]["id"], &unarchived["thread"]["archived"]),
        (&json!(id(1)), &json!(false))
    );
    fixture.json(&["threads", "delete", "-y", &id(1)])?;
    fixture.json(&["threads", "delete", "-y", &id(4)])?;
    insta::assert_snapshot!(fixture.run(&["threads", "restore", "@3"])?.all(), @r"
    exit 2
    --- stderr
    error: there is no @3: the list has 2 deleted threads
      hint: `threadkeep threads --deleted` lists the deleted threads
    ");
    insta::assert_snapshot!(fixture.run(&["threads", "restore", "@2", "@1"])?.all(), @r"
    exit 0
    --- stdout
    01a21000-0001-7000-8000-0000000001ab is restored
      Plan the greenhouse
    01a21000-0004-7000-8000-0000000004ab is restored
      Build it of glass
    ");
    assert_eq!(fixture.json(&["threads"])?["threads"].as_array().map(Vec::len), Some(2));
    Ok(())
}

#[test]
fn goals_of_several_threads_change_together() -> Result {
    let fixture = family()?;
    for thread in [1, 4] {
        fixture.json(&["goals", "set", &id(thread), "Grow"])?;
    }
    let paused = fixture.json(&["goals", "pause", "@1", "@2"])?;
    assert_eq!(each(&paused, "thread_id"), [&json!(id(4)), &json!(id(1))]);
    let said = fixture.run(&["goals", "resume", &id(1), "nothing", &id(4)])?;
    insta::assert_snapshot!(said.all(), @r"
    exit 2
    --- stdout
    the goal of 01a21000-0001-7000-8000-0000000001ab was paused and is active again
    the goal of 01a21000-0004-7000-8000-0000000004ab was paused and is active again
    --- stderr
    error: no thread has the id or the name `nothing`
      hint: `threadkeep threads` lists the threads that exist, and `threadkeep search` finds what was said in them
    ");
    insta::assert_snapshot!(fixture.run(&["goals", "complete", &id(1), &id(4)])?.all(), @r"
    exit 0
    --- stdout
    the goal of 01a21000-0001-7000-8000-0000000001ab is complete
    the goal of 01a21000-0004-7000-8000-0000000004ab is complete
    ");
    let got = fixture.json(&["goals", "get", &id(4), &id(1)])?;
    assert_eq!(each(&got, "goal").iter().map(|goal| &goal["status"]).collect::<Vec<_>>(), ["complete"; 2]);
    fixture.json(&["goals", "clear", &id(1), &id(4)])?;
    assert_eq!(fixture.json(&["goals", "list"])?["goals"], json!([]));
    Ok(())
}

#[test]
fn a_sub_agent_is_found_by_its_nickname() -> Result {
    let fixture = family()?;
    fixture.json(&["backfill"])?;
    assert_eq!(fixture.json(&["threads", "show", "fern"])?["thread"]["id"], id(3));
    super::family::alike(&fixture, 3, "01a21000-0005-7000-8000-0000000005ab")?;
    fixture.json(&["backfill"])?;
    insta::assert_snapshot!(fixture.run(&["threads", "show", "fern"])?.all(), @r"
    exit 2
    --- stderr
    error: `fern` is the nickname of several threads
      hint: type the first digits of the id:
        01a21000-0003-7000-8000-0000000003ab  Count the panes
        01a21000-0005-7000-8000-0000000005ab  Count the panes
    ");
    // A name is looked for first.
    fixture.json(&["threads", "rename", &id(4), "Fern"])?;
    assert_eq!(fixture.json(&["threads", "show", "Fern"])?["thread"]["id"], id(4));
    Ok(())
}

#[test]
fn a_name_can_be_typed_in_place_of_an_id() -> Result {
    let fixture = family()?;
    let mut all = String::new();
    for name in ["@1", &id(9), "notes.jsonl", "01a21", "04AB", "beef"] {
        let said = fixture.run(&["threads", "rename", &id(1), name])?;
        all.push_str(&format!("$ {name}\n{}\n", said.all()));
    }
    insta::assert_snapshot!(all, @r#"
    $ @1
    exit 2
    --- stderr
    error: `@1` would be taken for a position in the list; nothing was changed
      hint: choose a name that can be typed in place of an id
    $ 01a21000-0009-7000-8000-0000000009ab
    exit 2
    --- stderr
    error: `01a21000-0009-7000-8000-0000000009ab` would be taken for an id; nothing was changed
      hint: choose a name that can be typed in place of an id
    $ notes.jsonl
    exit 2
    --- stderr
    error: `notes.jsonl` would be taken for a rollout; nothing was changed
      hint: choose a name that can be typed in place of an id
    $ 01a21
    exit 2
    --- stderr
    error: `01a21` would be taken for the beginning of an id; nothing was changed
      hint: choose a name that can be typed in place of an id
    $ 04AB
    exit 2
    --- stderr
    error: `04AB` would be taken for the end of an id; nothing was changed
      hint: choose a name that can be typed in place of an id
    $ beef
    exit 0
    --- stdout
    01a21000-0001-7000-8000-0000000001ab is now called "beef"
    "#);
    assert_eq!(fixture.json(&["threads", "show", "beef"])?["thread"]["id"], id(1));
    Ok(())
}
