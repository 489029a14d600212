//! `initialize`: the first request of a client.

use super::protocol;

protocol! {
    /// Parameters of `initialize`.
    pub struct InitializeParams {
        /// The client.
        pub client_info: ClientInfo,
    }

    /// Description of a client.
    pub struct ClientInfo {
        /// Name.
        pub name: String,
        /// Version.
        pub version: String,
    }

    /// Answer of `initialize`.
    pub struct InitializeResponse {
        /// Name and version of the server, the system, and the client.
        pub user_agent: String,
        /// The agent's home.
        pub codex_home: String,
        /// Family of the system: `unix` or `windows`.
        pub platform_family: String,
        /// The system: `linux`, `macos`, ….
        pub platform_os: String,
    }
}
