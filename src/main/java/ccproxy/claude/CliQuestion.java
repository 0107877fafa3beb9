package ccproxy.claude;

import ccproxy.wire.CliMessage;
import java.util.concurrent.CompletableFuture;

/// How a request is put to a CLI process, how its answer is read, and what becomes of the process.
interface CliQuestion {
    /// A question that was put.
    ///
    /// @param turn that brings the answer
    record Asked(CliPool.Lease lease, ProcessTurn turn) {}

    /// Takes a process, with the place in the line that the caller holds, and asks. Called once.
    ///
    /// @return fails with an [ccproxy.wire.ApiException]; then no process is held
    CompletableFuture<Asked> ask() throws InterruptedException;

    /// Hears every line of the turn before it is read, to make sure that the process knew all of
    /// the request when it began.
    ///
    /// @throws ccproxy.wire.ApiException when not
    void hear(CliMessage line);

    /// {@return what reads the answer; always the same}
    CliDecoder decoder();

    /// Says that nobody waits for the answer any more: a question that was not put yet need not be.
    default void leave() {}

    /// Gives the process back.
    ///
    /// @param isOver whether the answer came to its end; else it is stopped
    void release(Asked asked, boolean isOver);
}
