//! Boxed futures, so that the crates that await them need not compile them again.
//!
//! The body of an `async fn` is compiled in every crate that awaits it, with all that it awaits
//! itself. Behind a plain function that returns a boxed future, it is compiled here alone.

use std::pin::Pin;

/// Boxed future.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
