//! What both previews of WASI promise beyond the conformance list: the standard streams.

use creel::io::{AsyncReadExt, AsyncWriteExt};
use creel::time::{Duration, timeout};

const LONG: Duration = Duration::from_secs(30);

cases! { "wasi":
    async fn standard_output_and_error_take_what_is_written() {
        let mut out = creel::io::stdout();
        out.write_all(b"").await.unwrap();
        out.flush().await.unwrap();
        creel::io::stderr().flush().await.unwrap();
    }

    async fn standard_input_ends() {
        let mut rest = Vec::new();
        let mut input = creel::io::stdin();
        timeout(LONG, input.read_to_end(&mut rest)).await.expect("the harness closes it").unwrap();
    }
}
