package ccproxy.claude;

import ccproxy.wire.ApiException;
import ccproxy.wire.CliMessage;
import ccproxy.wire.ErrorKind;
import java.util.concurrent.CompletableFuture;

/// A request for the model alone, whole in the settings of a process that forgets it afterwards.
final class PlainQuestion implements CliQuestion {
    private final CliPool pool;
    private final CliRequest request;
    private final PlainDecoder decoder = new PlainDecoder();
    private int asked;
    private int replies;

    PlainQuestion(CliPool pool, CliRequest request) {
        this.pool = pool;
        this.request = request;
    }

    /// All of it is written at once: the CLI reads in order, and says when it begins a turn, so
    /// that [#hear] sees that it knew everything by then.
    @Override
    public CompletableFuture<Asked> ask() throws InterruptedException {
        CliPool.Lease lease = pool.acquire(request.kind(""));
        ClaudeProcess process = lease.process();
        ProcessTurn turn = process.expect();
        asked = lease.isNew() ? 2 : 1;
        if (lease.isNew()) process.control().send(CliRequest.initialize(lease.kind()));
        process.control().send(request.settings());
        // What is asked stands in the settings. This only says: now.
        process.write(CliLines.user("."));
        return CompletableFuture.completedFuture(new Asked(lease, turn));
    }

    /// A turn that began without this request's values would answer something else. What counts is
    /// the order of the lines: a reply behind the beginning comes too late.
    @Override
    public void hear(CliMessage line) {
        if (line instanceof CliMessage.Reply reply) {
            if (!reply.error().isEmpty()) throw notTaken(reply.error());
            replies++;
        }
        boolean isBegin =
                line instanceof CliMessage.SystemLine(var subtype, _) && subtype.equals("init");
        if (isBegin && replies < asked) throw notTaken("it began without it");
    }

    private static ApiException notTaken(String why) {
        return new ApiException(
                ErrorKind.UNREACHABLE, "the claude process did not take the request: " + why);
    }

    @Override
    public CliDecoder decoder() {
        return decoder;
    }

    @Override
    public void release(Asked asked, boolean isOver) {
        pool.release(asked.lease(), asked.turn(), isOver, TurnEnd.After.CLEAR);
    }
}
