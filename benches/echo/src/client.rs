//! Who asks: one thread, which writes a request on each connection as soon as it has the answer.
//!
//! Why unsafe: it goes through epoll without a runtime, so that none is favoured.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

pub struct Client {
    epoll: i32,
    connections: Vec<Connection>,
    request: Vec<u8>,
    answer: Vec<u8>,
}

struct Connection {
    stream: TcpStream,
    /// How much of the answer is still to come.
    missing: usize,
}

impl Client {
    pub fn connect(server: SocketAddr, count: usize, size: usize) -> Self {
        // SAFETY: makes a descriptor.
        let epoll = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        let connections = (0..count)
            .map(|index| {
                let stream = TcpStream::connect(server).expect("the server listens");
                stream.set_nodelay(true).expect("an option of TCP");
                let mut event =
                    libc::epoll_event { events: libc::EPOLLIN as u32, u64: index as u64 };
                let (add, fd) = (libc::EPOLL_CTL_ADD, stream.as_raw_fd());
                // SAFETY: both descriptors are open.
                assert_eq!(unsafe { libc::epoll_ctl(epoll, add, fd, &raw mut event) }, 0);
                Connection { stream, missing: 0 }
            })
            .collect();
        Self { epoll, connections, request: vec![7; size], answer: vec![0; size] }
    }

    /// Asks on every connection, again and again; answers how many answers came.
    pub fn run(&mut self, length: Duration) -> u64 {
        let end = Instant::now() + length;
        for connection in &mut self.connections {
            connection.ask(&self.request);
        }
        let (mut answers, mut waiting) = (0, self.connections.len());
        let mut events = vec![libc::epoll_event { events: 0, u64: 0 }; 1024];
        while waiting > 0 {
            let ask = Instant::now() < end;
            // SAFETY: there is room for that many.
            let n = unsafe { libc::epoll_wait(self.epoll, events.as_mut_ptr(), 1024, 5_000) };
            assert!(n > 0, "the server answers");
            for event in &events[..n as usize] {
                let connection = &mut self.connections[event.u64 as usize];
                let room = &mut self.answer[..connection.missing];
                let n = connection.stream.read(room).expect("the server answers");
                assert!(n > 0, "the server keeps the connection");
                connection.missing -= n;
                if connection.missing == 0 {
                    answers += 1;
                    if ask {
                        connection.ask(&self.request);
                    } else {
                        waiting -= 1;
                    }
                }
            }
        }
        answers
    }
}

impl Connection {
    fn ask(&mut self, request: &[u8]) {
        self.stream.write_all(request).expect("the server reads");
        self.missing = request.len();
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // SAFETY: it is ours.
        unsafe { libc::close(self.epoll) };
    }
}
