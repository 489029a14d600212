//! The checks on homes in many states, by real files and real processes.

mod agents;
mod background;
mod config;
mod credentials;
mod fixture;
mod installation;
mod mcp;
mod network_env;
mod network_reachability;
mod network_secrets;
mod network_websocket;
mod programs;
mod report;
mod repository;
mod schema;
mod secrets;
mod secrets_state;
mod servers;
mod terminal;
mod times;
mod updates;
