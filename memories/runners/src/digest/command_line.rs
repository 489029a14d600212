//! Command lines: the program that one is about.

/// Most words of a command line that are looked at.
const MAX_WORDS: usize = 12;

/// Programs that only look around. Their failure is an answer, not a problem.
const PROBES: &[&str] = &[
    "[", "[[", "cat", "cd", "cmp", "command", "cut", "diff", "echo", "false", "fd", "file", "find", "grep",
    "head", "kill", "less", "ls", "pgrep", "pkill", "printf", "pwd", "rg", "sed", "sleep", "sort", "stat",
    "tail", "test", "tree", "true", "type", "wc", "which",
];

/// Subcommands of git that only look around.
const GIT_PROBES: &[&str] = &[
    "blame",
    "branch",
    "check-ignore",
    "diff",
    "grep",
    "log",
    "ls-files",
    "merge-base",
    "rev-parse",
    "show",
    "status",
];

/// Programs whose first word without a dash says what they do.
const WITH_SUBCOMMANDS: &[&str] = &[
    "apt",
    "apt-get",
    "brew",
    "bun",
    "cargo",
    "deno",
    "docker",
    "dotnet",
    "gh",
    "git",
    "go",
    "gradle",
    "helm",
    "just",
    "kubectl",
    "make",
    "mvn",
    "npm",
    "npx",
    "pip",
    "pip3",
    "pnpm",
    "poetry",
    "podman",
    "systemctl",
    "terraform",
    "uv",
    "yarn",
];

/// Commands that prepare another one.
const SETUP: &[&str] = &[".", "cd", "export", "mkdir", "pushd", "set", "source", "ulimit", "umask"];

/// Words that run the program after them.
const WRAPPERS: &[&str] = &["command", "env", "exec", "nice", "nohup", "sudo", "time", "timeout"];

const SHELLS: &[&str] = &["bash", "sh", "zsh", "dash"];

/// Command line, split into the words of its part that matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandLine<'a> {
    words: Vec<&'a str>,
}

impl<'a> CommandLine<'a> {
    /// Splits a command line. `None` if no program is in it.
    pub(crate) fn of(line: &'a str) -> Option<Self> {
        let line = without_shell(line.trim());
        let parts = line.split(['\n', ';']).flat_map(|part| part.split("&&"));
        let mut fallback = None;
        for part in parts {
            let Some(words) = words_of(part) else { continue };
            if !SETUP.contains(&words[0]) {
                return Some(Self { words });
            }
            fallback.get_or_insert(Self { words });
        }
        fallback
    }

    /// Returns the program's name.
    fn program(&self) -> &'a str {
        self.words[0]
    }

    /// Returns the subcommand, for programs that have them.
    fn subcommand(&self) -> Option<&'a str> {
        let rest = WITH_SUBCOMMANDS.contains(&self.program()).then(|| &self.words[1..])?;
        rest.iter().find(|word| !word.starts_with('-')).copied()
    }

    /// Returns true if the command only looks around.
    pub(crate) fn is_probe(&self) -> bool {
        PROBES.contains(&self.program())
            || SETUP.contains(&self.program())
            || (self.program() == "git" && self.subcommand().is_some_and(|sub| GIT_PROBES.contains(&sub)))
    }

    /// Returns true if `other` runs the same program, also by means of another one:
    /// `pytest` and `uv run pytest`.
    pub(crate) fn is_retried_by(&self, other: &CommandLine<'_>) -> bool {
        let Some(at) = other.words.iter().position(|word| *word == self.program()) else { return false };
        !other.is_probe() && self.subcommand().is_none_or(|sub| other.words[at + 1..].contains(&sub))
    }
}

/// Takes off `bash -lc` and the quotes around its argument.
pub(crate) fn without_shell(line: &str) -> &str {
    let mut words = line.splitn(3, ' ');
    let (Some(shell), Some(flag), Some(script)) = (words.next(), words.next(), words.next()) else {
        return line;
    };
    if !SHELLS.contains(&name_of(shell)) || !flag.starts_with('-') || !flag.ends_with('c') {
        return line;
    }
    let script = script.trim();
    let inner = |quote| script.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    inner('\'').or_else(|| inner('"')).unwrap_or(script)
}

/// Returns the words of one command from its program on, each without its folder.
fn words_of(part: &str) -> Option<Vec<&str>> {
    let words = part.split_whitespace().take_while(|word| !matches!(*word, "|" | "||" | ">" | "<" | "2>&1"));
    let mut after_wrapper = false;
    let words: Vec<&str> = words
        .map(name_of)
        .skip_while(|word| {
            let is_option = after_wrapper && word.starts_with(|c: char| c == '-' || c.is_ascii_digit());
            let is_wrapper = WRAPPERS.contains(word);
            after_wrapper |= is_wrapper;
            is_option || is_wrapper || is_assignment(word)
        })
        .take(MAX_WORDS)
        .collect();
    (!words.is_empty()).then_some(words)
}

fn is_assignment(word: &str) -> bool {
    let is_name = |c: char| c == '_' || c.is_ascii_alphanumeric();
    word.split_once('=').is_some_and(|(name, _)| !name.is_empty() && name.chars().all(is_name))
}

/// Returns the last part of a path. Other words stay, assignments too.
fn name_of(word: &str) -> &str {
    let word = word.trim_matches(['\'', '"', '(', ')']);
    if word.contains('=') { word } else { word.rsplit('/').next().unwrap_or(word) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retried(failed: &str, other: &str) -> bool {
        let failed = CommandLine::of(failed).expect("a program");
        failed.is_retried_by(&CommandLine::of(other).expect("a program"))
    }

    #[test]
    fn the_program_is_found() {
        for (line, program) in [
            ("cargo test", "cargo"),
            ("bash -lc 'cd /a && RUST_LOG=1 sudo -n /usr/bin/make -j2'", "make"),
            ("timeout 60 ./run.sh x", "run.sh"),
            ("set -e; npm ci", "npm"),
            ("cd /a", "cd"),
        ] {
            assert_eq!(CommandLine::of(line).expect(line).program(), program, "{line}");
        }
        assert_eq!(CommandLine::of("  "), None);
    }

    #[test]
    fn the_same_program_retries() {
        assert!(retried("cargo test", "cargo test -p x"));
        assert!(retried("cd a && cargo test", "cargo +nightly test"));
        assert!(retried("pytest -q", "uv run pytest -q"));
        assert!(retried("./node_modules/.bin/tsc", "npx tsc"));
    }

    #[test]
    fn another_program_does_not() {
        assert!(!retried("cargo test", "cargo build"));
        assert!(!retried("pytest", "python -m unittest"));
        assert!(!retried("pytest", "grep pytest setup.cfg"));
        assert!(CommandLine::of("git diff --exit-code").expect("a program").is_probe());
        assert!(!CommandLine::of("git push").expect("a program").is_probe());
    }
}
