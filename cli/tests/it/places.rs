//! `threads`: folders, repositories and several homes.

use std::fs;

use serde_json::{Value, json};

use super::fixture::{Fixture, Result};
use super::written::Rollout;

fn titles(page: &Value) -> Vec<&str> {
    let threads = page["threads"].as_array().map(Vec::as_slice).unwrap_or_default();
    threads.iter().filter_map(|thread| thread["title"].as_str()).collect()
}

#[cfg(unix)]
#[test]
fn a_folder_is_one_however_it_is_spelled() -> Result {
    let fixture = Fixture::empty()?;
    let real = fixture.path().join("real");
    fs::create_dir_all(real.join("sub"))?;
    std::os::unix::fs::symlink(&real, fixture.path().join("link"))?;
    let at = |name: &str| fixture.path().join(name).to_string_lossy().into_owned();
    let places = [at("real"), at("link"), at("real/sub"), r"\\?\C:\Work\Ada".to_owned(), "/gone".to_owned()];
    for (n, cwd) in (1..).zip(&places) {
        Rollout { n, cwd, said: Some(&format!("thread {n}")), ..Rollout::default() }.write(&fixture)?;
    }
    let list = |arguments: &[&str]| fixture.json(&[&["threads", "--asc"], arguments].concat());
    for typed in ["real", "link/", "real/sub/..", &at("link")] {
        assert_eq!(titles(&list(&["--cwd", typed])?), ["thread 1", "thread 2"], "{typed}");
    }
    assert_eq!(titles(&list(&["--cwd", "link", "--recursive"])?), ["thread 1", "thread 2", "thread 3"]);
    assert_eq!(titles(&list(&["--cwd", "/mnt/c/work/ada/"])?), ["thread 4"]);
    assert_eq!(titles(&list(&["--cwd", r"c:\Work\ada"])?), ["thread 4"]);
    assert_eq!(titles(&list(&["--cwd", "/gone/"])?), ["thread 5"]);
    let table = fixture.run(&["threads"])?.stdout;
    assert!(table.contains(r"C:\Work\Ada") && !table.contains(r"\\?\"), "{table}");
    insta::assert_snapshot!(fixture.run(&["threads", "--cwd", "."])?.stdout, @r"
    No current thread of yours matches --cwd [tmp].
    without --cwd: 5 threads.
    ");
    insta::assert_snapshot!(fixture.run(&["threads", "--cwd", "/nowhere"])?.all(), @r"
    exit 0
    --- stdout
    No current thread of yours matches --cwd /nowhere.
    without --cwd: 5 threads.
    ");
    Ok(())
}

#[test]
fn a_repository_is_listed_with_its_worktrees() -> Result {
    let fixture = Fixture::empty()?;
    let git = fixture.path().join("main/.git");
    fs::create_dir_all(git.join("worktrees/wt"))?;
    fs::create_dir_all(fixture.path().join("main/src"))?;
    fs::create_dir_all(fixture.path().join("wt"))?;
    fs::write(git.join("HEAD"), "ref: refs/heads/main\n")?;
    fs::write(git.join("worktrees/wt/commondir"), "../..\n")?;
    fs::write(fixture.path().join("wt/.git"), format!("gitdir: {}\n", git.join("worktrees/wt").display()))?;
    let at = |name: &str| fixture.path().join(name).to_string_lossy().into_owned();
    let remote = json!({ "git": { "repository_url": "https://example.com/a/b.git" } });
    for (n, (place, meta)) in (1..).zip([
        ("main", &remote),
        ("main/src", &json!({})),
        ("wt", &json!({})),
        ("gone", &remote),
        ("other", &json!({})),
    ]) {
        let (cwd, said) = (&at(place), Some(place));
        Rollout { n, cwd, said, meta: meta.clone(), ..Rollout::default() }.write(&fixture)?;
    }
    for typed in ["main", "main/src", "wt"] {
        let page = fixture.json(&["threads", "--asc", "--repo", typed])?;
        assert_eq!(titles(&page), ["main", "main/src", "wt", "gone"], "{typed}");
    }
    // A folder here may have the name of a repository elsewhere.
    fs::create_dir(fixture.path().join("b"))?;
    for name in ["B", "b", "a/b"] {
        assert_eq!(titles(&fixture.json(&["threads", "--repo", name])?).len(), 4, "by its name, {name}");
    }
    let here =
        fixture.command(&["--json", "threads", "--repo"]).current_dir(fixture.path().join("wt")).output()?;
    assert_eq!(titles(&serde_json::from_slice(&here.stdout)?).len(), 4);
    insta::assert_snapshot!(fixture.run(&["threads", "--repo", "other"])?.all(), @r"
    exit 2
    --- stderr
    error: no thread worked in a git repository with the name `other`
      hint: `threadkeep threads --cwd DIR --recursive` lists the threads of any folder
    ");
    Ok(())
}

#[test]
fn several_homes_are_one_list() -> Result {
    let fixture = Fixture::empty()?;
    let (one, two) = (fixture.path().join("one"), fixture.path().join("two"));
    for (home, n, at) in
        [(&one, 1, "2019-10-01T10:00"), (&two, 2, "2019-10-02T10:00"), (&one, 3, "2019-10-03T10:00")]
    {
        Rollout { n, at, said: Some(&format!("thread {n}")), ..Rollout::default() }.write_to(home)?;
    }
    let both = ["--home", "one", "--home", "two", "threads"];
    insta::assert_snapshot!(fixture.run(&both)?.all(), @r"
    exit 0
    --- stdout
    ID             HOME  UPDATED     THREAD                            FOLDER              MODEL
    01a21000-0003  one   3 Oct 2019  thread 3                          /srv/code           model-one
    01a21000-0002  two   2 Oct 2019  thread 2                          /srv/code           model-one
    01a21000-0001  one   1 Oct 2019  thread 1                          /srv/code           model-one
    ");
    let page = fixture.json(&both)?;
    assert_eq!(titles(&page), ["thread 3", "thread 2", "thread 1"]);
    assert_eq!((&page["threads"][1]["home"], &page["homes"][1]["home"]), (&json!("two"), &json!("two")));
    assert!(one.join("threadkeep").is_dir() && two.join("threadkeep").is_dir());
    let page = fixture.json(&[&both[..], &["--asc", "--limit", "2"]].concat())?;
    assert_eq!(titles(&page), ["thread 1", "thread 2"]);
    insta::assert_snapshot!(fixture.run(&[&both[..], &["--limit", "1"]].concat())?.stdout, @r"
    ID             HOME  UPDATED     THREAD                            FOLDER              MODEL
    01a21000-0003  one   3 Oct 2019  thread 3                          /srv/code           model-one
    1 of 3 · more: --limit N
    ");
    insta::assert_snapshot!(fixture.run(&[&both[..], &["--search", "zebra"]].concat())?.all(), @r#"
    exit 0
    --- stdout
    No current thread of yours has "zebra" in its name, title, first message, sub-agent names, folder, branch or model.
    "#);
    insta::assert_snapshot!(fixture.run(&[&both[..], &["--missing"]].concat())?.all(), @r"
    exit 0
    --- stdout
    No rollout is missing.
    ");
    let cursor = "v2udf00000000.1795353796213.01a2036cde7177f1a9e33c28701bba61";
    insta::assert_snapshot!(fixture.run(&[&both[..], &["--cursor", cursor]].concat())?.all(), @r"
    exit 2
    --- stderr
    error: a cursor belongs to the list of one home
      hint: name that home alone, or leave out --cursor and use --limit N
    ");
    insta::assert_snapshot!(fixture.run(&[&["--sqlite-home", "x"], &both[..]].concat())?.all(), @r"
    exit 2
    --- stderr
    error: several homes cannot share one folder for the databases
      hint: leave out --sqlite-home, and unset THREADKEEP_SQLITE_HOME
    ");
    insta::assert_snapshot!(fixture.run(&["--home", "one", "threads", "--home", "two"])?.all(), @r"
    exit 2
    --- stderr
    error: name all homes on the same side of the command
      hint: the same command with --help explains it
    ");
    let twice = fixture.json(&["--home", "one", "--home", "./one/", "threads"])?;
    assert_eq!(titles(&twice), ["thread 3", "thread 1"]);
    Ok(())
}

#[test]
fn a_command_that_only_reads_answers_for_each_home() -> Result {
    let fixture = Fixture::empty()?;
    let (one, two) = (fixture.path().join("one"), fixture.path().join("two"));
    for (home, n) in [(&one, 1), (&two, 2), (&one, 3)] {
        let at = "2019-10-01T10:00";
        Rollout { n, at, said: Some(&format!("thread {n}")), ..Rollout::default() }.write_to(home)?;
    }
    let both = |arguments: &[&str]| fixture.run(&[&["--home", "one", "--home", "two"], arguments].concat());
    insta::assert_snapshot!(both(&["threads", "--deleted"])?.all(), @r"
    exit 2
    --- stderr
    error: there is no index in one/threadkeep
      hint: `threadkeep --home [tmp]/one backfill` creates it from the rollouts
    error: there is no index in two/threadkeep
      hint: `threadkeep --home [tmp]/two backfill` creates it from the rollouts
    ");
    insta::assert_snapshot!(both(&["threads", "show", "@1"])?.all(), @r"
    exit 2
    --- stderr
    error: @1 counts in the list of one home
      hint: name the thread by its id, or leave out all but one --home
    ");
    // A thread is looked for in all homes, and is in one of them.
    insta::assert_snapshot!(both(&["threads", "show", "01a21000-0002", "01a21000-0003", "01a21000-0009"])?.all(), @r"
    exit 2
    --- stdout
    two
    id             01a21000-0002-7000-8000-000000000002
    title          thread 2
    created        2019-10-01 10:00:00
    updated        2019-10-01 10:00:05
    last run       completed
    archived       no
    rollout        [tmp]/two/sessions/2019/10/01/rollout-2019-10-01T10-00-00-01a21000-0002-7000-8000-000000000002.jsonl
    go on with     CODEX_HOME=[tmp]/two codex resume 01a21000-0002-7000-8000-000000000002

    where
    folder         /srv/code

    how
    model          model-one (provider openai)
    tokens         100
    source         cli
    kind           user
    approval       never
    sandbox        read-only
    memories       enabled
    agent version  0.171.0

    one
    id             01a21000-0003-7000-8000-000000000003
    title          thread 3
    created        2019-10-01 10:00:00
    updated        2019-10-01 10:00:05
    last run       completed
    archived       no
    rollout        [tmp]/one/sessions/2019/10/01/rollout-2019-10-01T10-00-00-01a21000-0003-7000-8000-000000000003.jsonl
    go on with     CODEX_HOME=[tmp]/one codex resume 01a21000-0003-7000-8000-000000000003

    where
    folder         /srv/code

    how
    model          model-one (provider openai)
    tokens         100
    source         cli
    kind           user
    approval       never
    sandbox        read-only
    memories       enabled
    agent version  0.171.0
    --- stderr
    error: no thread has an id that begins or ends with `01a21000-0009`
      hint: `threadkeep --home [tmp]/one threads` lists the threads that exist
    ");
    let shown = both(&["--json", "threads", "show", "01a21000-0002"])?;
    assert_eq!((shown.code, shown.stderr.as_str()), (Some(0), ""));
    let shown: Value = serde_json::from_str(&shown.stdout)?;
    assert_eq!(shown["homes"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&shown["homes"][0]["home"], &shown["homes"][0]["thread"]["title"]),
        (&json!("two"), &json!("thread 2"))
    );
    // Commands and notes name the home that they are about.
    fixture.json(&["--home", "two", "threads", "delete", "-y", "01a21000-0002"])?;
    let deleted = both(&["threads", "--deleted"])?.stdout;
    assert!(deleted.contains("`threadkeep --home [tmp]/two threads restore ID`"), "{deleted}");
    let status = both(&["status"])?;
    assert!(
        status.stdout.starts_with("one\nhome ") && status.stdout.contains("\ntwo\nhome "),
        "{}",
        status.all()
    );
    insta::assert_snapshot!(both(&["threads", "archive", "01a21000-0002"])?.all(), @r"
    exit 2
    --- stderr
    error: this command works on one home at a time
      hint: leave out all but one --home
    ");
    Ok(())
}
