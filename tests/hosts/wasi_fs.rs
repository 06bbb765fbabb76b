//! Files, as far as both previews of WASI have them: in a folder that the host lends as `scratch`.

use creel::fs::{self, File, OpenOptions};
use creel::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, SeekFrom};
use std::io::ErrorKind;

cases! { "wasi_fs":
    async fn a_file_is_written_read_and_removed() {
        fs::write("scratch/one", "hello").await.unwrap();
        assert_eq!(fs::read_to_string("scratch/one").await.unwrap(), "hello");
        assert_eq!(fs::metadata("scratch/one").await.unwrap().len(), 5);
        fs::rename("scratch/one", "scratch/two").await.unwrap();
        assert!(!fs::try_exists("scratch/one").await.unwrap());
        fs::remove_file("scratch/two").await.unwrap();
    }

    async fn a_file_is_a_stream_with_a_position() {
        let mut file = File::create("scratch/stream").await.unwrap();
        file.write_all(b"0123456789").await.unwrap();
        file.flush().await.unwrap();
        let mut file = OpenOptions::new().read(true).write(true).open("scratch/stream").await.unwrap();
        file.seek(SeekFrom::Start(3)).await.unwrap();
        let mut buf = [0; 2];
        file.read_exact(&mut buf).await.unwrap();
        assert_eq!(&buf, b"34");
        // At a position, which moves nothing.
        let (read, buf) = file.read_at_owned(Vec::with_capacity(4), 6).await;
        assert_eq!((read.unwrap(), &buf[..]), (4, &b"6789"[..]));
        let mut rest = String::new();
        file.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "56789");
        fs::remove_file("scratch/stream").await.unwrap();
    }

    async fn a_folder_is_read() {
        fs::create_dir_all("scratch/folder/inner").await.unwrap();
        fs::write("scratch/folder/file", "").await.unwrap();
        let mut names = Vec::new();
        let mut entries = fs::read_dir("scratch/folder").await.unwrap();
        while let Some(entry) = entries.next_entry().await.unwrap() {
            names.push(entry.file_name().into_string().unwrap());
        }
        names.sort();
        assert_eq!(names, ["file", "inner"]);
        fs::remove_dir_all("scratch/folder").await.unwrap();
    }

    async fn what_a_folder_refuses_has_its_kind() {
        fs::create_dir_all("scratch/full/inner").await.unwrap();
        let kind = |result: std::io::Result<()>| result.unwrap_err().kind();
        assert_eq!(kind(fs::create_dir("scratch/full").await), ErrorKind::AlreadyExists);
        // The standard library has no kind for this one under WASI.
        assert_eq!(kind(fs::remove_dir("scratch/full").await), ErrorKind::DirectoryNotEmpty);
        fs::remove_dir_all("scratch/full").await.unwrap();
    }

    async fn what_is_not_there_or_not_lent_is_an_error() {
        let missing = fs::read("scratch/missing").await.unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound, "{missing}");
        let elsewhere = fs::read("/etc/passwd").await.unwrap_err();
        let kinds = [ErrorKind::NotFound, ErrorKind::PermissionDenied, ErrorKind::Other];
        assert!(kinds.contains(&elsewhere.kind()) || elsewhere.raw_os_error().is_some(), "{elsewhere}");
    }
}
