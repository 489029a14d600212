//! The agents that this build knows, one module each.

use crate::store::SessionStore;

#[cfg(any(feature = "claude", feature = "cline", feature = "kimi", feature = "kimi-code", feature = "pi",))]
mod blocks;
#[cfg(feature = "claude")]
mod claude;
#[cfg(feature = "cline")]
mod cline;
#[cfg(feature = "codex")]
mod codex;
#[cfg(feature = "continue")]
mod continue_cli;
#[cfg(feature = "copilot")]
mod copilot;
#[cfg(feature = "gemini")]
mod gemini;
#[cfg(feature = "goose")]
mod goose;
#[cfg(feature = "grok")]
mod grok;
#[cfg(feature = "kimi")]
mod kimi;
#[cfg(feature = "kimi-code")]
mod kimi_code;
#[cfg(any(feature = "openhands", feature = "vibe"))]
mod masked;
#[cfg(feature = "opencode")]
mod opencode;
#[cfg(feature = "openhands")]
mod openhands;
#[cfg(any(feature = "gemini", feature = "qwen"))]
mod parts;
#[cfg(feature = "pi")]
mod pi;
#[cfg(feature = "qwen")]
mod qwen;
#[cfg(feature = "vibe")]
mod vibe;

/// Returns the store of every agent that this build knows, in the order of their names.
pub fn stores() -> Vec<&'static dyn SessionStore> {
    vec![
        #[cfg(feature = "claude")]
        &claude::Claude,
        #[cfg(feature = "cline")]
        &cline::Cline,
        #[cfg(feature = "codex")]
        &codex::Codex,
        #[cfg(feature = "continue")]
        &continue_cli::Continue,
        #[cfg(feature = "copilot")]
        &copilot::Copilot,
        #[cfg(feature = "gemini")]
        &gemini::Gemini,
        #[cfg(feature = "goose")]
        &goose::Goose,
        #[cfg(feature = "grok")]
        &grok::Grok,
        #[cfg(feature = "kimi")]
        &kimi::Kimi,
        #[cfg(feature = "kimi-code")]
        &kimi_code::KimiCode,
        #[cfg(feature = "opencode")]
        &opencode::Opencode,
        #[cfg(feature = "openhands")]
        &openhands::OpenHands,
        #[cfg(feature = "pi")]
        &pi::Pi,
        #[cfg(feature = "qwen")]
        &qwen::Qwen,
        #[cfg(feature = "vibe")]
        &vibe::Vibe,
    ]
}

/// Returns the store of an agent; `None` for a name that this build does not know.
pub fn store(name: &str) -> Option<&'static dyn SessionStore> {
    stores().into_iter().find(|store| store.name() == name)
}
