//! Threads that belong together: files of one thread, forks and sub-agents, and words for them.

use std::fs;

use serde_json::{Value, json};

use super::fixture::{Fixture, Result};

/// A rollout of one turn.
struct Rollout<'a> {
    thread: u8,
    segment: Option<u8>,
    day: u8,
    /// First ordinal.
    begins: u64,
    words: &'a str,
    tokens: u64,
    /// Fields of `session_meta` besides the usual ones.
    meta: Value,
    /// Payloads of further events.
    events: Vec<Value>,
}

pub(crate) fn id(n: u8) -> String {
    format!("01a21000-{n:04}-7000-8000-00000000{n:02}ab")
}

impl Rollout<'_> {
    fn path(&self) -> String {
        let segment = self.segment.map(|segment| format!("_{}", id(segment))).unwrap_or_default();
        let (day, thread) = (self.day, id(self.thread));
        format!("sessions/2019/11/{day}/rollout-2019-11-{day}T10-00-00-{thread}{segment}.jsonl")
    }

    fn write(&self, fixture: &Fixture) -> Result {
        let id = id(self.thread);
        let at = format!("2019-11-{}T10:00:00.000Z", self.day);
        let mut meta = json!({
            "session_id": id, "id": id, "timestamp": at, "cwd": "/tmp/project", "source": "cli",
            "thread_source": "user", "model_provider": "mock", "cli_version": "0.171.0",
        });
        if let (Value::Object(meta), Value::Object(more)) = (&mut meta, &self.meta) {
            meta.extend(more.clone());
        }
        let text = json!([{ "type": "text", "text": self.words }]);
        let turn = format!("t{}", self.begins);
        let usage = json!({ "total_tokens": self.tokens, "input_tokens": self.tokens });
        let mut payloads = vec![
            ("session_meta", meta),
            ("event_msg", json!({ "type": "task_started", "turn_id": turn })),
            (
                "event_msg",
                json!({ "type": "item_completed", "turn_id": turn, "item": { "type": "UserMessage", "content": text } }),
            ),
            (
                "event_msg",
                json!({ "type": "token_count", "info": { "total_token_usage": usage, "last_token_usage": usage } }),
            ),
        ];
        payloads.extend(self.events.iter().cloned().map(|event| ("event_msg", event)));
        payloads.push(("event_msg", json!({ "type": "task_complete", "turn_id": turn })));
        let lines = payloads.into_iter().zip(self.begins..).map(|((kind, payload), ordinal)| {
            format!("{}\n", json!({ "timestamp": at, "ordinal": ordinal, "type": kind, "payload": payload }))
        });
        let path = fixture.home().join(self.path());
        fs::create_dir_all(path.parent().ok_or("a folder")?)?;
        Ok(fs::write(path, lines.collect::<String>())?)
    }
}

fn root(thread: u8, day: u8, words: &str) -> Rollout<'_> {
    let meta = json!({ "history_mode": "paginated" });
    Rollout { thread, segment: None, day, begins: 0, words, tokens: 1_000, meta, events: Vec::new() }
}

/// The base of a file that builds on the whole of a root.
fn base(thread: u8) -> Value {
    json!({ "thread_id": id(thread), "end_ordinal_exclusive": 5, "end_byte_offset": 999_999 })
}

/// Thread 1 has a second file and a sub-agent, thread 3; thread 4 is its fork.
pub(crate) fn family() -> Result<Fixture> {
    let fixture = Fixture::empty()?;
    root(1, 20, "Plan the greenhouse").write(&fixture)?;
    let part = json!({ "history_mode": "paginated", "history_base": base(1) });
    let more =
        Rollout { segment: Some(2), day: 21, begins: 5, tokens: 3_000, meta: part, ..root(1, 21, "Go on") };
    more.write(&fixture)?;
    let spawn = json!({
        "source": { "subagent": { "thread_spawn": { "parent_thread_id": id(1), "depth": 1, "agent_nickname": "Fern", "agent_role": "scout" } } },
        "thread_source": "subagent", "agent_nickname": "Fern", "parent_thread_id": id(1),
    });
    Rollout { meta: spawn, tokens: 200, ..root(3, 20, "Count the panes") }.write(&fixture)?;
    let fork = json!({ "history_mode": "paginated", "forked_from_id": id(1), "history_base": base(1) });
    Rollout { begins: 5, tokens: 1_500, meta: fork, ..root(4, 22, "Build it of glass") }.write(&fixture)?;
    Ok(fixture)
}

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
      hint: `threadkeep threads` lists the threads that exist
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
    01a21000-0004-7000-8000-0000000004ab is archived; `threadkeep threads unarchive 01a21000-0004-7000-8000-0000000004ab` moves it back to the list
    --- stderr
    error: no thread has the id or the name `nothing`
      hint: `threadkeep threads` lists the threads that exist
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
    tokens         4,000, 4,200 with 1 sub-agent
    source         cli
    started for    user
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
    tokens         1,500, 1,000 inherited
    source         cli
    started for    user
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
    started for    subagent
    agent          Fern
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
    ID                THREAD               AGENT         LIFE  LAST RUN   UPDATED
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
    Ok(())
}

#[test]
fn a_deletion_names_what_builds_on_the_thread_and_what_remains() -> Result {
    let fixture = family()?;
    insta::assert_snapshot!(fixture.run(&["threads", "delete", &id(1), "--yes"])?.all(), @r"
    exit 0
    --- stdout
    01a21000-0001-7000-8000-0000000001ab is deleted from the index
    Its goal, logs and memories are deleted with it, and the name, archive mark and memory mode given here
    1 fork builds on it and will be kept:
      01a21000-0004-7000-8000-0000000004ab  Build it of glass
    The thread it spawned is kept, without a parent
    Its 2 rollouts stay, and `threadkeep threads restore 01a21000-0001-7000-8000-0000000001ab` restores the thread without them
    rollout: sessions/2019/11/20/rollout-2019-11-20T10-00-00-01a21000-0001-7000-8000-0000000001ab.jsonl
    rollout: sessions/2019/11/21/rollout-2019-11-21T10-00-00-01a21000-0001-7000-8000-0000000001ab_01a21000-0002-7000-8000-0000000002ab.jsonl
    ");
    insta::assert_snapshot!(fixture.run(&["threads", "restore", &id(1)[..13]])?.all(), @r"
    exit 0
    --- stdout
    01a21000-0001-7000-8000-0000000001ab is restored
      Plan the greenhouse
    ");
    insta::assert_snapshot!(fixture.run(&["threads", "restore", &id(1), &id(9)])?.all(), @r"
    exit 2
    --- stdout
    01a21000-0001-7000-8000-0000000001ab is not deleted; nothing to do
    --- stderr
    error: no thread 01a21000-0009-7000-8000-0000000009ab in the index
      hint: `threadkeep threads` lists the threads that exist
    ");
    assert_eq!(fixture.json(&["threads", "tree"])?["agents"].as_array().map(Vec::len), Some(3));
    Ok(())
}

#[test]
fn threads_whose_rollouts_are_gone_are_forgotten_together() -> Result {
    let fixture = family()?;
    insta::assert_snapshot!(fixture.run(&["threads", "delete", "--missing"])?.all(), @r"
    exit 0
    --- stdout
    no thread's rollout is missing; nothing to do
    ");
    fixture.json(&["backfill"])?;
    for thread in [3, 4] {
        fs::remove_file(fixture.rollout(&format!("{}.jsonl", id(thread)))?)?;
    }
    insta::assert_snapshot!(fixture.run(&["threads", "delete", "--missing"])?.all(), @r"
    exit 2
    --- stderr
    error: nothing was deleted: it needs a confirmation, and stdin is not a terminal
      hint: pass --yes to delete without asking
    ");
    fixture.json(&["backfill"])?;
    insta::assert_snapshot!(fixture.run(&["threads", "delete", &id(4), "--yes"])?.all(), @r"
    exit 0
    --- stdout
    01a21000-0004-7000-8000-0000000004ab is deleted from the index
    Its goal, logs and memories are deleted with it, and the name, archive mark and memory mode given here
    Its rollout is no longer in the home: it cannot be restored
    ");
    insta::assert_snapshot!(fixture.run(&["threads", "delete", "--missing", "--yes"])?.all(), @r"
    exit 0
    --- stdout
    1 missing thread deleted from the index
    ");
    assert_eq!(fixture.json(&["status"])?["inventory"]["missing"], 0);
    Ok(())
}

#[test]
fn the_goal_of_an_agent_is_shown_next_to_ours() -> Result {
    let fixture = family()?;
    let goal = json!({ "type": "thread_goal_updated", "threadId": id(5), "goal": {
        "threadId": id(5), "objective": "Repaint every gate", "status": "budgetLimited", "tokenBudget": 180_000,
        "tokensUsed": 4_200, "timeUsedSeconds": 60, "createdAt": 1_574_429_000, "updatedAt": 1_574_429_060,
    } });
    Rollout { events: vec![goal], ..root(5, 19, "Paint") }.write(&fixture)?;
    fixture.json(&["backfill"])?;
    insta::assert_snapshot!(fixture.run(&["goals", "get", &id(5)])?.all(), @r"
    exit 0
    --- stdout
    thread       01a21000-0005-7000-8000-0000000005ab

    the agent's goal, as last set by the agent
    objective    Repaint every gate
    status       budget limited
    tokens used  4,200 of 180,000
    set          2019-11-22 13:24:20
    ");
    fixture.json(&["goals", "set", &id(5), "Tidy up", "--budget", "1.5M"])?;
    assert_eq!(fixture.json(&["goals", "get", &id(5)])?["goal"]["token_budget"], 1_500_000);
    let list = fixture.json(&["goals", "list"])?;
    assert_eq!(list["agent_goals"][0]["agent_goal"]["objective"], "Repaint every gate");
    insta::assert_snapshot!(fixture.run(&["goals", "list"])?.stdout.replace("just now", "[when]  "), @r"
    THREAD         UPDATED      OBJECTIVE           STATUS          TOKENS     SET BY
    01a21000-0005  [when]       Tidy up             active          0/1.5M
    01a21000-0005  22 Nov 2019  Repaint every gate  budget limited  4.2k/180k  the agent
    ");
    let sheet = fixture.run(&["threads", "show", &id(5)])?.stdout;
    assert!(sheet.contains("as last set by the agent\nobjective") && sheet.contains("Tidy up"), "{sheet}");
    insta::assert_snapshot!(fixture.run(&["goals", "set", &id(9), "x"])?.all(), @r"
    exit 2
    --- stderr
    error: no thread 01a21000-0009-7000-8000-0000000009ab in the index
      hint: `threadkeep threads` lists the threads that exist; `threadkeep goals set 01a21000-0009-7000-8000-0000000009ab OBJECTIVE --force` sets it all the same
    ");
    Ok(())
}

#[test]
fn a_healthy_home_of_parts_and_forks_has_no_problems() -> Result {
    let fixture = family()?;
    let said = fixture.run(&["backfill"])?;
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert_eq!(fixture.run(&["audit"])?.code, Some(0));
    // An agent goes on: the index is behind, and not wrong.
    let path = fixture.home().join(root(3, 20, "").path());
    let grown = fs::read_to_string(&path)?
        + "{\"timestamp\":\"2019-11-20T11:00:00.000Z\",\"type\":\"event_msg\",\"payload\":{\"type\":\"task_started\",\"turn_id\":\"t9\"}}\n";
    fs::write(&path, grown)?;
    root(6, 19, "New").write(&fixture)?;
    insta::assert_snapshot!(fixture.run(&["audit"])?.all(), @r"
    exit 0
    --- stdout
    the index is not wrong
    the index is behind in 2 rollouts since its last run; `threadkeep backfill` updates it (-v shows each)
    5 files and 3 threads compared
    ");
    assert_eq!(fixture.json(&["audit"])?["behind"], 2);
    Ok(())
}

#[test]
fn a_rollout_that_lost_its_words_or_its_base_is_told() -> Result {
    let fixture = family()?;
    fixture.json(&["backfill"])?;
    fs::write(fixture.home().join(root(3, 20, "").path()), "")?;
    fs::remove_file(fixture.home().join(root(1, 20, "").path()))?;
    let said = fixture.run(&["backfill"])?;
    assert_eq!(said.code, Some(1));
    let problems = said.stdout.split("files with problems\n").nth(1).unwrap_or_default().to_owned();
    insta::assert_snapshot!(problems, @r"
    sessions/2019/11/20/rollout-2019-11-20T10-00-00-01a21000-0003-7000-8000-0000000003ab.jsonl
      is empty, and had 1.2 kB when last indexed: restore it from a backup
    sessions/2019/11/21/rollout-2019…7000-8000-0000000001ab_01a21000-0002-7000-8000-0000000002ab.jsonl
      the file 01a21000-0001-7000-8000-0000000001ab that it builds on is missing; restore it: until then only the rest of this history is shown
    sessions/2019/11/22/rollout-2019-11-22T10-00-00-01a21000-0004-7000-8000-0000000004ab.jsonl
      the file 01a21000-0001-7000-8000-0000000001ab that it builds on is missing; restore it: until then only the rest of this history is shown
    ");
    let shown = fixture.json(&["threads", "show", "01a21000-0004"])?;
    assert_eq!(shown["problems"][0]["kind"], "incomplete");
    let shown = fixture.run(&["threads", "show", "01a21000-0004"])?.stdout;
    assert!(
        shown.contains("problem        the file 01a21000-0001-7000-8000-0000000001ab that it builds on"),
        "{shown}"
    );
    Ok(())
}
