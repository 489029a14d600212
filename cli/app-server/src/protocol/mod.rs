//! Types of the protocol: requests, answers and notifications, as they stand in JSON.
//!
//! Names and shapes are those of the Codex app-server, so that a client of it works with this
//! server. A field of it that Threadkeep knows nothing about is `null`.

pub mod device_key;
pub mod error;
pub mod goal;
pub mod initialize;
pub mod item;
pub mod list;
pub mod memory;
pub mod message;
pub mod notification;
pub mod order;
pub mod search;
pub mod thread;
pub mod turn;

/// Declares types of the protocol: with all their derives, and keys in camelCase.
macro_rules! protocol {
    ($($(#[$meta:meta])* pub $kind:ident $name:ident $body:tt)+) => {$(
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(rename_all = "camelCase")]
        $(#[$meta])*
        pub $kind $name $body
    )+};
}
pub(crate) use protocol;

/// Reads a field that is there, so that `null` differs from no field.
pub(crate) fn present<'de, T: serde::Deserialize<'de>, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

protocol! {
    /// Parameters of a method that takes none, and the answer of a method that has nothing to say.
    #[derive(Default)]
    pub struct Empty {}
}
