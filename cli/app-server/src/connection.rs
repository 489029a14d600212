//! One client: reads its requests, runs them side by side, and sends answers and notifications.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::io::{AsyncRead, AsyncWrite, BufReader};
use tokio::sync::{Semaphore, broadcast};
use tokio::task::{AbortHandle, JoinSet};

use crate::caller::{Caller, Cancellable};
use crate::codec::{Line, LineReader, MAX_LINE};
use crate::dispatch;
use crate::outgoing::{self, Gone, Outgoing};
use crate::protocol::error::RpcError;
use crate::protocol::message::{Answer, Incoming, Request, RequestId, line, read, version};
use crate::protocol::notification::{Notification, ThreadListChanged};
use crate::server::Server;

/// Requests of one client that run at the same time. The next ones wait unread.
const MOST_REQUESTS: usize = 64;

/// Time that clients have to read the answers to their last requests.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// Serves a client until its input ends, it is gone, or the server stops. Requests in flight are
/// finished then, unless the client is gone.
pub(crate) async fn serve(
    server: Rc<Server>,
    input: impl AsyncRead + Unpin,
    output: impl AsyncWrite + Unpin + 'static,
) {
    let (outgoing, lines) = outgoing::queue();
    let writer = tokio::task::spawn_local(lines.write_to(output));
    let mut client = Client {
        requests: JoinSet::new(),
        slots: Arc::new(Semaphore::new(MOST_REQUESTS)),
        cancellable: Cancellable::default(),
        notifications: None,
        server: server.clone(),
        outgoing: outgoing.clone(),
    };
    tokio::select! {
        () = client.read(input) => {}
        () = server.stopped() => {}
        () = outgoing.gone() => client.requests.abort_all(),
    }
    let Client { mut requests, notifications, outgoing: own, .. } = client;
    let finish = async {
        while let Some(ended) = requests.join_next().await {
            panicked(ended);
        }
        // The writer ends when the last sender is gone, after all lines.
        drop((notifications, own, outgoing));
        panicked(writer.await);
    };
    // A client that does not read must not keep a server alive that was asked to stop.
    let late = async {
        server.stopped().await;
        tokio::time::sleep(LAST_ANSWERS).await;
    };
    tokio::select! {
        () = finish => {}
        () = late => {}
    }
}

/// Logs a task that panicked: its client alone gets no answer.
fn panicked<T>(ended: Result<T, tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(target: "threadkeep", "a request panicked");
    }
}

struct Client {
    server: Rc<Server>,
    outgoing: Outgoing,
    requests: JoinSet<()>,
    slots: Arc<Semaphore>,
    cancellable: Cancellable,
    /// Task that forwards notifications; none before `initialize`.
    notifications: Option<Forwarding>,
}

/// Task that ends when it is dropped.
struct Forwarding(AbortHandle);

impl Drop for Forwarding {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Client {
    async fn read(&mut self, input: impl AsyncRead + Unpin) {
        let mut lines = LineReader::new(BufReader::with_capacity(64 << 10, input));
        // A broken input ends like an ended one.
        while let Ok(Some(next)) = lines.next().await {
            while let Some(ended) = self.requests.try_join_next() {
                panicked(ended);
            }
            let taken = match next {
                Line::Whole(bytes) => match read(&bytes) {
                    Ok(Incoming::Request(request)) => self.take(request).await,
                    Ok(Incoming::Other { method }) => {
                        tracing::debug!(target: "threadkeep", method, "a line without a request");
                        Ok(())
                    }
                    Err(refusal) => self.refuse(refusal.0.as_ref(), &refusal.1).await,
                },
                Line::TooLong => {
                    let reason = format!("Invalid request: the line is longer than {MAX_LINE} bytes");
                    self.refuse(None, &RpcError::invalid_request(reason)).await
                }
            };
            if taken.is_err() {
                return;
            }
        }
    }

    async fn refuse(&self, id: Option<&RequestId>, error: &RpcError) -> Result<(), Gone> {
        let answer = Answer { jsonrpc: None, id, result: None, error: Some(error) };
        self.outgoing.send(line(&answer)).await
    }

    /// Takes a request. The first must be `initialize`, which is answered before the next is read.
    async fn take(&mut self, request: Request) -> Result<(), Gone> {
        let is_initialized = self.notifications.is_some();
        match (request.method.as_str(), is_initialized) {
            ("initialize", false) => {
                let answer = self.server.initialize(request.params.as_deref());
                let is_accepted = answer.is_ok();
                respond(&self.outgoing, &request, answer).await?;
                if is_accepted {
                    self.notifications = Some(self.forward(request.is_versioned));
                }
                Ok(())
            }
            ("initialize", true) => {
                respond(&self.outgoing, &request, Err(RpcError::invalid_request("Already initialized"))).await
            }
            (_, false) => {
                respond(&self.outgoing, &request, Err(RpcError::invalid_request("Not initialized"))).await
            }
            (_, true) => {
                // Closed by no one: there is always a permit in the end.
                let Ok(slot) = self.slots.clone().acquire_owned().await else { return Err(Gone) };
                let (server, outgoing) = (self.server.clone(), self.outgoing.clone());
                let caller = Caller {
                    id: request.id.clone(),
                    cancellable: self.cancellable.clone(),
                    outgoing: outgoing.clone(),
                    is_versioned: request.is_versioned,
                };
                self.requests.spawn_local(async move {
                    let call =
                        || dispatch::call(&server, &caller, &request.method, request.params.as_deref());
                    let answer = match call().await {
                        Err(error) if error.is_damage && server.recover().await => call().await,
                        answer => answer,
                    };
                    let _ = respond(&outgoing, &request, answer).await;
                    drop(slot);
                });
                Ok(())
            }
        }
    }

    /// Forwards the server's notifications from now on.
    fn forward(&mut self, is_versioned: bool) -> Forwarding {
        let (mut events, outgoing) = (self.server.subscribe(), self.outgoing.clone());
        let forward = async move {
            loop {
                let event = match events.recv().await {
                    Ok(event) => event,
                    Err(broadcast::error::RecvError::Lagged(count)) => {
                        Arc::new(Notification::ThreadListChanged(ThreadListChanged { count }))
                    }
                    Err(broadcast::error::RecvError::Closed) => return,
                };
                if outgoing.send(event.line(is_versioned)).await.is_err() {
                    return;
                }
            }
        };
        Forwarding(tokio::task::spawn_local(forward).abort_handle())
    }
}

/// Sends the answer to a request.
async fn respond(
    outgoing: &Outgoing,
    request: &Request,
    answer: Result<Box<RawValue>, RpcError>,
) -> Result<(), Gone> {
    let answer = Answer {
        jsonrpc: version(request.is_versioned),
        id: Some(&request.id),
        result: answer.as_deref().ok(),
        error: answer.as_ref().err(),
    };
    outgoing.send(line(&answer)).await
}
