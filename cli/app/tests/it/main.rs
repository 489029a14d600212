//! Tests of the library.

mod label;
mod message;
mod sandbox;
mod text;
mod time;
mod when;
