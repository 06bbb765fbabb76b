//! A chat room over TCP, on the loopback: the room and a session for each guest are actors, and a
//! supervisor keeps the room open. `cargo run --example chat --features net`.

use creel::actor::supervisor::{ChildSpec, Strategy, Supervisor};
use creel::actor::{Actor, ActorId, Addr, Context, ExitReason, Info, Registry};
use creel::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use creel::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use creel::net::{TcpListener, TcpStream};
use creel::stream::wrappers::LinesStream;
use creel::stream::{StreamExt, once};
use std::collections::BTreeMap;

/// Who is there.
#[derive(Default)]
struct Room {
    guests: BTreeMap<ActorId, (String, Addr<Session>)>,
}

enum Talk {
    Join { name: String, session: Addr<Session> },
    Say { from: ActorId, text: String },
}

impl Room {
    /// Who cannot keep up misses lines, and holds up nobody.
    fn tell(&self, line: &str) {
        for (_, session) in self.guests.values() {
            let _ = session.high().try_cast(Event::Show(line.to_owned()));
        }
    }
}

impl Actor for Room {
    type Message = Talk;

    async fn handle(&mut self, talk: Talk, cx: &mut Context<Self>) -> Result<(), ExitReason> {
        match talk {
            Talk::Join { name, session } => {
                // However a guest goes, the monitor tells it.
                cx.monitor(&session);
                self.guests.insert(session.id(), (name.clone(), session));
                self.tell(&format!("* {name} joins"));
            }
            Talk::Say { from, text } => {
                if let Some((name, _)) = self.guests.get(&from) {
                    self.tell(&format!("{name}: {text}"));
                }
            }
        }
        Ok(())
    }

    async fn info(&mut self, info: Info, _: &mut Context<Self>) -> Result<(), ExitReason> {
        if let Info::Down { actor, .. } = info
            && let Some((name, _)) = self.guests.remove(&actor)
        {
            self.tell(&format!("* {name} leaves"));
        }
        Ok(())
    }
}

/// One guest: what comes from the socket is a message, and so is what goes to it.
struct Session {
    room: Addr<Room>,
    name: String,
    input: Option<Lines<BufReader<OwnedReadHalf>>>,
    output: OwnedWriteHalf,
}

enum Event {
    Read(String),
    Show(String),
    Gone,
}

impl Actor for Session {
    type Message = Event;

    async fn init(&mut self, cx: &mut Context<Self>) -> Result<(), ExitReason> {
        let lines = LinesStream::new(self.input.take().expect("it starts once"));
        let events = lines.map(|line| line.map_or(Event::Gone, Event::Read));
        cx.attach_stream(events.chain(once(Event::Gone)));
        let (name, session) = (self.name.clone(), cx.addr());
        Ok(self.room.cast(Talk::Join { name, session }).await?)
    }

    async fn handle(&mut self, event: Event, cx: &mut Context<Self>) -> Result<(), ExitReason> {
        match event {
            Event::Read(text) => self.room.cast(Talk::Say { from: cx.id(), text }).await?,
            Event::Show(line) => self.output.write_all(format!("{line}\n").as_bytes()).await?,
            Event::Gone => cx.exit(ExitReason::Normal),
        }
        Ok(())
    }
}

/// Lets guests in. The first line of each is a name.
async fn door(listener: TcpListener, registry: Registry) -> Result<(), ExitReason> {
    loop {
        let (input, output) = listener.accept().await?.0.into_split();
        let (mut input, room) = (BufReader::new(input).lines(), registry.wait_for("room").await);
        creel::spawn(async move {
            if let Ok(Some(name)) = input.next_line().await {
                let session = Session { room, name, input: Some(input), output }.start();
                // Its address keeps it alive until its guest has gone.
                session.wait().await;
            }
        });
    }
}

#[creel::main]
async fn main() -> std::io::Result<()> {
    let registry = Registry::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let (names, address) = (registry.clone(), listener.local_addr()?);
    let chat = Supervisor::new(Strategy::OneForOne)
        .child(ChildSpec::actor("room", move || {
            let room = Room::default().start();
            names.register("room", &room).expect("the room before has ended");
            room
        }))
        .child(ChildSpec::task("door", move || {
            let (listener, registry) = (listener.try_clone(), registry.clone());
            async move { door(TcpListener::from_std(listener?)?, registry).await }
        }))
        .start();

    let mut ann = TcpStream::connect(address).await?;
    ann.write_all(b"Ann\n").await?;
    let mut ann = BufReader::new(ann).lines();
    assert_eq!(ann.next_line().await?.as_deref(), Some("* Ann joins"));
    let mut bob = TcpStream::connect(address).await?;
    bob.write_all(b"Bob\n").await?;
    assert_eq!(ann.next_line().await?.as_deref(), Some("* Bob joins"));
    bob.write_all(b"hello\n").await?;
    assert_eq!(ann.next_line().await?.as_deref(), Some("Bob: hello"));
    drop(bob);
    assert_eq!(ann.next_line().await?.as_deref(), Some("* Bob leaves"));
    chat.shutdown().await;
    Ok(())
}

#[test]
fn guests_hear_each_other() {
    main().unwrap();
}
