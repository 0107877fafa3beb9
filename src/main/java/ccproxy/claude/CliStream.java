package ccproxy.claude;

import ccproxy.wire.ApiException;
import ccproxy.wire.CliMessage;
import ccproxy.wire.ErrorKind;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// One answer by way of a CLI process: waits for one, asks, hands on what the model says.
///
/// ```
/// queued ──a process is free──▶ asked ──events──▶ told ──message_stop──▶ ended, process cleared
///    └─ none in time: 503         └─ failed: its own status     └─ closed early: interrupted
/// ```
final class CliStream implements EventStream {
    /// Pings keep the CLI itself patient, and it does not hand them on: what it calls silence it
    /// says so. This is for a CLI that says nothing at all.
    private static final int IDLE_TIMES = 5;

    private static final Duration GRACE = Duration.ofSeconds(5);

    /// What a process said before it ended has been read by then.
    private static final Duration LAST_LINES = Duration.ofSeconds(1);

    private final CliPool pool;
    private final ClaudeSettings settings;
    private final CliRequest request;
    private final CliDecoder decoder = new CliDecoder();
    private final long deadline;
    private CompletableFuture<Void> place;
    private volatile CliPool.Lease lease;
    private volatile ProcessTurn turn;
    private CompletableFuture<CliMessage.Reply> told;
    private long heardNanos;
    private boolean isReleased;
    private volatile boolean isClosed;

    CliStream(CliPool pool, ClaudeSettings settings, CliRequest request) {
        this.pool = pool;
        this.settings = settings;
        this.request = request;
        this.deadline = System.nanoTime() + settings.sessionBusyWait().toNanos();
    }

    @Override
    public Next next(Duration wait) throws InterruptedException {
        if (turn == null && !begin(wait)) return new Next.Queued();
        try {
            return heard(System.nanoTime() + wait.toNanos());
        } catch (ApiException e) {
            release();
            throw e;
        }
    }

    private boolean begin(Duration wait) throws InterruptedException {
        long left = Math.max(0, Math.min(wait.toNanos(), deadline - System.nanoTime()));
        try {
            place().get(left, TimeUnit.NANOSECONDS);
        } catch (CancellationException _) {
            throw stopped();
        } catch (TimeoutException _) {
            if (System.nanoTime() < deadline) return false;
            throw CliPool.full();
        } catch (ExecutionException e) {
            throw new AssertionError(e);
        }
        begin();
        return true;
    }

    private synchronized CompletableFuture<Void> place() {
        if (isClosed) throw stopped();
        if (place == null) place = pool.queue();
        return place;
    }

    /// All of it is written at once: the CLI reads in order, and says when it begins a turn, so
    /// that [#checkTold] sees that it knew everything by then.
    private synchronized void begin() throws InterruptedException {
        if (isClosed) throw stopped();
        // From here on the place is the lease's: it is given back once.
        place = null;
        CliPool.Lease mine = pool.acquire(request.kind());
        lease = mine;
        ClaudeProcess process = mine.process();
        turn = process.expect();
        if (mine.isNew()) process.control(CliRequest.initialize(mine.kind()));
        told = process.control(request.settings());
        // What is asked stands in the settings. This only says: now.
        process.write(CliLines.user("."));
        heardNanos = System.nanoTime();
    }

    private Next heard(long until) throws InterruptedException {
        for (; ; ) {
            if (decoder.hasEvent()) return new Next.Event(decoder.event());
            if (decoder.isComplete()) {
                release();
                return new Next.End();
            }
            CliMessage line = turn.poll(Duration.ofNanos(Math.max(0, until - System.nanoTime())));
            if (isClosed) throw stopped();
            if (line == null) return quiet();
            heardNanos = System.nanoTime();
            if (line instanceof CliMessage.SystemLine(var subtype, _) && subtype.equals("init"))
                checkTold();
            decoder.add(line);
        }
    }

    /// A turn that began without this request's values would answer something else.
    private void checkTold() {
        if (told.isDone() && !told.isCompletedExceptionally() && told.join().error().isEmpty())
            return;
        String why = told.isDone() && !told.isCompletedExceptionally() ? told.join().error() : "";
        throw new ApiException(
                ErrorKind.UNREACHABLE, "the claude process did not take the request: " + why);
    }

    private Next quiet() {
        boolean isDead = turn.isEnded() && !turn.hasResult();
        if (isDead || hasExited()) {
            throw new ApiException(ErrorKind.UNREACHABLE, lease.process().failure())
                    .code("cli_crashed");
        }
        Duration limit =
                decoder.hasBegun()
                        ? settings.idleTimeout().multipliedBy(IDLE_TIMES)
                        : settings.firstEventTimeout();
        if (System.nanoTime() - heardNanos < limit.plus(GRACE).toNanos()) return new Next.Quiet();
        throw new ApiException(
                ErrorKind.TIMEOUT, "the claude process was silent for " + limit.toMillis() + " ms");
    }

    /// A child of a dead process may hold its pipe open: then no end of it is ever read.
    private boolean hasExited() {
        long silent = System.nanoTime() - heardNanos;
        return lease.process().hasExited() && !turn.isEnded() && silent > LAST_LINES.toNanos();
    }

    private static ApiException stopped() {
        return new ApiException(ErrorKind.INCOMPLETE, "the answer was stopped");
    }

    /// Gives the process back, once.
    private synchronized void release() {
        if (isReleased) return;
        isReleased = true;
        if (turn != null) pool.release(lease, turn, decoder.isComplete(), true);
    }

    @Override
    public boolean isReady() {
        return decoder.hasEvent() || turn != null && turn.isReady();
    }

    @Override
    public Map<String, List<String>> headers() {
        return Map.of();
    }

    @Override
    public synchronized void close() {
        if (isClosed) return;
        isClosed = true;
        if (place != null) pool.leave(place);
        release();
    }
}
