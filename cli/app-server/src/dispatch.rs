//! The methods, by name.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::caller::Caller;
use crate::methods::{device_keys, goals, list, memory, report, search, threads, turns};
use crate::params;
use crate::protocol::Empty;
use crate::protocol::device_key::{
    DeviceKeyCreateParams, DeviceKeyPublicParams, DeviceKeyResponse, DeviceKeySignParams,
    DeviceKeySignResponse,
};
use crate::protocol::error::{METHOD_NOT_FOUND, RpcError};
use crate::protocol::goal::{GoalClearResponse, GoalGetResponse, GoalSetParams, GoalSetResponse};
use crate::protocol::list::{ThreadListParams, ThreadListResponse};
use crate::protocol::memory::{MemoryForgetResponse, MemoryStatusParams, MemoryStatusResponse};
use crate::protocol::search::{SearchCancelParams, ThreadSearchParams, ThreadSearchResponse};
use crate::protocol::thread::{
    ThreadCloseResponse, ThreadMemoryModeSetParams, ThreadMetadataUpdateParams, ThreadNameSetParams,
    ThreadParams, ThreadReadParams, ThreadReadResponse, ThreadResponse, ThreadResumeResponse,
    ThreadTreeParams, ThreadTreeResponse,
};
use crate::protocol::turn::{ItemsListParams, ItemsListResponse, TurnsListParams, TurnsListResponse};
use crate::server::Server;

/// Characters of an unknown name that an error repeats.
const MOST_OF_A_NAME: usize = 100;

/// Answer of a method, on its way. Boxed: the body of one is not part of the others.
type Answering<'a> = Pin<Box<dyn Future<Output = Result<Box<RawValue>, RpcError>> + 'a>>;

/// Declares the methods: name, parameters, answer and handler.
macro_rules! methods {
    ($($name:literal: $params:ty => $answer:ty, $handler:path;)+) => {
        /// Calls a method.
        pub(crate) fn call<'a>(
            server: &'a Rc<Server>,
            caller: &'a Caller,
            method: &'a str,
            given: Option<&'a RawValue>,
        ) -> Answering<'a> {
            match method {
                $($name => Box::pin(async move {
                    let params: $params = params::read(given)?;
                    let answer: $answer = $handler(server, caller, params).await?;
                    params::answer(&answer)
                }),)+
                _ => Box::pin(async move {
                    let method: String = method.chars().take(MOST_OF_A_NAME).collect();
                    Err(RpcError::new(METHOD_NOT_FOUND, format!("Method not found: {method}")))
                }),
            }
        }

        /// Names of the methods that follow `initialize`.
        pub const METHODS: &[&str] = &[$($name),+];

        /// Describes each method: name, parameters and answer.
        #[cfg(feature = "schema")]
        pub(crate) fn schemas(
            generator: &mut schemars::SchemaGenerator,
        ) -> Vec<(&'static str, schemars::Schema, schemars::Schema)> {
            vec![$((
                $name,
                generator.subschema_for::<$params>(),
                generator.subschema_for::<$answer>(),
            ),)+]
        }
    };
}

methods! {
    "thread/list": ThreadListParams => ThreadListResponse, list::list;
    "thread/read": ThreadReadParams => ThreadReadResponse, threads::read;
    "thread/turns/list": TurnsListParams => TurnsListResponse, turns::list;
    "thread/items/list": ItemsListParams => ItemsListResponse, turns::items;
    "thread/search": ThreadSearchParams => ThreadSearchResponse, search::search;
    "thread/search/stream": ThreadSearchParams => ThreadSearchResponse, search::stream;
    "thread/search/cancel": SearchCancelParams => Empty, search::cancel;
    "thread/search/stream/cancel": SearchCancelParams => Empty, search::cancel;
    "thread/name/set": ThreadNameSetParams => Empty, threads::set_name;
    "thread/archive": ThreadParams => Empty, threads::archive;
    "thread/unarchive": ThreadParams => ThreadResponse, threads::unarchive;
    "thread/delete": ThreadParams => Empty, threads::delete;
    "thread/metadata/update": ThreadMetadataUpdateParams => ThreadResponse, threads::update_metadata;
    "thread/memoryMode/set": ThreadMemoryModeSetParams => Empty, threads::set_memory_mode;
    "thread/tree": ThreadTreeParams => ThreadTreeResponse, threads::tree;
    "thread/close": ThreadParams => ThreadCloseResponse, threads::close;
    "thread/resume": ThreadParams => ThreadResumeResponse, threads::resume;
    "thread/goal/set": GoalSetParams => GoalSetResponse, goals::set;
    "thread/goal/get": ThreadParams => GoalGetResponse, goals::get;
    "thread/goal/clear": ThreadParams => GoalClearResponse, goals::clear;
    "device/key/create": DeviceKeyCreateParams => DeviceKeyResponse, device_keys::create;
    "device/key/public": DeviceKeyPublicParams => DeviceKeyResponse, device_keys::public;
    "device/key/sign": DeviceKeySignParams => DeviceKeySignResponse, device_keys::sign;
    "memory/status": MemoryStatusParams => MemoryStatusResponse, memory::status;
    "memory/forget": ThreadParams => MemoryForgetResponse, memory::forget;
    "memory/run": Empty => Value, memory::run;
    "doctor/report": Empty => Value, report::doctor;
}
