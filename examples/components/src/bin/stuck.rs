//! Waits for what never comes: the host would end a program that asks it to wait for nothing, so creel does,
//! and says why.

#[creel::main(flavor = "current_thread")]
async fn main() {
    std::future::pending::<()>().await;
}
