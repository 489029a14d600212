//! Environment variables that lead agents to a place.

use std::fs;
use std::path::Path;

use threadkeep_sessions::{Environment, SessionStore, stores};

use crate::facts::Result;

/// Returns true if the variable of a place, by its name, leads the agent to it.
fn is_led(store: &dyn SessionStore, place: &Path, name: &str) -> bool {
    let Some((found, value)) = store.variable(place) else { return false };
    let environment = Environment::new("/home/user").with(found, value);
    found == name && store.places(&environment).iter().any(|known| known == place)
}

#[test]
fn a_variable_leads_each_agent_to_a_place_elsewhere() -> Result {
    let folder = tempfile::tempdir()?;
    let moved = Environment::new(folder.path());
    for store in stores() {
        let place = store.places(&moved).remove(0);
        fs::create_dir_all(&place)?;
        let (name, _) = store.variable(&place).ok_or(store.name())?;
        assert!(is_led(store, &place, name), "{}: {name}", store.name());
    }
    Ok(())
}

#[test]
#[cfg(all(feature = "goose", feature = "gemini", feature = "pi", feature = "opencode"))]
fn the_variable_is_that_of_the_places_form() -> Result {
    let folder = tempfile::tempdir()?;
    let store = |name| threadkeep_sessions::store(name).ok_or("an agent that this build knows");
    let place = |path: &str| -> Result<_> {
        let place = folder.path().join(path);
        fs::create_dir_all(&place)?;
        Ok(place)
    };
    assert!(is_led(store("goose")?, &place("root/data/sessions")?, "GOOSE_PATH_ROOT"));
    assert!(is_led(store("pi")?, &place("flat")?, "PI_CODING_AGENT_SESSION_DIR"));
    place("deep/sessions")?;
    assert!(is_led(store("pi")?, &place("deep")?, "PI_CODING_AGENT_DIR"));
    // These agents look for a folder of that name alone.
    for name in ["gemini", "goose"] {
        assert_eq!(store(name)?.variable(&place("renamed")?), None, "{name}");
    }
    let databases = place("databases")?;
    fs::write(databases.join("opencode.db"), "")?;
    assert!(is_led(store("opencode")?, &databases, "OPENCODE_DB"));
    fs::write(databases.join("opencode-dev.db"), "")?;
    assert_eq!(store("opencode")?.variable(&databases), None);
    Ok(())
}
