package ccproxy.claude;

import ccproxy.wire.ApiException;
import ccproxy.wire.CliMessage;
import ccproxy.wire.ErrorKind;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/// A request for the model alone, whole in the settings of a process that forgets it afterwards.
final class PlainQuestion implements CliQuestion {
    private final CliPool pool;
    private final CliRequest request;
    private final PlainDecoder decoder = new PlainDecoder();
    private final List<CompletableFuture<CliMessage.Reply>> told = new ArrayList<>();

    PlainQuestion(CliPool pool, CliRequest request) {
        this.pool = pool;
        this.request = request;
    }

    /// All of it is written at once: the CLI reads in order, and says when it begins a turn, so
    /// that [#checkTold] sees that it knew everything by then.
    @Override
    public CompletableFuture<Asked> ask() throws InterruptedException {
        CliPool.Lease lease = pool.acquire(request.kind(""));
        ClaudeProcess process = lease.process();
        ProcessTurn turn = process.expect();
        if (lease.isNew()) told.add(process.control(CliRequest.initialize(lease.kind())));
        told.add(process.control(request.settings()));
        // What is asked stands in the settings. This only says: now.
        process.write(CliLines.user("."));
        return CompletableFuture.completedFuture(new Asked(lease, turn));
    }

    /// A turn that began without this request's values would answer something else.
    @Override
    public void checkTold() {
        for (CompletableFuture<CliMessage.Reply> reply : told) {
            boolean isAnswered = reply.isDone() && !reply.isCompletedExceptionally();
            if (isAnswered && reply.join().error().isEmpty()) continue;
            throw new ApiException(
                    ErrorKind.UNREACHABLE,
                    "the claude process did not take the request: "
                            + (isAnswered ? reply.join().error() : "it began without it"));
        }
    }

    @Override
    public CliDecoder decoder() {
        return decoder;
    }

    @Override
    public void release(Asked asked, boolean isOver) {
        pool.release(asked.lease(), asked.turn(), isOver, CliPool.After.CLEAR);
    }
}
