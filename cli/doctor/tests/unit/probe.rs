//! Questions with `HEAD`, and questions whose answers are read.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use super::{Failure, LONGEST_BODY, Limits, Prober, Target};
use crate::Machine;

/// Starts a server that answers by the method of the request.
fn server(answer: impl Fn(&str) -> String + Send + 'static) -> Target {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = Target::parse(&format!("http://{}/list", listener.local_addr().unwrap())).unwrap();
    thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            let mut head = [0; 4096];
            // One read has a whole request in it.
            let read = client.read(&mut head).unwrap_or(0);
            let head = String::from_utf8_lossy(&head[..read]).into_owned();
            // A client may stop reading.
            let _ = client.write_all(answer(head.split(' ').next().unwrap_or("")).as_bytes());
        }
    });
    target
}

fn prober() -> Prober {
    Prober::new(&Machine::default(), Limits::default())
}

#[test]
fn a_server_that_refuses_head_is_asked_with_get() {
    let of = |status: u16| format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n");
    for (head, get, status) in [
        (of(204), of(500), 204),
        (of(401), of(500), 401),
        (of(405), of(200), 200),
        (of(501), of(404), 404),
        (String::new(), of(200), 200),
    ] {
        let target = server(move |method| if method == "HEAD" { head.clone() } else { get.clone() });
        assert_eq!(prober().head_or_get(&target).status, Ok(status));
    }
}

#[test]
fn a_body_is_read_in_every_form() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more",
        "HTTP/1.1 200 OK\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, Chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
    ] {
        let (probe, body) = prober().fetch(&server(|_| answer.to_owned()));
        assert_eq!((probe.status, body.as_slice()), (Ok(200), b"hello".as_slice()), "{answer}");
    }
}

#[test]
fn a_body_that_is_cut_strange_or_endless_is_no_answer() {
    let endless = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(LONGEST_BODY + 100_000));
    for (answer, cause) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello".to_owned(), "the answer is cut"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel".to_owned(), "the answer is cut"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello".to_owned(),
            "the answer is not HTTP/1.1",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx".to_owned(),
            "the answer is cut",
        ),
        (endless, "the answer is too long"),
    ] {
        let target = server(move |_| answer.clone());
        let (probe, body) = prober().fetch(&target);
        assert_eq!((probe.status, body.len()), (Err(Failure::Http(cause)), 0));
    }
}
