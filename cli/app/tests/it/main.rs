//! Tests of the library.

mod folders;
mod label;
mod message;
mod sandbox;
mod text;
mod time;
mod when;
