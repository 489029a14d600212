//! The client of a request, for methods that answer it in parts.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use tokio::sync::oneshot;

use crate::outgoing::{Gone, Outgoing};
use crate::protocol::message::RequestId;
use crate::protocol::notification::Notification;

/// Requests of a client that can be cancelled, while they run.
pub(crate) type Cancellable = Rc<RefCell<HashMap<RequestId, oneshot::Sender<()>>>>;

/// Client of a request.
pub(crate) struct Caller {
    /// Id of the request.
    pub(crate) id: RequestId,
    /// Requests of the same client that can be cancelled.
    pub(crate) cancellable: Cancellable,
    pub(crate) outgoing: Outgoing,
    pub(crate) is_versioned: bool,
}

impl Caller {
    /// Sends a notification to this client alone.
    pub(crate) async fn notify(&self, notification: &Notification) -> Result<(), Gone> {
        self.outgoing.send(notification.line(self.is_versioned)).await
    }
}
