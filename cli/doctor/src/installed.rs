//! Package managers, recognised by the place of a program.

use std::path::{Path, PathBuf};

use crate::context::Context;

/// Program that installed another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manager {
    /// `cargo install`.
    Cargo,
    /// A build in a checkout.
    CargoBuild,
    /// npm, or a manager with npm's folders.
    Npm,
    /// bun.
    Bun,
    /// Homebrew.
    Brew,
    /// The agent's own installer, in its home.
    Standalone,
    /// None that is known.
    None,
}

impl Manager {
    /// Guesses from the place of a program, links followed.
    pub(crate) fn of(context: &Context, program: &Path) -> Manager {
        let real = program.canonicalize().unwrap_or_else(|_| program.to_owned());
        // Cargo's notes on a build lie next to its programs, and above examples and tests.
        if real.ancestors().skip(1).take(2).any(|folder| folder.join(".fingerprint").is_dir()) {
            return Manager::CargoBuild;
        }
        let cargo = cargo_bin(context).filter(|bin| program.starts_with(bin) || real.starts_with(bin));
        if cargo.is_some() {
            return Manager::Cargo;
        }
        let places = [
            ("/.cargo/bin/", Manager::Cargo),
            ("/.bun/", Manager::Bun),
            ("/node_modules/", Manager::Npm),
            ("/Cellar/", Manager::Brew),
            ("/Caskroom/", Manager::Brew),
            ("/homebrew/", Manager::Brew),
            ("/linuxbrew/", Manager::Brew),
            ("/packages/standalone/", Manager::Standalone),
        ];
        let path = real.to_string_lossy().replace('\\', "/");
        places
            .into_iter()
            .find(|(place, _)| path.contains(place))
            .map_or(Manager::None, |(_, manager)| manager)
    }

    /// Returns the words of the report.
    pub(crate) const fn method(self) -> &'static str {
        match self {
            Self::Cargo => "cargo install",
            Self::CargoBuild => "cargo build",
            Self::Npm => "npm",
            Self::Bun => "bun",
            Self::Brew => "brew",
            Self::Standalone => "own installer",
            Self::None => "none known",
        }
    }

    /// Returns the command that updates the agent.
    pub(crate) const fn update_of_agent(self) -> Option<&'static str> {
        match self {
            Self::Npm => Some("npm install -g @openai/codex@latest"),
            Self::Bun => Some("bun install -g @openai/codex@latest"),
            Self::Brew => Some("brew upgrade codex"),
            Self::Standalone => Some("codex update"),
            Self::Cargo | Self::CargoBuild | Self::None => None,
        }
    }
}

/// Returns the folder in which `cargo install` puts programs.
pub(crate) fn cargo_bin(context: &Context) -> Option<PathBuf> {
    let machine = &context.machine;
    let home = machine.variable("CARGO_HOME").map(PathBuf::from);
    Some(home.or_else(|| Some(machine.user_home.as_ref()?.join(".cargo")))?.join("bin"))
}
