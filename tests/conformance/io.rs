//! Reading and writing.

use creel::io::{
    self, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncReadOwned, AsyncSeekExt, AsyncWrite,
    AsyncWriteExt, AsyncWriteOwned, BufReader, BufStream, BufWriter, ErrorKind, ReadBuf, SeekFrom,
};
use creel::platform::buf::OwnedBuf;
use std::future::{Future, poll_fn};
use std::io::{Cursor, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

/// How much the larger streams carry; Miri is some hundred times slower than the machine.
const AMOUNT: usize = if cfg!(miri) { 500 } else { 50_000 };

/// Polls once, within the task.
async fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    let mut future = future;
    poll_fn(move |cx| Poll::Ready(future.as_mut().poll(cx))).await
}

/// Waits for a task by looking, which costs no budget.
async fn finished(task: &creel::task::JoinHandle<()>) {
    while !task.is_finished() {
        creel::task::yield_now().await;
    }
}

/// Counts the operations that reach the stream inside, and does them.
#[derive(Debug, Default)]
struct Counted<S> {
    stream: S,
    reads: usize,
    writes: usize,
    flushes: usize,
}

impl<S> Counted<S> {
    fn new(stream: S) -> Self {
        Self { stream, reads: 0, writes: 0, flushes: 0 }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.reads += 1;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.writes += 1;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.flushes += 1;
        Pin::new(&mut self.stream).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

cases! { "io":
    async fn read_takes_what_is_there() {
        let (mut near, mut far) = io::duplex(64);
        near.write_all(b"hello").await.unwrap();
        let mut buf = [0; 3];
        assert_eq!(far.read(&mut buf).await.unwrap(), 3);
        assert_eq!(&buf, b"hel");
        assert_eq!(far.read(&mut buf).await.unwrap(), 2);
        assert_eq!(&buf, b"lol");
    }

    async fn read_into_no_room_does_not_wait() {
        let (_near, mut far) = io::duplex(64);
        assert_eq!(far.read(&mut []).await.unwrap(), 0);
    }

    async fn read_exact_gathers_pieces() {
        let (mut near, mut far) = io::duplex(64);
        let writer = creel::spawn(async move {
            for piece in ["he", "ll", "o!"] {
                near.write_all(piece.as_bytes()).await.unwrap();
                creel::task::yield_now().await;
            }
        });
        let mut buf = [0; 5];
        assert_eq!(far.read_exact(&mut buf).await.unwrap(), 5);
        assert_eq!(&buf, b"hello");
        writer.await.unwrap();
        assert_eq!(far.read_u8().await.unwrap(), b'!');
    }

    async fn read_exact_tells_of_an_early_end() {
        let error = (&b"four"[..]).read_exact(&mut [0; 5]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    }

    async fn a_dropped_read_has_read_nothing() {
        let (mut near, mut far) = io::duplex(64);
        let mut buf = [0; 5];
        {
            let mut read = pin!(far.read(&mut buf));
            assert!(poll_once(read.as_mut()).await.is_pending());
            near.write_all(b"hello").await.unwrap();
        }
        far.read_exact(&mut buf).await.unwrap();
        assert_eq!(&buf, b"hello");
    }

    async fn a_dropped_read_until_keeps_its_beginning() {
        let (mut near, far) = io::duplex(64);
        let mut far = BufReader::new(far);
        let mut segment = Vec::new();
        near.write_all(b"one, ").await.unwrap();
        assert!(poll_once(pin!(far.read_until(b';', &mut segment))).await.is_pending());
        near.write_all(b"two;three").await.unwrap();
        assert_eq!(far.read_until(b';', &mut segment).await.unwrap(), 4);
        assert_eq!(segment, b"one, two;");
    }

    async fn a_dropped_next_line_keeps_its_beginning() {
        let (mut near, far) = io::duplex(64);
        let mut lines = BufReader::new(far).lines();
        near.write_all("gr\u{fc}".as_bytes().split_last().unwrap().1).await.unwrap();
        assert!(poll_once(pin!(lines.next_line())).await.is_pending());
        near.write_all(b"\xbcezi\n").await.unwrap();
        assert_eq!(lines.next_line().await.unwrap().unwrap(), "gr\u{fc}ezi");
    }

    async fn a_dropped_read_line_gives_the_string_back() {
        let (mut near, far) = io::duplex(64);
        let mut far = BufReader::new(far);
        let mut line = String::from("before ");
        near.write_all(b"and after").await.unwrap();
        assert!(poll_once(pin!(far.read_line(&mut line))).await.is_pending());
        assert_eq!(line, "before and after");
        near.write_all(b"\xff").await.unwrap();
        assert!(poll_once(pin!(far.read_line(&mut line))).await.is_pending());
        assert_eq!(line, "before and after");
    }

    async fn read_line_refuses_what_is_not_text() {
        let mut line = String::from("before");
        let mut source = &b"\xff\xfe\nnext"[..];
        let error = source.read_line(&mut line).await.unwrap_err();
        assert_eq!((error.kind(), &*line), (ErrorKind::InvalidData, "before"));
        assert_eq!(source.read_line(&mut line).await.unwrap(), 4);
        assert_eq!(line, "beforenext");
    }

    async fn numbers_survive_the_trip() {
        let (mut near, mut far) = io::duplex(5);
        let write = async {
            near.write_u8(1).await?;
            near.write_i16(-2).await?;
            near.write_u32_le(3).await?;
            near.write_i64(-4).await?;
            near.write_u128_le(5).await?;
            near.write_f64(6.5).await?;
            near.write_f32_le(-7.25).await
        };
        let read = async {
            assert_eq!(far.read_u8().await?, 1);
            assert_eq!(far.read_i16().await?, -2);
            assert_eq!(far.read_u32_le().await?, 3);
            assert_eq!(far.read_i64().await?, -4);
            assert_eq!(far.read_u128_le().await?, 5);
            assert_eq!(far.read_f64().await?, 6.5);
            assert_eq!(far.read_f32_le().await?, -7.25);
            io::Result::Ok(())
        };
        let (written, read) = creel::join!(write, read);
        written.unwrap();
        read.unwrap();
    }

    async fn numbers_are_big_endian_unless_told() {
        let mut bytes = Vec::new();
        bytes.write_u16(0x0102).await.unwrap();
        bytes.write_u16_le(0x0102).await.unwrap();
        assert_eq!(bytes, [1, 2, 2, 1]);
    }

    async fn lines_end_in_either_fashion() {
        let mut lines = (&b"one\r\ntwo\n\nfour\rhere"[..]).lines();
        let mut seen = Vec::new();
        while let Some(line) = lines.next_line().await.unwrap() {
            seen.push(line);
        }
        assert_eq!(seen, ["one", "two", "", "four\rhere"]);
    }

    async fn lines_go_on_behind_what_is_not_text() {
        let mut lines = (&b"\xff\nfine"[..]).lines();
        assert_eq!(lines.next_line().await.unwrap_err().kind(), ErrorKind::InvalidData);
        assert_eq!(lines.next_line().await.unwrap().unwrap(), "fine");
        assert_eq!(lines.next_line().await.unwrap(), None);
    }

    async fn segments_lack_their_delimiter() {
        let (mut near, far) = io::duplex(3);
        let writer = creel::spawn(async move { near.write_all(b"a,,bcd,e").await });
        let mut segments = AsyncBufReadExt::split(BufReader::new(far), b',');
        let mut seen = Vec::new();
        while let Some(segment) = segments.next_segment().await.unwrap() {
            seen.push(segment);
        }
        assert_eq!(seen, [&b"a"[..], b"", b"bcd", b"e"]);
        writer.await.unwrap().unwrap();
    }

    async fn read_to_end_waits_for_the_end() {
        let (mut near, mut far) = io::duplex(7);
        let sent: Vec<u8> = (0..=255).cycle().take(1000).collect();
        let expected = sent.clone();
        let writer = creel::spawn(async move { near.write_all(&sent).await });
        let mut received = b"start".to_vec();
        assert_eq!(far.read_to_end(&mut received).await.unwrap(), 1000);
        assert_eq!(received[..5], *b"start");
        assert_eq!(received[5..], expected);
        writer.await.unwrap().unwrap();
    }

    async fn read_to_string_refuses_what_is_not_text() {
        let mut text = String::from("before");
        let error = (&b"ab\xff"[..]).read_to_string(&mut text).await.unwrap_err();
        assert_eq!((error.kind(), &*text), (ErrorKind::InvalidData, "before"));
    }

    async fn take_leaves_the_rest() {
        let (mut near, mut far) = io::duplex(64);
        near.write_all(b"headbody").await.unwrap();
        let mut head = String::new();
        // The end is known without asking the stream, which would wait.
        AsyncReadExt::take(&mut far, 4).read_to_string(&mut head).await.unwrap();
        assert_eq!(head, "head");
        let mut body = [0; 4];
        far.read_exact(&mut body).await.unwrap();
        assert_eq!(&body, b"body");
    }

    async fn chain_reads_one_after_the_other() {
        let mut text = String::new();
        let mut chain = b"one ".chain(&b"two"[..]);
        assert_eq!(chain.read(&mut []).await.unwrap(), 0);
        chain.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "one two");
    }

    async fn a_buf_reader_reads_ahead() {
        let mut reader = BufReader::with_capacity(8, Counted::new(&b"0123456789abcdef"[..]));
        for expected in b'0'..b'8' {
            assert_eq!(reader.read_u8().await.unwrap(), expected);
        }
        assert_eq!(reader.get_ref().reads, 1);
        // A read that is no smaller than the buffer passes it by.
        let mut rest = [0; 8];
        reader.read_exact(&mut rest).await.unwrap();
        assert_eq!((&rest, reader.buffer()), (b"89abcdef", &b""[..]));
        assert_eq!(reader.get_ref().reads, 2);
    }

    async fn a_buf_reader_shows_its_buffer() {
        let mut reader = BufReader::with_capacity(4, &b"hello"[..]);
        assert_eq!(reader.fill_buf().await.unwrap(), b"hell");
        reader.consume(3);
        assert_eq!(reader.buffer(), b"l");
        assert_eq!(reader.fill_buf().await.unwrap(), b"l");
    }

    async fn a_buf_reader_seeks_from_where_it_was_read_to() {
        let mut reader = BufReader::with_capacity(4, Cursor::new(b"0123456789"));
        assert_eq!(reader.read_u8().await.unwrap(), b'0');
        assert_eq!(reader.seek(SeekFrom::Current(2)).await.unwrap(), 3);
        assert_eq!(reader.read_u8().await.unwrap(), b'3');
        assert_eq!(reader.stream_position().await.unwrap(), 4);
        reader.rewind().await.unwrap();
        assert_eq!(reader.read_u8().await.unwrap(), b'0');
    }

    async fn a_buf_writer_gathers_until_it_is_flushed() {
        let mut writer = BufWriter::with_capacity(8, Counted::new(Vec::new()));
        for byte in 0..8 {
            writer.write_u8(byte).await.unwrap();
        }
        assert_eq!((writer.get_ref().writes, writer.buffer().len()), (0, 8));
        writer.write_u8(8).await.unwrap();
        assert_eq!((writer.get_ref().writes, writer.buffer()), (1, &[8][..]));
        writer.flush().await.unwrap();
        assert_eq!(writer.get_ref().flushes, 1);
        assert_eq!(writer.into_inner().stream, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    }

    async fn a_buf_writer_flushes_when_it_is_shut_down() {
        let (near, mut far) = io::duplex(64);
        let mut near = BufWriter::new(near);
        near.write_all(b"last words").await.unwrap();
        near.shutdown().await.unwrap();
        let mut text = String::new();
        far.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "last words");
    }

    async fn a_buf_stream_has_a_buffer_each_way() {
        let (near, far) = io::duplex(4);
        let echo = creel::spawn(async move {
            let mut far = BufStream::new(far);
            let mut line = String::new();
            while far.read_line(&mut line).await? > 0 {
                far.write_all(line.to_uppercase().as_bytes()).await?;
                far.flush().await?;
                line.clear();
            }
            far.shutdown().await
        });
        let mut near = BufStream::new(near);
        for (question, answer) in [("one\n", "ONE\n"), ("three\n", "THREE\n")] {
            near.write_all(question.as_bytes()).await.unwrap();
            near.flush().await.unwrap();
            let mut line = String::new();
            near.read_line(&mut line).await.unwrap();
            assert_eq!(line, answer);
        }
        near.shutdown().await.unwrap();
        echo.await.unwrap().unwrap();
    }

    async fn write_vectored_takes_from_all_buffers() {
        let (mut near, mut far) = io::duplex(7);
        assert!(near.is_write_vectored());
        let bufs = [IoSlice::new(b"head"), IoSlice::new(b""), IoSlice::new(b"body")];
        assert_eq!(near.write_vectored(&bufs).await.unwrap(), 7);
        let mut buf = [0; 7];
        far.read_exact(&mut buf).await.unwrap();
        assert_eq!(&buf, b"headbod");
    }

    async fn a_full_pipe_makes_its_writer_wait() {
        let (mut reader, mut writer) = io::simplex(4);
        assert_eq!(writer.write(b"hello").await.unwrap(), 4);
        assert_eq!(writer.write(b"").await.unwrap(), 0);
        let mut write = pin!(writer.write(b"o"));
        assert!(poll_once(write.as_mut()).await.is_pending());
        assert_eq!(reader.read_u8().await.unwrap(), b'h');
        assert_eq!(write.await.unwrap(), 1);
        let mut rest = [0; 4];
        reader.read_exact(&mut rest).await.unwrap();
        assert_eq!(&rest, b"ello");
    }

    async fn shutting_down_ends_what_the_other_side_reads() {
        let (mut reader, mut writer) = io::simplex(64);
        let waiting = creel::spawn(async move {
            let mut text = String::new();
            reader.read_to_string(&mut text).await.map(|_| text)
        });
        creel::task::yield_now().await;
        writer.write_all(b"all").await.unwrap();
        writer.shutdown().await.unwrap();
        assert_eq!(waiting.await.unwrap().unwrap(), "all");
        assert_eq!(writer.write(b"more").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
    }

    async fn dropping_one_end_lets_the_other_drain() {
        let (mut near, mut far) = io::duplex(64);
        near.write_all(b"left").await.unwrap();
        drop(near);
        assert_eq!(far.write(b"lost").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert_eq!(far.write(b"").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
        let mut text = String::new();
        far.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "left");
    }

    async fn dropping_one_end_wakes_a_waiting_writer() {
        let (near, mut far) = io::duplex(1);
        let writer = creel::spawn(async move { far.write_all(b"too much").await });
        creel::task::yield_now().await;
        drop(near);
        assert_eq!(writer.await.unwrap().unwrap_err().kind(), ErrorKind::BrokenPipe);
    }

    async fn the_last_to_poll_is_woken() {
        let (mut near, mut far) = io::duplex(64);
        // Polled here first, and then by another task.
        let mut buf = [0; 1];
        assert!(poll_once(pin!(far.read(&mut buf))).await.is_pending());
        let reader = creel::spawn(async move { far.read_u8().await });
        creel::task::yield_now().await;
        near.write_u8(7).await.unwrap();
        assert_eq!(reader.await.unwrap().unwrap(), 7);
    }

    async fn halves_work_in_two_tasks() {
        let (near, far) = io::duplex(3);
        let (mut from_far, mut to_far) = io::split(near);
        let (mut from_near, mut to_near) = io::split(far);
        let echo = creel::spawn(async move {
            io::copy(&mut from_near, &mut to_near).await?;
            to_near.shutdown().await
        });
        let talk = creel::spawn(async move {
            to_far.write_all(b"back and forth").await?;
            to_far.shutdown().await
        });
        let mut heard = String::new();
        from_far.read_to_string(&mut heard).await.unwrap();
        assert_eq!(heard, "back and forth");
        talk.await.unwrap().unwrap();
        echo.await.unwrap().unwrap();
    }

    async fn halves_know_each_other() {
        let (reader, mut writer) = io::simplex(8);
        let (stranger, _) = io::simplex(8);
        assert!(reader.is_pair_of(&writer) && !stranger.is_pair_of(&writer));
        writer.write_all(b"whole").await.unwrap();
        let mut whole = reader.unsplit(writer);
        let mut buf = [0; 5];
        whole.read_exact(&mut buf).await.unwrap();
        assert_eq!(&buf, b"whole");
    }

    async fn joined_streams_read_one_and_write_the_other() {
        let mut stream = io::join(&b"in"[..], Vec::new());
        let mut buf = [0; 2];
        stream.read_exact(&mut buf).await.unwrap();
        stream.write_all(b"out").await.unwrap();
        assert_eq!((&buf, stream.into_inner().1), (b"in", b"out".to_vec()));
    }

    async fn copy_moves_everything() {
        let (mut source, from) = io::duplex(11);
        let (to, mut target) = io::duplex(7);
        let sent: Vec<u8> = (0..AMOUNT).map(|n| (n % 251) as u8).collect();
        let expected = sent.clone();
        let feed = creel::spawn(async move { source.write_all(&sent).await });
        let copy = creel::spawn(async move {
            let (mut from, mut to) = (from, to);
            io::copy(&mut from, &mut to).await
        });
        let mut received = Vec::new();
        target.read_to_end(&mut received).await.unwrap();
        assert_eq!(received, expected);
        assert_eq!(copy.await.unwrap().unwrap(), AMOUNT as u64);
        feed.await.unwrap().unwrap();
    }

    async fn copy_flushes_while_its_reader_waits() {
        let (mut source, mut from) = io::duplex(64);
        let (to, mut target) = io::duplex(64);
        let mut to = BufWriter::new(to);
        let copy = creel::spawn(async move { io::copy(&mut from, &mut to).await });
        source.write_all(b"ping").await.unwrap();
        let mut buf = [0; 4];
        target.read_exact(&mut buf).await.unwrap();
        assert_eq!(&buf, b"ping");
        drop(source);
        assert_eq!(copy.await.unwrap().unwrap(), 4);
    }

    async fn a_dropped_copy_buf_has_lost_nothing() {
        let mut source = BufReader::new(&b"one two"[..]);
        let (mut to, mut target) = io::duplex(4);
        assert!(poll_once(pin!(io::copy_buf(&mut source, &mut to))).await.is_pending());
        let mut text = String::new();
        let rest = async {
            io::copy_buf(&mut source, &mut to).await.unwrap();
            drop(to);
        };
        let (read, ()) = creel::join!(target.read_to_string(&mut text), rest);
        read.unwrap();
        assert_eq!(text, "one two");
    }

    async fn copy_bidirectional_ends_when_both_ends_do() {
        let (mut client, mut inside) = io::duplex(5);
        let (mut outside, mut server) = io::duplex(5);
        let proxy = creel::spawn(async move {
            io::copy_bidirectional(&mut inside, &mut outside).await
        });
        client.write_all(b"ping").await.unwrap();
        client.shutdown().await.unwrap();
        let mut text = String::new();
        server.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "ping");
        assert!(!proxy.is_finished());
        let answer = creel::spawn(async move {
            server.write_all(b"welcome back").await.unwrap();
        });
        text.clear();
        client.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "welcome back");
        answer.await.unwrap();
        assert_eq!(proxy.await.unwrap().unwrap(), (4, 12));
    }

    async fn copying_without_end_lets_others_run() {
        if cfg!(miri) {
            return; // a megabyte a turn takes it hours
        }
        let others = creel::spawn(async {
            for _ in 0..10 {
                creel::task::yield_now().await;
            }
        });
        let (mut source, mut sink) = (io::repeat(1), io::sink());
        creel::select! {
            biased;
            _ = io::copy(&mut source, &mut sink) => unreachable!("the source has no end"),
            () = finished(&others) => {}
        }
    }

    async fn pipes_let_others_run() {
        let (mut near, mut far) = io::duplex(64);
        let others = creel::spawn(creel::task::yield_now());
        let talk = async {
            loop {
                near.write_all(&[1; 32]).await.unwrap();
                far.read_exact(&mut [0; 32]).await.unwrap();
            }
        };
        creel::select! {
            biased;
            () = talk => {}
            () = finished(&others) => {}
        }
    }

    async fn trivial_streams_do_what_they_say() {
        assert_eq!(io::empty().read(&mut [0; 4]).await.unwrap(), 0);
        assert_eq!(io::empty().write(b"gone").await.unwrap(), 4);
        assert_eq!(io::empty().seek(SeekFrom::End(9)).await.unwrap(), 0);
        assert_eq!(io::sink().write(b"gone").await.unwrap(), 4);
        let mut buf = [0; 3];
        io::repeat(9).read_exact(&mut buf).await.unwrap();
        assert_eq!(buf, [9, 9, 9]);
    }

    async fn owned_buffers_come_back() {
        let (mut near, mut far) = io::duplex(3);
        let (write, read) = creel::join!(near.write_all_owned(String::from("hello")), async {
            let (read, first) = far.read_owned(Vec::with_capacity(8)).await;
            assert_eq!((read.unwrap(), &*first), (3, &b"hel"[..]));
            // What was there is overwritten, unless it is kept out of it.
            let (read, part) = far.read_owned(first.slice(3..)).await;
            assert_eq!(read.unwrap(), 2);
            part.into_inner()
        });
        let (written, sent) = write;
        written.unwrap();
        assert_eq!((sent.as_bytes(), &*read), (&b"hello"[..], &b"hello"[..]));
    }

    async fn owned_buffers_come_back_from_a_failure() {
        let (mut near, far) = io::duplex(3);
        drop(far);
        let (written, buf) = near.write_owned(b"lost".to_vec()).await;
        assert_eq!((written.unwrap_err().kind(), &*buf), (ErrorKind::BrokenPipe, &b"lost"[..]));
        let (read, buf) = near.read_owned(Box::new(*b"kept")).await;
        assert_eq!((read.unwrap(), &*buf), (0, b"kept"));
    }

    async fn a_word_passes_through_a_hundred_pipes() {
        let (mut first, mut end) = io::duplex(2);
        for _ in 0..100 {
            let (mut to, next) = io::duplex(3);
            let mut from = std::mem::replace(&mut end, next);
            creel::spawn(async move { io::copy(&mut from, &mut to).await });
        }
        first.write_all(b"a word").await.unwrap();
        drop(first);
        let mut text = String::new();
        end.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "a word");
    }
}
