//! Text for people: bounded, and without what an editor or the agent put around the user's own words.

/// The longest title and preview, in characters.
pub const MAX_TITLE: usize = 1_000;
/// The longest first user message, in characters.
pub const MAX_FIRST_USER_MESSAGE: usize = 4_000;
/// The longest name, version, word or id that is kept of a rollout, in characters; a longer one is cut and ends with `…`.
pub const MAX_NAME: usize = 200;
/// The longest path or address that is kept of a rollout, in characters; a longer one is cut and ends with `…`.
pub const MAX_PATH: usize = 4_096;
/// The longest JSON value that is kept of a rollout as it is, in bytes without white space: 16 KiB.
///
/// A longer one is never cut, for that would be no JSON. `{"type":"…"}` stands for it if it names its type, and else it says
/// nothing.
pub const MAX_JSON: usize = 16 * 1024;
/// How many times the characters that are kept are looked at for secrets.
const WINDOW: usize = 4;
/// What stands for a message of images without words.
pub const IMAGE_PLACEHOLDER: &str = "[Image]";

/// An editor puts its context before this line.
const REQUEST_MARK: &str = "## My request for Codex:";
/// How messages begin that the agent itself sends in the user's name.
const INJECTED: &[&str] = &[
    "<environment_context>",
    "<user_instructions>",
    "<permissions instructions>",
    "<turn_aborted>",
    "<user_action>",
    "<user_shell_command>",
    "<subagent_notification>",
    "<skill>",
    "<INSTRUCTIONS>",
    "# AGENTS.md instructions",
];

/// At most `max` characters; the end of a longer text is marked with `…`.
pub(crate) fn bounded(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some(_) => {
            let end = text.char_indices().nth(max.saturating_sub(1)).map_or(0, |(at, _)| at);
            format!("{}…", &text[..end])
        }
    }
}

/// At most `max` characters of what was said, without secrets.
///
/// They are taken out before it is cut: half a key could not be told. Of a long text only as much is looked at as can come
/// to be shown, up to the end of a word.
pub(crate) fn safe(text: &str, max: usize) -> String {
    let room = max.saturating_mul(WINDOW);
    let seen = match text.char_indices().nth(room) {
        None => text,
        Some((end, _)) => {
            text[..end].rsplit_once(char::is_whitespace).map_or(&text[..end], |(words, _)| words)
        }
    };
    let mut shown = threadkeep_redact::redact(seen).into_owned();
    if seen.len() < text.len() {
        shown.push('…');
    }
    bounded(&shown, max)
}

/// The user's own words.
pub(crate) fn request(text: &str) -> &str {
    text.split_once(REQUEST_MARK).map_or(text, |(_, request)| request).trim()
}

/// Whether the agent wrote this message and not its user.
pub(crate) fn is_injected(text: &str) -> bool {
    let text = text.trim_start();
    INJECTED.iter().any(|start| text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start)))
}

/// The working directory that an environment context names, in its newer or its oldest form.
pub(crate) fn environment_cwd(text: &str) -> Option<&str> {
    let context = text.trim_start().strip_prefix("<environment_context>")?;
    let tagged =
        context.split_once("<cwd>").and_then(|(_, rest)| rest.split_once("</cwd>")).map(|(cwd, _)| cwd);
    let listed =
        || context.split_once("Current working directory:").and_then(|(_, rest)| rest.lines().next());
    tagged.or_else(listed).map(str::trim).filter(|cwd| !cwd.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_at_a_character() {
        assert_eq!(bounded("日本語", 3), "日本語");
        assert_eq!(bounded("日本語!", 3), "日本…");
        assert_eq!(bounded("", 3), "");
        assert_eq!(bounded(&"é".repeat(MAX_TITLE + 1), MAX_TITLE).chars().count(), MAX_TITLE);
    }

    #[test]
    fn secrets_go_before_the_text_is_cut() {
        let key = format!("sk-proj-{}", "a1B2".repeat(12));
        assert_eq!(safe(&format!("use {key} for it"), 50), "use [redacted:openai-key] for it");
        let cut = safe(&format!("{} {key}", "x".repeat(20)), 30);
        assert_eq!(cut, format!("{} [redacte…", "x".repeat(20)));
        // A key that does not fit into what is looked at is not half shown.
        let far = safe(&format!("{} {key}", "KEYS ".repeat(7)), 10);
        assert!(!far.contains("sk-"), "{far}");
        assert_eq!(safe("plain words", 50), "plain words");
        assert!(safe(&"word ".repeat(100), 10).ends_with('…'));
    }

    #[test]
    fn the_request_is_what_follows_the_mark() {
        assert_eq!(request("  plain \n"), "plain");
        assert_eq!(request("# Context\n- open: a.rs\n\n## My request for Codex:\nfix it\n"), "fix it");
    }

    #[test]
    fn what_the_agent_says_for_the_user_is_known() {
        assert!(is_injected("\n<environment_context>\n…"));
        assert!(is_injected("<USER_INSTRUCTIONS>"));
        assert!(!is_injected("<b>bold</b> words"));
        assert!(!is_injected("é"));
    }

    #[test]
    fn both_forms_of_the_environment_name_the_directory() {
        assert_eq!(environment_cwd("<environment_context>\n  <cwd>/a b</cwd>\n"), Some("/a b"));
        assert_eq!(
            environment_cwd(
                "<environment_context>\n\nCurrent working directory: /x/y\nApproval policy: never\n"
            ),
            Some("/x/y")
        );
        assert_eq!(environment_cwd("<cwd>/x</cwd>"), None);
    }
}
