//! Words for threads, and how they and their relatives are shown.

use std::fs;

use serde_json::{Value, json};

use super::{Rollout, family, id, root};
use crate::fixture::Result;

#[test]
fn a_thread_is_found_by_every_word_for_it() -> Result {
    let fixture = family()?;
    root(5, 19, "Mow the lawn").write(&fixture)?;
    fixture.json(&["threads", "rename", &id(5), "The Lawn"])?;
    let absolute = fixture.home().join(root(5, 19, "").path());
    let absolute = absolute.to_str().ok_or("a path")?;
    let relative = root(5, 19, "").path();
    for word in [&id(5)[..16], "05ab", "0000000005ab", "The Lawn", "the lawn", absolute, &relative, "@3"] {
        assert_eq!(fixture.json(&["threads", "show", word])?["thread"]["id"], id(5), "{word}");
    }
    let segment = Rollout { segment: Some(2), day: 21, ..root(1, 21, "") }.path();
    assert_eq!(fixture.json(&["threads", "show", &segment])?["thread"]["id"], id(1));
    assert_eq!(fixture.json(&["threads", "show", "@1"])?["thread"]["id"], id(4), "the newest of the list");
    insta::assert_snapshot!(fixture.run(&["threads", "show", "@9"])?.all(), @r"
    exit 2
    --- stderr
    error: there is no @9: the list has 3 threads
      hint: `threadkeep threads` lists the threads that exist
    ");
    insta::assert_snapshot!(fixture.run(&["threads", "show", "5ab"])?.all(), @r"
    exit 2
    --- stderr
    error: no thread has the id or the name `5ab`
      hint: `threadkeep threads` lists the threads that exist, and `threadkeep search` finds what was said in them
    ");
    fixture.json(&["threads", "rename", &id(4), "the LAWN"])?;
    insta::assert_snapshot!(fixture.run(&["threads", "show", "THE lawn"])?.all(), @r"
    exit 2
    --- stderr
    error: `THE lawn` is the name of several threads
      hint: type the first digits of the id:
        01a21000-0004-7000-8000-0000000004ab  the LAWN
        01a21000-0005-7000-8000-0000000005ab  The Lawn
    ");
    assert_eq!(fixture.json(&["threads", "show", "the LAWN"])?["thread"]["id"], id(4), "exact comes first");
    Ok(())
}

#[test]
fn one_id_that_fails_does_not_stop_the_others() -> Result {
    let fixture = family()?;
    insta::assert_snapshot!(fixture.run(&["threads", "archive", &id(1), "nothing", &id(4)])?.all(), @r"
    exit 2
    --- stdout
    01a21000-0001-7000-8000-0000000001ab is archived; `threadkeep threads unarchive 01a21000-0001-7000-8000-0000000001ab` moves it back to the list
      Plan the greenhouse
    01a21000-0004-7000-8000-0000000004ab is archived; `threadkeep threads unarchive 01a21000-0004-7000-8000-0000000004ab` moves it back to the list
      Build it of glass
    --- stderr
    error: no thread has the id or the name `nothing`
      hint: `threadkeep threads` lists the threads that exist, and `threadkeep search` finds what was said in them
    ");
    let list = fixture.json(&["threads", "--archived"])?;
    assert_eq!(list["threads"].as_array().map(Vec::len), Some(2));
    let said = fixture.run(&["--json", "threads", "unarchive", &id(1), "nothing"])?;
    assert_eq!(said.code, Some(2));
    let document: Value = serde_json::from_str(&said.stdout)?;
    assert_eq!(document["results"][0]["thread"]["archived"], false);
    assert_eq!(document["results"][1]["typed"], "nothing");
    let shown = fixture.run(&["threads", "show", &id(1), &id(4)])?;
    assert_eq!((shown.code, shown.stdout.matches("\n\nid ").count()), (Some(0), 1), "{}", shown.all());
    Ok(())
}

#[test]
fn positions_in_the_list_mean_what_they_meant_when_they_were_typed() -> Result {
    let fixture = family()?;
    root(5, 19, "Mow the lawn").write(&fixture)?;
    let archived = fixture.json(&["threads", "archive", "@1", "@2"])?;
    let ids = [0, 1].map(|n: usize| archived["results"][n]["thread"]["id"].clone());
    assert_eq!(ids, [id(4), id(1)].map(Value::from));
    Ok(())
}

#[test]
fn a_sheet_names_the_family_and_never_breaks_an_id() -> Result {
    let fixture = family()?;
    insta::assert_snapshot!(fixture.run(&["threads", "show", &id(1)])?.all(), @r"
    exit 0
    --- stdout
    id             01a21000-0001-7000-8000-0000000001ab
    title          Plan the greenhouse
    created        2019-11-20 10:00:00
    updated        2019-11-21 10:00:00
    last run       completed
    archived       no
    rollout        [tmp]/home/sessions/2019/11/21/rollout-2019-11-21T10-00-00-01a21000-0001-7000-8000-0000000001ab_01a21000-0002-7000-8000-0000000002ab.jsonl
    other files    sessions/2019/11/20/rollout-2019-11-20T10-00-00-01a21000-0001-7000-8000-0000000001ab.jsonl
    go on with     codex resume 01a21000-0001-7000-8000-0000000001ab

    relatives
    lifecycle      open
    sub-agents     01a21000-0003  Fern (scout)  Count the panes
    forks          01a21000-0004  Build it of glass

    where
    folder         /tmp/project

    how
    model          unknown (provider mock)
    tokens         4,000; 4,200 with 1 sub-agent
    source         cli
    kind           user
    memories       enabled
    agent version  0.171.0
    ");
    insta::assert_snapshot!(fixture.run(&["threads", "show", &id(4)])?.all(), @r"
    exit 0
    --- stdout
    id             01a21000-0004-7000-8000-0000000004ab
    title          Build it of glass
    created        2019-11-22 10:00:00
    updated        2019-11-22 10:00:00
    last run       completed
    archived       no
    rollout        [tmp]/home/sessions/2019/11/22/rollout-2019-11-22T10-00-00-01a21000-0004-7000-8000-0000000004ab.jsonl
    go on with     codex resume 01a21000-0004-7000-8000-0000000004ab

    relatives
    forked from    01a21000-0001-7000-8000-0000000001ab
                   Plan the greenhouse

    where
    folder         /tmp/project

    how
    model          unknown (provider mock)
    tokens         1,500; 1,000 inherited
    source         cli
    kind           user
    memories       enabled
    agent version  0.171.0
    ");
    insta::assert_snapshot!(fixture.run(&["threads", "show", &id(3)])?.all(), @r"
    exit 0
    --- stdout
    id             01a21000-0003-7000-8000-0000000003ab
    title          Count the panes
    created        2019-11-20 10:00:00
    updated        2019-11-20 10:00:00
    last run       completed
    archived       no
    rollout        [tmp]/home/sessions/2019/11/20/rollout-2019-11-20T10-00-00-01a21000-0003-7000-8000-0000000003ab.jsonl
    go on with     codex resume 01a21000-0003-7000-8000-0000000003ab

    relatives
    lifecycle      open
    parent         01a21000-0001-7000-8000-0000000001ab
                   Plan the greenhouse

    where
    folder         /tmp/project

    how
    model          unknown (provider mock)
    tokens         200
    source         subagent
    kind           subagent
    nickname       Fern
    role           scout
    memories       enabled
    agent version  0.171.0
    ");
    Ok(())
}

#[test]
fn a_tree_has_agents_by_name_and_forks() -> Result {
    let fixture = family()?;
    insta::assert_snapshot!(fixture.run(&["threads", "tree"])?.all(), @r"
    exit 0
    --- stdout
    ID                THREAD               NICKNAME      LIFE  LAST RUN   UPDATED
    01a21000-0001     Plan the greenhouse                open  completed  21 Nov 2019
    ├─ 01a21000-0003  Count the panes      Fern (scout)  open  completed  20 Nov 2019
    └─ 01a21000-0004  Build it of glass    fork          open  completed  22 Nov 2019
    ");
    let tree = fixture.json(&["threads", "tree", &id(1)])?;
    assert_eq!(
        (&tree["agents"][2]["is_fork"], &tree["agents"][2]["thread_id"]),
        (&true.into(), &id(4).into())
    );
    Ok(())
}

#[test]
fn showing_a_thread_reads_its_files_alone() -> Result {
    let fixture = family()?;
    fixture.json(&["backfill"])?;
    // Another rollout is new, and this thread has gone on in a new file.
    root(6, 19, "Not of this family").write(&fixture)?;
    let part = json!({ "history_mode": "paginated", "history_base": { "thread_id": id(2), "end_ordinal_exclusive": 10, "end_byte_offset": 999_999 } });
    let more = Rollout {
        segment: Some(7),
        day: 23,
        begins: 10,
        tokens: 7_000,
        meta: part,
        ..root(1, 23, "Once more")
    };
    more.write(&fixture)?;
    let shown = fixture.json(&["threads", "show", &id(1)])?;
    assert_eq!(shown["thread"]["rollout_path"], more.path());
    assert_eq!(shown["thread"]["own_tokens"], 11_000);
    assert_eq!(shown["other_files"].as_array().map(Vec::len), Some(2));
    assert_eq!(fixture.json(&["threads", "--no-refresh"])?["threads"].as_array().map(Vec::len), Some(2));
    assert_eq!(fixture.json(&["threads"])?["threads"].as_array().map(Vec::len), Some(3));
    // One whose file moved is found by a pass over the home.
    let to = fixture.home().join("archived_sessions");
    fs::create_dir_all(&to)?;
    let name = root(6, 19, "").path();
    fs::rename(fixture.home().join(&name), to.join(name.rsplit('/').next().ok_or("a name")?))?;
    assert_eq!(fixture.json(&["threads", "show", &id(6)])?["thread"]["archived"], true);
    // Its agent continues it only once it is out of the archive.
    let sheet = fixture.run(&["threads", "show", &id(6)])?.stdout;
    let go_on = format!("go on with     codex unarchive {0}\n               codex resume {0}\n", id(6));
    assert!(sheet.contains(&go_on), "{sheet}");
    Ok(())
}
