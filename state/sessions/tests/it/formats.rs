//! Formats that agents number in their files.

use threadkeep_sessions::{Draft, SessionStore, store};

use crate::facts::Result;
use crate::shared::each;

#[test]
fn sessions_name_the_format_that_is_read() -> Result {
    let numbered =
        |format: &str| -> Vec<u32> { format.split('.').filter_map(|part| part.parse().ok()).collect() };
    each(|example| {
        let (open, tested) = (example.store.open(&example.place)?, example.store.tested_format());
        let mut formats = Vec::new();
        for found in open.sessions() {
            formats.extend(open.read(found)?.format);
        }
        let newest = formats.iter().max_by_key(|format| numbered(format));
        // Old stores are among the examples.
        match (newest, tested) {
            (None, _) => Ok(()),
            (Some(newest), Some(tested)) if numbered(newest) <= numbered(tested) => Ok(()),
            (newest, tested) => Err(format!("{newest:?}, and read up to {tested:?}").into()),
        }
    })
}

#[test]
fn the_newest_example_of_an_agent_has_its_tested_format() -> Result {
    for agent in ["goose", "grok", "kimi", "kimi-code", "pi", "vibe"] {
        let tested = store(agent).and_then(SessionStore::tested_format).ok_or(agent)?;
        let is_seen = std::cell::Cell::new(false);
        each(|example| {
            let open = example.store.open(&example.place)?;
            for found in open.sessions().iter().filter(|_| example.store.name() == agent) {
                is_seen.set(is_seen.get() || open.read(found)?.format.as_deref() == Some(tested));
            }
            Ok(())
        })?;
        assert!(is_seen.get(), "{agent}: no session has the format {tested}");
    }
    Ok(())
}

#[test]
fn a_text_that_is_no_format_is_left_out() {
    for (text, format) in [("1.10", Some("1.10")), ("3", Some("3")), ("next", None), ("", None), ("1.", None)]
    {
        let mut draft = Draft::new("session");
        draft.format(text);
        assert_eq!(draft.finish().format.as_deref(), format, "{text}");
    }
}
