//! Credentials and other sessions' words: none are in a copy.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use threadkeep_sessions::{store, testing};

use crate::facts::{Result, homes};
use crate::shared::Example;
use crate::sqlite::Home;
use crate::vault::{Keeper, files, has};

/// Settings with credentials, as a user may give them.
const OPEN: &str = r#""extra_headers": {"x": ["SECRET"]}, "aws_access_key_id": "SECRET",
    "apiKey": "SECRET", "accessToken": "SECRET", "token": "SECRET", "Authorization": "SECRET", "pin":
    {"password": 770077}, "mcp": {"auth": "SECRET", "args": ["--token", "SECRET"], "env": {"KEY": "SECRET"}}"#;

#[test]
fn no_credentials_of_a_database_are_kept() -> Result {
    let home = Home::copy("opencode/.local/share/opencode/opencode.db", ".local/share/opencode/opencode.db")?;
    Connection::open(home.database())?.execute_batch(
        "INSERT INTO account VALUES ('a', 'e', 'u', 'SECRET', 'SECRET', 1, 1, 1);
         INSERT INTO credential VALUES ('c', 'i', 'l', 'SECRET', NULL, NULL, 1, 1, 1);
         INSERT INTO session_share SELECT id, 'SECRET', 'SECRET', 'SECRET', 1, 1 FROM session;
         UPDATE session SET share_url = 'https://SECRET';
         UPDATE message SET data = replace(data, 'BaseHTTP', 'SECRET');
         UPDATE part SET data = json_object('type', 'retry', 'error',
           json_object('data', json_object('message', 'again', 'responseHeaders', 'SECRET')))
           WHERE id IN (SELECT max(id) FROM part GROUP BY session_id);
         UPDATE part SET data = json_set(data, '$.state.metadata', json_object('headers', json_object('x', 'SECRET')))
           WHERE json_extract(data, '$.type') = 'tool';
         UPDATE part SET data = 'SECRET' WHERE id IN (SELECT min(id) FROM part GROUP BY session_id)",
    )?;
    let opencode = store("opencode").ok_or("opencode")?;
    let keeper = Keeper::of(opencode, &home.place(opencode)?)?;
    let kept = keeper.keep()?;
    assert_eq!(kept.len(), 13);
    let bytes = keeper.bytes()?;
    assert!(!has(&bytes, "SECRET") && has(&bytes, "mock error 400"), "what was said of the error stays");
    // A copy has one session alone, but for the bare rows of the sessions that it copied.
    for kept in &kept {
        let text = fs::read(keeper.vault.place(kept).join("opencode.db"))?;
        let others = keeper.texts()?.len() - kept_titles(&text)?;
        assert!(others >= 12, "{} has other sessions' titles", kept.native_id);
    }
    Ok(())
}

/// Returns the number of sessions with a title in a database.
fn kept_titles(bytes: &[u8]) -> Result<usize> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("copy.db");
    fs::write(&path, bytes)?;
    let count = "SELECT count(*) FROM session WHERE title IS NOT NULL";
    Ok(Connection::open(path)?.query_row(count, [], |row| row.get::<_, i64>(0))?.try_into()?)
}

#[test]
fn no_settings_of_gooses_extensions_are_kept() -> Result {
    let path = ".local/share/goose/sessions/sessions.db";
    let home = Home::copy(&format!("goose/home/{path}"), path)?;
    let private = "UPDATE sessions SET extension_data = '{\"envs\": {\"KEY\": \"SECRET\"}}',
        recipe_json = 'SECRET', user_recipe_values_json = 'SECRET',
        model_config_json = json_set(model_config_json, '$.api_key', 'SECRET')";
    Connection::open(home.database())?.execute_batch(private)?;
    let goose = store("goose").ok_or("goose")?;
    let keeper = Keeper::of(goose, &home.place(goose)?)?;
    assert!(!keeper.keep()?.is_empty() && !has(&keeper.bytes()?, "SECRET"));
    Ok(())
}

#[test]
fn no_credentials_of_settings_are_kept() -> Result {
    let home = homes("openhands")?.remove(0);
    let example = Example::of(store("openhands").ok_or("openhands")?, &home)?;
    for path in files(&example.place)?.iter().filter(|path| path.ends_with("base_state.json")) {
        let state = fs::read_to_string(path)?.replace("\"**********\"", "\"SECRET\"");
        let state = state.replace("\"litellm_extra_body\": {}", OPEN);
        fs::write(path, &state)?;
        let event = format!("{{\"kind\": \"ConversationStateUpdateEvent\", \"value\": {state}}}");
        fs::write(path.with_file_name("events").join("event-99999-0.json"), event)?;
    }
    let keeper = Keeper::of(example.store, &example.place)?;
    let (texts, kept) = (keeper.texts()?, keeper.keep()?);
    let bytes = keeper.bytes()?;
    assert!(!kept.is_empty() && !has(&bytes, "SECRET") && !has(&bytes, "770077"));
    testing::keeps(example.store, &example.place, &keeper.folder.path().join("again"))?;
    assert_eq!(keeper.texts()?, texts);
    Ok(())
}

#[test]
fn maps_that_sessions_share_have_this_session_alone() -> Result {
    for (agent, map) in [("kimi", "kimi.json"), ("continue", "sessions/sessions.json")] {
        let home = homes(agent)?.remove(0);
        let example = Example::of(store(agent).ok_or("an agent")?, &home)?;
        let keeper = Keeper::of(example.store, &example.place)?;
        let whole = fs::metadata(example.place.join(map))?.len();
        for kept in keeper.keep()? {
            let file = kept.files.iter().find(|file| file.path == Path::new(map)).ok_or("a map")?;
            assert!(file.bytes < whole, "{agent}: {} has the whole map", kept.native_id);
        }
    }
    Ok(())
}
