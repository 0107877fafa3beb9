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

    private static final int STATUS_OK = 200;

    private static final Duration GRACE = Duration.ofSeconds(5);

    /// What a process said before it ended has been read by then.
    private static final Duration LAST_LINES = Duration.ofSeconds(1);

    private final CliPool pool;
    private final ClaudeSettings settings;
    private final CliQuestion question;
    private final CliDecoder decoder;
    private final long startNanos = System.nanoTime();
    private final long deadline;
    private CompletableFuture<Void> place;
    private boolean isPlaceGiven;
    private CompletableFuture<CliQuestion.Asked> asking;
    private volatile CliQuestion.Asked asked;
    private long heardNanos;
    private boolean isCounted;
    private boolean isReleased;
    private volatile boolean isClosed;

    CliStream(CliPool pool, ClaudeSettings settings, CliQuestion question) {
        this.pool = pool;
        this.settings = settings;
        this.question = question;
        this.decoder = question.decoder();
        this.deadline = startNanos + settings.sessionBusyWait().toNanos();
    }

    @Override
    public Next next(Duration wait) throws InterruptedException {
        long until = System.nanoTime() + wait.toNanos();
        if (asking == null && !begin(until)) return new Next.Queued();
        if (asked == null && !isAsked(until)) return new Next.Quiet();
        try {
            Next next = heard(until);
            if (next instanceof Next.Event) count(STATUS_OK);
            return next;
        } catch (ApiException e) {
            if (!isClosed) count(e.messagesStatus());
            release();
            throw e;
        }
    }

    /// The first thing that is heard is the answer's status, as with the API.
    private void count(int status) {
        if (isCounted) return;
        isCounted = true;
        pool.counters().responses.add(status);
    }

    private boolean begin(long until) throws InterruptedException {
        if (!isDone(place(), Math.min(until, deadline))) {
            if (System.nanoTime() < deadline) return false;
            pool.counters().waits.add(System.nanoTime() - startNanos);
            throw CliPlaces.full();
        }
        pool.counters().waits.add(System.nanoTime() - startNanos);
        begin();
        return true;
    }

    private synchronized CompletableFuture<Void> place() {
        if (isClosed) throw stopped();
        if (place == null) place = pool.queue();
        return place;
    }

    private static boolean isDone(CompletableFuture<?> future, long until)
            throws InterruptedException {
        try {
            future.get(Math.max(0, until - System.nanoTime()), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException _) {
            return false;
        } catch (CancellationException _) {
            throw stopped();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof ApiException told) throw told;
            throw new IllegalStateException(e.getCause());
        }
    }

    private synchronized void begin() throws InterruptedException {
        if (isClosed) throw stopped();
        // From here on the place is the question's, also when it fails.
        isPlaceGiven = true;
        asking = question.ask();
        heardNanos = System.nanoTime();
    }

    private boolean isAsked(long until) throws InterruptedException {
        boolean isDone = isDone(asking, until);
        synchronized (this) {
            if (isClosed) throw stopped();
            if (isDone) asked = asking.join();
        }
        heardNanos = System.nanoTime();
        return isDone;
    }

    private Next heard(long until) throws InterruptedException {
        ProcessTurn turn = asked.turn();
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
            question.hear(line);
            decoder.add(line);
            // Before anybody hears of the end: who asks next is to find what this turn left.
            if (decoder.isComplete()) release();
        }
    }

    private Next quiet() {
        ProcessTurn turn = asked.turn();
        ClaudeProcess process = asked.lease().process();
        long silence = System.nanoTime() - heardNanos;
        boolean isDead = turn.isEnded() && !turn.hasResult();
        // A child of a dead process may hold its pipe open: then no end of it is ever read.
        boolean hasExited = process.hasExited() && silence > LAST_LINES.toNanos();
        if (isDead || hasExited && !turn.isEnded()) throw crashed(process);
        Duration limit =
                decoder.hasBegun()
                        ? settings.idleTimeout().multipliedBy(IDLE_TIMES)
                        : settings.firstEventTimeout();
        if (silence < limit.plus(GRACE).toNanos()) return new Next.Quiet();
        throw new ApiException(
                ErrorKind.TIMEOUT, "the claude process was silent for " + limit.toMillis() + " ms");
    }

    static ApiException crashed(ClaudeProcess process) {
        return new ApiException(ErrorKind.UNREACHABLE, process.failure()).code("cli_crashed");
    }

    static ApiException stopped() {
        return new ApiException(ErrorKind.INCOMPLETE, "the answer was stopped");
    }

    /// Gives the process back, once; also one that is only on its way.
    private synchronized void release() {
        if (isReleased) return;
        isReleased = true;
        if (asking == null) {
            if (place != null && !isPlaceGiven) pool.leave(place);
            return;
        }
        boolean isOver = decoder.isComplete();
        if (!isOver) question.leave();
        asking.thenAccept(asked -> question.release(asked, isOver));
    }

    @Override
    public boolean isReady() {
        return decoder.hasEvent() || asked != null && asked.turn().isReady();
    }

    @Override
    public Map<String, List<String>> headers() {
        return Map.of();
    }

    @Override
    public synchronized void close() {
        if (isClosed) return;
        isClosed = true;
        release();
        // Who waits for the next line is not to wait any longer.
        if (asked != null) asked.turn().discard();
    }
}
