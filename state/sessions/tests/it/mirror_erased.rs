//! Turns that an agent erases stay, and are there once.

use std::fs;

use serde_json::json;
use threadkeep_rollout::MIRROR_ARCHIVE;
use threadkeep_sessions::{Mirror, store};

use crate::facts::{Result, homes};
use crate::mirror::{Story, told};
use crate::shared::Example;

#[test]
fn a_session_that_was_shorter_for_a_while_repeats_no_turn() -> Result {
    let folder = tempfile::tempdir()?;
    let mut story = Story::new(folder.path())?;
    let (mirror, place) = (Mirror::new(folder.path().join("mirror")), story.place.clone());
    for words in ["one", "two", "two", "three"] {
        story.add(words);
    }
    story.write(0)?;
    let whole = told(&mirror, &place)?;
    for _ in 0..2 {
        for length in [5, 4, 3] {
            story.write_all(&story.lines[..length])?;
            assert_eq!(told(&mirror, &place)?, whole, "{length} lines are left");
        }
        story.write(0)?;
        assert_eq!(told(&mirror, &place)?, whole);
    }
    // The user goes back, and on from there.
    let back = story.lines[..4].to_vec();
    story.add("four");
    story.add("five");
    let on = &story.lines[8..];
    let known = ["one", "two", "two", "three"];
    for (lines, words, used) in [(1, &["four"][..], 40), (2, &["four"], 50), (4, &["four", "five"], 60)] {
        story.write_all(&[&back, &on[..lines]].concat())?;
        let told = told(&mirror, &place)?;
        assert_eq!(
            (told.0, told.1),
            ([&known, words].concat().iter().map(|it| (*it).to_owned()).collect(), used)
        );
    }
    Ok(())
}

#[test]
fn turns_that_an_agent_erases_stay() -> Result {
    let folder = tempfile::tempdir()?;
    let mut story = Story::new(folder.path())?;
    let place = story.place.clone();
    let mirror = Mirror::new(folder.path().join("mirror"));
    let synced = || told(&mirror, &place);
    for words in ["one", "go on", "go on"] {
        story.add(words);
    }
    story.write(0)?;
    assert_eq!(synced()?.0, ["one", "go on", "go on"]);
    // All but the last turn are erased, and the last one goes on.
    story.add("four");
    story.write(4)?;
    let (words, used, _) = synced()?;
    assert_eq!((words, used), (vec!["one".into(), "go on".into(), "go on".into(), "four".into()], 40));
    // All are erased.
    story.add("five");
    story.write(8)?;
    let (words, used, _) = synced()?;
    assert_eq!((words.len(), used), (5, 50));
    assert_eq!(words[4], "five");
    story.add("six");
    story.write(8)?;
    let (words, used, bytes) = synced()?;
    assert_eq!((words.len(), used), (6, 60));
    // Another look changes nothing.
    fs::File::open(&story.path)?.set_modified(std::time::SystemTime::UNIX_EPOCH)?;
    assert_eq!(synced()?.2, bytes);
    Ok(())
}

#[test]
fn a_session_with_erased_turns_has_its_new_title() -> Result {
    let folder = tempfile::tempdir()?;
    let mut story = Story::new(folder.path())?;
    let mirror = Mirror::new(folder.path().join("mirror"));
    ["one", "two", "three"].into_iter().for_each(|words| story.add(words));
    story.write(0)?;
    told(&mirror, &story.place)?;
    for title in ["First", "Second"] {
        story.lines.push(json!({ "type": "custom-title", "customTitle": title }).to_string());
        story.write(2)?;
        let before = told(&mirror, &story.place)?;
        let rollout = String::from_utf8(before.2.clone())?;
        let last = rollout.lines().rfind(|line| line.contains("thread_name_updated")).ok_or("a title")?;
        assert!(last.contains(title), "{last}");
        assert_eq!((before.0.len(), rollout.matches(title).count()), (3, 1));
        fs::File::open(&story.path)?.set_modified(std::time::SystemTime::UNIX_EPOCH)?;
        assert_eq!(told(&mirror, &story.place)?, before);
    }
    Ok(())
}

#[test]
fn a_session_with_erased_turns_is_archived() -> Result {
    let kimi = store("kimi").ok_or("an agent that this build knows")?;
    let (example, folder) = (Example::of(kimi, &homes("kimi")?[0])?, tempfile::tempdir()?);
    let mirror = Mirror::new(folder.path());
    mirror.sync(kimi, &example.place)?;
    let rows = mirror.sessions("kimi")?.into_iter();
    // Not the turns of a sub-agent, which are in its lines, too.
    let begins = |lines: &str| -> Vec<usize> {
        let begins = |line: &str| line.contains("TurnBegin") && !line.contains("SubagentEvent");
        lines.lines().enumerate().filter(|(_, line)| begins(line)).map(|(number, _)| number).collect()
    };
    let read = rows.filter_map(|row| Some((fs::read_to_string(&row.source).ok()?, row)));
    let mut long = read.filter(|(lines, _)| begins(lines).len() > 1);
    let (lines, row) = long.next().ok_or("a session of two turns")?;
    // The first line is a header.
    let left: Vec<_> = lines.lines().take(1).chain(lines.lines().skip(begins(&lines)[1])).collect();
    fs::write(&row.source, left.join("\n") + "\n")?;
    let state = row.source.with_file_name("state.json");
    fs::write(&state, json!({ "archived": true }).to_string())?;
    let before = fs::read_to_string(folder.path().join("kimi").join(&row.file))?;
    let report = mirror.sync(kimi, &example.place)?.ok_or("locked")?;
    assert_eq!((report.written, report.unread.len()), (1, 0), "{report:?}");
    let now =
        mirror.sessions("kimi")?.into_iter().find(|now| now.native_id == row.native_id).ok_or("a row")?;
    assert_eq!(now.file, format!("{MIRROR_ARCHIVE}/{}", row.file));
    let prompt = before.lines().find(|line| line.contains("UserMessage")).ok_or("a prompt")?;
    assert!(fs::read_to_string(folder.path().join("kimi").join(&now.file))?.contains(prompt));
    assert!(!folder.path().join("kimi").join(&row.file).exists());
    Ok(())
}

#[test]
fn a_prompt_of_an_image_alone_is_one_turn_with_what_follows() -> Result {
    let kimi = store("kimi").ok_or("an agent that this build knows")?;
    let (place, folder) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let session = place.path().join("sessions/0123456789abcdef0123456789abcdef");
    let session = session.join("11111111-2222-4333-8444-555555555555");
    fs::create_dir_all(&session)?;
    let mirror = Mirror::new(folder.path());
    let line = |second: u32, kind: &str, payload: serde_json::Value| {
        let message = json!({ "type": kind, "payload": payload });
        json!({ "timestamp": 1_795_853_300 + second, "message": message }).to_string() + "\n"
    };
    let image = json!([{ "type": "image_url", "image_url": { "url": "data:image/png;base64," } }]);
    let turn = line(0, "TurnBegin", json!({ "user_input": image }))
        + &line(1, "SteerInput", json!({ "user_input": "also this" }))
        + &line(2, "ContentPart", json!({ "type": "text", "text": "Seen." }));
    let more = line(3, "TurnEnd", json!({})) + &line(4, "TurnBegin", json!({ "user_input": "more" }));
    for (title, lines, prompts) in [("One", turn.clone(), 2), ("Other", turn.clone() + &more, 3)] {
        fs::write(session.join("wire.jsonl"), lines)?;
        fs::write(session.join("state.json"), json!({ "custom_title": title }).to_string())?;
        mirror.sync(kimi, place.path())?;
        let rollout = folder.path().join("kimi").join(mirror.sessions("kimi")?.remove(0).file);
        assert_eq!(fs::read_to_string(rollout)?.matches("UserMessage").count(), prompts, "{title}");
    }
    Ok(())
}

#[test]
fn a_request_of_a_session_with_erased_turns_has_its_new_tokens() -> Result {
    let folder = tempfile::tempdir()?;
    let mut story = Story::new(folder.path())?;
    let mirror = Mirror::new(folder.path().join("mirror"));
    ["one", "two"].into_iter().for_each(|words| story.add(words));
    story.write(0)?;
    assert_eq!(told(&mirror, &story.place)?.1, 20);
    // One request goes on, as the only one of a session of Vibe does.
    story.add("three");
    let grown = story.lines[5].replace("\"m4\"", "\"m0\"");
    story.lines[5] = grown.replace("\"input_tokens\":10", "\"input_tokens\":25");
    story.write(2)?;
    assert_eq!(told(&mirror, &story.place)?.1, 25 + 10);
    Ok(())
}
