//! Kept sessions: copied, listed, given back, erased.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::agents::{SESSION, ids, shared, user, with_claude};
use crate::fixture::{Fixture, Result, contents, files};
use crate::terminal;

/// Session with a sub-agent.
pub(crate) const PARENT: &str = "da328b69-5630-417e-b470-e9be3eb13452";
/// Folder with its files.
pub(crate) const PROJECT: &str = ".claude/projects/-home-user-proj-widget";

pub(crate) fn added() -> Result<Fixture> {
    let fixture = with_claude()?;
    fixture.json(&["agents", "add", "claude"])?;
    Ok(fixture)
}

pub(crate) fn session(fixture: &Fixture) -> PathBuf {
    user(fixture).join(PROJECT).join(format!("{SESSION}.jsonl"))
}

/// Returns what a refused command says.
pub(crate) fn refused(fixture: &Fixture, arguments: &[&str]) -> Result<String> {
    let said = fixture.run(arguments)?;
    assert_eq!(said.code, Some(2), "{arguments:?}: {}", said.all());
    Ok(said.stderr)
}

pub(crate) fn kept(fixture: &Fixture) -> Result<Vec<Value>> {
    let listed = fixture.json(&["kept"])?;
    Ok(listed["kept"].as_array().ok_or("an array")?.clone())
}

#[test]
fn a_kept_session_is_given_back_to_its_agent() -> Result {
    let fixture = added()?;
    let asked = refused(&fixture, &["keep", SESSION])?;
    assert!(asked.contains("nothing was kept of 1 session with ") && asked.contains("pass --yes"), "{asked}");
    assert!(!shared(&fixture).join("kept/claude").exists());
    let before = contents(&user(&fixture).join(".claude"))?;
    let said = fixture.json(&["keep", SESSION, "--yes"])?;
    assert_eq!((&said["outcome"], &said["files"]), (&"kept".into(), &1.into()));
    let again = fixture.json(&["keep", SESSION, "--yes"])?;
    assert_eq!(again["outcome"], "unchanged", "{again}");
    assert_eq!(contents(&user(&fixture).join(".claude"))?, before);

    let old = SystemTime::now() - Duration::from_secs(1_000_000);
    File::options().append(true).open(session(&fixture))?.set_modified(old)?;
    fs::remove_file(session(&fixture))?;
    assert_eq!(kept(&fixture)?[0]["agent_has_it"], false, "before any other command");
    // What was said is read and found as before.
    assert!(fixture.run(&["threads", "read", SESSION])?.stdout.contains("a.txt"));
    assert!(fixture.run(&["threads", "export", SESSION])?.stdout.contains("a.txt"));
    assert!(
        fixture.json(&["search", "Index", "agents", "--agent", "claude", "--all"])?["threads"].is_array()
    );
    let row = kept(&fixture)?.remove(0);
    assert_eq!((&row["thread_id"], &row["agent_has_it"]), (&SESSION.into(), &false.into()));
    assert!(row["title"].as_str().is_some_and(|title| !title.is_empty()), "{row}");
    let open = refused(&fixture, &["threads", "open", SESSION])?;
    let restore = format!("`threadkeep kept restore {SESSION}` puts its kept files back");
    assert!(open.contains("has deleted this session") && open.contains(&restore), "{open}");
    let gone = refused(&fixture, &["keep", SESSION, "--yes"])?;
    assert!(gone.contains("claude no longer has this session"), "{gone}");

    let back = fixture.run(&["kept", "restore", SESSION])?;
    insta::assert_snapshot!(back.all(), @r"
    exit 0
    --- stdout
    claude has e0e8f037-a8cd-4c15-a94d-9642ed2c6cfa in [tmp]/user/.claude again: 1 file
    claude --resume e0e8f037-a8cd-4c15-a94d-9642ed2c6cfa
    ");
    assert_eq!(contents(&user(&fixture).join(".claude"))?, before);
    assert!(fs::metadata(session(&fixture))?.modified()? > old + Duration::from_secs(1000));
    assert_eq!(fixture.run(&["threads", "open", SESSION])?.code, Some(0));
    assert_eq!(kept(&fixture)?[0]["agent_has_it"], true);
    let again = fixture.json(&["kept", "restore", SESSION])?;
    assert_eq!(
        (&again["written"], &again["command"]),
        (&serde_json::json!([]), &format!("claude --resume {SESSION}").into())
    );
    Ok(())
}

#[test]
fn a_damaged_copy_is_named_and_removed() -> Result {
    let fixture = added()?;
    fixture.json(&["keep", SESSION, "--yes"])?;
    let copy = shared(&fixture).join("kept/claude").join(SESSION);
    fs::write(copy.join("kept.json"), "{}")?;
    let remove = format!("`threadkeep kept remove {SESSION}` deletes the damaged copy");
    let listed = fixture.run(&["kept"])?;
    assert!(listed.stdout.contains(&remove), "{}", listed.all());
    assert!(!listed.stdout.contains("Nothing is kept"), "{}", listed.all());
    fixture.json(&["keep", PARENT, "--yes"])?;
    for arguments in [&["keep", SESSION, "--yes"][..], &["kept", "restore", SESSION]] {
        let said = refused(&fixture, arguments)?;
        assert!(said.contains("cannot read ") && said.contains(&remove), "{said}");
    }
    let said = fixture.json(&["kept", "remove", SESSION, PARENT, "--yes"])?;
    let results = said["results"].as_array().ok_or("results")?;
    assert!(results.iter().all(|it| it["removed"] == true && it["bytes"].as_u64() > Some(1000)), "{said}");
    assert!(!copy.exists());
    assert_eq!(kept(&fixture)?.len(), 1, "the sub-agent's");
    assert_eq!(fixture.json(&["keep", SESSION, "--yes"])?["outcome"], "kept");
    Ok(())
}

#[test]
fn sessions_that_their_agent_is_about_to_delete_are_warned_of_and_kept() -> Result {
    let fixture = added()?;
    let nothing = fixture.run(&["keep", "--ending", "--yes"])?;
    assert_eq!(
        (nothing.code, nothing.stdout.as_str()),
        (Some(0), "no session will be deleted within a week\n")
    );
    let old = SystemTime::now() - Duration::from_secs(25 * 24 * 60 * 60);
    File::options().append(true).open(session(&fixture))?.set_modified(old)?;
    fixture.json(&["threads"])?;
    let listed = fixture.run(&["agents"])?;
    let warning =
        "Claude Code will delete 1 session within a week; `threadkeep keep --ending` keeps the files";
    assert!(listed.stdout.contains(warning), "{}", listed.all());
    let elsewhere = fixture.json(&["keep", "--ending", "--agent", "gemini", "--yes"])?;
    assert_eq!(elsewhere["results"], serde_json::json!([]));
    let said = fixture.json(&["keep", "--ending", "--yes"])?;
    assert_eq!((&said["thread_id"], &said["outcome"]), (&SESSION.into(), &"kept".into()));
    assert_eq!(kept(&fixture)?.len(), 1);
    // A sub-agent that is younger is kept with its session.
    let parent = user(&fixture).join(PROJECT).join(format!("{PARENT}.jsonl"));
    File::options().append(true).open(parent)?.set_modified(old)?;
    fixture.json(&["keep", "--ending", "--yes"])?;
    assert_eq!(kept(&fixture)?.len(), 3);
    Ok(())
}

#[test]
fn all_sessions_are_kept_and_those_that_cannot_be_are_named() -> Result {
    let fixture = added()?;
    let said = fixture.run(&["keep", "--all", "--yes"])?;
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert!(said.stdout.starts_with("34 sessions kept: "), "{}", said.all());
    assert_eq!(kept(&fixture)?.len(), 34);
    let unknown = fixture.run(&["--json", "keep", SESSION, "no-such-thread", "--yes"])?;
    assert_eq!(unknown.code, Some(2), "{}", unknown.all());
    let document: Value = serde_json::from_str(&unknown.stdout)?;
    let outcomes: Vec<_> =
        document["results"].as_array().into_iter().flatten().map(|it| it["outcome"].as_str()).collect();
    assert_eq!(outcomes, [Some("failed"), Some("unchanged")], "{document}");
    assert_eq!(document["results"][0]["typed"], "no-such-thread");
    let asked = refused(&fixture, &["kept", "remove", SESSION])?;
    assert!(asked.contains("nothing was deleted: it needs a confirmation"), "{asked}");
    assert_eq!(fixture.json(&["kept", "remove", SESSION, "--yes"])?["removed"], true);
    assert_eq!(kept(&fixture)?.len(), 33);
    assert!(session(&fixture).exists());
    for none in [SESSION, "nosuch", "0000000000", "@999"] {
        let said = refused(&fixture, &["kept", "restore", none])?;
        assert!(said.contains(&format!("no copy is kept of `{none}`")), "{said}");
        assert!(said.contains("`threadkeep kept` lists what is kept"), "{said}");
    }
    Ok(())
}

#[test]
fn deleting_a_thread_and_forgetting_an_agent_erases_copies() -> Result {
    let fixture = added()?;
    fixture.json(&["keep", "--all", "--yes"])?;
    let words = |word: &str| -> Result<bool> {
        let mut copies = files(&shared(&fixture).join("kept"))?.into_iter();
        Ok(copies.any(|path| {
            fs::read(path).is_ok_and(|bytes| bytes.windows(word.len()).any(|it| it == word.as_bytes()))
        }))
    };
    assert!(words("{{say:Own id.}}")?);
    let deleted = "11111111-2222-4333-8444-555555555555";
    let said = fixture.run(&["threads", "delete", deleted, "--yes"])?;
    assert!(said.stdout.contains("its kept files"), "{}", said.all());
    assert!(!words("{{say:Own id.}}")?);
    assert_eq!(kept(&fixture)?.len(), 33);
    // What a killed process left of a deleted thread goes with the next list.
    let left = shared(&fixture).join("kept/claude").join(deleted);
    fs::create_dir_all(left.join("1"))?;
    fs::write(left.join("kept.json"), "{}")?;
    fixture.json(&["threads"])?;
    assert!(!left.exists());
    fixture.json(&["agents", "remove", "claude", "--forget", "--yes"])?;
    assert!(!words("claude-opus-5-5")? && kept(&fixture)?.is_empty());
    Ok(())
}

#[test]
fn a_thread_of_the_home_is_kept_too() -> Result {
    let fixture = Fixture::bundled()?;
    let list = fixture.json(&["threads", "--limit", "1"])?;
    let id = ids(&list)[0].to_owned();
    let rollout = fixture.rollout(&format!("{id}.jsonl"))?;
    let before = fs::read(&rollout)?;
    assert_eq!(fixture.json(&["keep", &id, "--yes"])?["agent"], "codex");
    fs::remove_file(&rollout)?;
    let open = refused(&fixture, &["threads", "open", &id])?;
    let restore = format!("`threadkeep kept restore {id}` puts its kept files back");
    assert!(open.contains("the rollout of this thread is missing") && open.contains(&restore), "{open}");
    assert_eq!(kept(&fixture)?[0]["agent_has_it"], false);
    let back = fixture.json(&["kept", "restore", &id])?;
    assert!(back["command"].as_str().is_some_and(|command| command.contains("codex resume")), "{back}");
    assert_eq!(fs::read(&rollout)?, before);
    assert_eq!(fixture.json(&["threads", "show", &id])?["thread"]["id"], id.as_str());
    Ok(())
}

#[test]
fn rows_of_a_database_are_kept_and_not_put_back() -> Result {
    let fixture = Fixture::bundled()?;
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/agents/opencode/.local");
    copy_bytes(&example, &user(&fixture).join(".local"))?;
    fixture.json(&["agents", "add", "opencode"])?;
    let said = fixture.json(&["keep", "--all", "--yes"])?;
    let results = said["results"].as_array().ok_or("results")?;
    assert_eq!(results.len(), 13, "{said}");
    assert!(results.iter().all(|copy| copy["restorable"] == false), "{said}");
    assert!(kept(&fixture)?.iter().all(|copy| copy["restorable"] == false));
    let again = fixture.run(&["keep", "--all", "--yes"])?;
    let cannot = "13 sessions are from a database, which is never written: `threadkeep kept restore` cannot put \
                  the copies back, `threadkeep threads read` reads what was said\n";
    assert!(again.stdout.contains(cannot), "{}", again.all());
    let help = fixture.run(&["keep", "--help"])?.stdout;
    assert!(help.contains("goose and opencode") && help.contains("cannot put them back"), "{help}");
    let id = results[0]["thread_id"].as_str().ok_or("an id")?;
    let refused = refused(&fixture, &["kept", "restore", id])?;
    assert!(refused.contains("no agent's database is written; its rows are in [tmp]"), "{refused}");
    assert!(refused.contains(&format!("`threadkeep threads read {id}` shows what was said")), "{refused}");
    Ok(())
}

/// Copies a folder with databases.
pub(crate) fn copy_bytes(from: &Path, to: &Path) -> Result {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_bytes(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[test]
fn words_about_kept_sessions() -> Result {
    let fixture = added()?;
    insta::assert_snapshot!(fixture.run(&["kept"])?.all(), @r"
    exit 0
    --- stdout
    Nothing is kept.
    `threadkeep keep --ending` keeps sessions that agents are about to delete
    ");
    let document = fixture.json(&["keep", SESSION, "--yes"])?;
    let names = |value: &Value| -> Vec<String> {
        let mut names: Vec<_> =
            value.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
        names.sort();
        names
    };
    assert_eq!(document["restorable"], true);
    let result = ["agent", "bytes", "files", "native_id", "outcome", "restorable", "thread_id"];
    assert_eq!(names(&document["results"][0]), result);
    assert_eq!(
        names(&document),
        ["agent", "bytes", "files", "folder", "native_id", "outcome", "restorable", "results", "thread_id"]
    );
    let row = &kept(&fixture)?[0];
    let fields = [
        "agent",
        "agent_has_it",
        "agent_version",
        "bytes",
        "files",
        "kept_at",
        "kept_at_ms",
        "native_id",
        "place",
        "restorable",
        "thread_id",
        "title",
    ];
    assert_eq!(names(row), fields);
    let missing = refused(&fixture, &["keep"])?;
    assert!(missing.contains("--all") && missing.contains("--ending"), "{missing}");
    let both = refused(&fixture, &["keep", SESSION, "--all"])?;
    assert!(both.contains("--all"), "{both}");
    insta::assert_snapshot!(refused(&fixture, &["keep", "--all", "--agent", "codex"])?, @r"
    error: threads of codex are kept by their ids
      hint: `threadkeep threads --agent codex` lists the ids, and `threadkeep keep ID` keeps a thread
    ");
    let never = refused(&fixture, &["keep", "--all", "--agent", "claude,gemini"])?;
    assert!(never.contains("gemini was not added"), "{never}");
    Ok(())
}

#[test]
fn nothing_is_kept_of_what_is_erased_while_keep_asks() -> Result {
    let fixture = added()?;
    for erase in
        [&["agents", "remove", "claude", "--forget", "--yes"][..], &["threads", "delete", SESSION, "--yes"]]
    {
        fixture.json(&["agents", "add", "claude"])?;
        let (code, said) = terminal::asked(fixture.command(&["keep", SESSION]), "y", || {
            let done = fixture.run(erase)?;
            assert_eq!(done.code, Some(0), "{}", done.all());
            Ok(())
        })?;
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains("the thread was deleted, or its agent was removed"), "{said}");
        assert!(!shared(&fixture).join("kept/claude").join(SESSION).exists(), "{erase:?}");
    }
    Ok(())
}
