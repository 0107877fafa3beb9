package ccproxy.claude;

import ccproxy.observe.Log;
import ccproxy.wire.ApiException;
import ccproxy.wire.CliMessage;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.node.ObjectNode;

/// The CLI processes of this server: busy ones, idle ones that were told their system text and then
/// cleared, and warm ones that were started ahead and told nothing. Never more than
/// `sdk.max_processes` in all; who finds all busy queues, first come first served.
///
/// ```
/// warm ──acquire──▶ busy ──released, cleared──▶ idle ──acquire (same system text)──▶ busy
///                    └──── broken, or cannot be cleared ────▶ ended       └─ oldest evicted
/// ```
///
/// Safe for any number of threads.
final class CliPool implements AutoCloseable {
    /// Requests that may wait for a process: each holds a body in memory.
    static final int WAITING_MAX = 256;

    /// The pool refills when the answer that emptied it has had the processors to itself for a
    /// moment.
    private static final Duration REFILL_DELAY = Duration.ofMillis(300);

    /// How long a turn that nobody waits for any more may take to stop.
    static final Duration INTERRUPT_WAIT = Duration.ofSeconds(2);

    /// An answer that has come to its end is followed by its `result` within milliseconds.
    private static final Duration RESULT_WAIT = Duration.ofMillis(200);

    /// A cleared process that nobody asked for so long holds 150 MB for nothing; one that holds a
    /// conversation is kept for `session.idle_ttl`.
    static final Duration IDLE_KEPT = Duration.ofMinutes(5);

    /// A conversation whose last turn was left is back after the interrupt, at the latest.
    private static final Duration RETURN_WAIT = INTERRUPT_WAIT.plus(RESULT_WAIT);

    private static final Duration CLEARING_WAIT = Duration.ofMillis(250);
    private static final Duration SWEEP_EVERY = Duration.ofMinutes(1);

    private final ClaudeSettings settings;
    private final CliProgram program;
    private final Clock clock;
    private final CliCounters counters = new CliCounters();
    private final Deque<ClaudeProcess> warm = new ArrayDeque<>();
    private final Deque<Idle> idle = new ArrayDeque<>();
    private final Deque<CompletableFuture<Void>> waiting = new ArrayDeque<>();
    private final List<CliRequest.Kind> clearing = new ArrayList<>();
    private final Set<ClaudeProcess> all = ConcurrentHashMap.newKeySet();
    private int busy;
    private volatile boolean isClosed;
    private boolean isWanted;
    private final Thread keeper;

    /// A process between two requests; the one used last is last in line.
    private record Idle(ClaudeProcess process, CliRequest.Kind kind, Instant since) {}

    /// A process that is a request's own until [CliPool#release].
    ///
    /// @param isNew whether it still has to be told its kind
    record Lease(ClaudeProcess process, CliRequest.Kind kind, boolean isNew) {}

    /// What becomes of a process after a turn.
    enum After {
        /// Everything of the request is taken from it, and another one may have it.
        CLEAR,
        /// It holds a conversation that will go on.
        KEEP,
        /// It is ended.
        END
    }

    CliPool(ClaudeSettings settings, CliProgram program, Clock clock) {
        this.settings = settings;
        this.program = program;
        this.clock = clock;
        keeper = Thread.ofPlatform().daemon().name("claude-pool").start(this::keep);
    }

    CliCounters counters() {
        return counters;
    }

    CliProgram program() {
        return program;
    }

    /// {@return a place in the line; done when a process may be taken}
    ///
    /// @throws ApiException when too many wait already
    synchronized CompletableFuture<Void> queue() {
        if (busy < settings.cli().processesMax()) {
            busy++;
            return CompletableFuture.completedFuture(null);
        }
        if (waiting.size() >= WAITING_MAX) throw full();
        var place = new CompletableFuture<Void>();
        waiting.add(place);
        return place;
    }

    /// {@return the error of who waited in vain}
    static ApiException full() {
        return new ApiException(
                        ErrorKind.UNAVAILABLE,
                        "all processes of the Claude Code CLI are busy (sdk.max_processes)")
                .header("retry-after", "1")
                .code("cli_busy");
    }

    /// Gives a place up, or what it gave a right to.
    void leave(CompletableFuture<Void> place) {
        if (!place.cancel(false)) freed();
        else
            synchronized (this) {
                waiting.remove(place);
            }
    }

    private synchronized void freed() {
        for (; ; ) {
            CompletableFuture<Void> next = waiting.poll();
            if (next == null) {
                busy--;
                break;
            }
            if (next.complete(null)) break;
        }
        notifyAll();
    }

    /// {@return a process for a request of this kind; who holds a place that is done may take one}
    ///
    /// @throws ApiException when there is no usable program
    Lease acquire(CliRequest.Kind kind) throws InterruptedException {
        boolean isTaken = false;
        try {
            Lease lease = existing(kind);
            if (lease == null) lease = new Lease(start(List.of()), kind, true);
            isTaken = true;
            return lease;
        } finally {
            if (!isTaken) freed();
        }
    }

    /// {@return the process that holds the kind's conversation, or one that is started with
    /// arguments of its own}; who holds a place that is done may take one
    ///
    /// @throws ApiException when there is no usable program
    Lease acquire(CliRequest.Kind kind, List<String> more) throws InterruptedException {
        boolean isTaken = false;
        try {
            Lease lease = holding(kind);
            if (lease == null) lease = new Lease(start(more), kind, true);
            isTaken = true;
            return lease;
        } finally {
            if (!isTaken) freed();
        }
    }

    /// Two processes that hold one conversation would not know of each other: one that is just
    /// coming back from a turn is waited for, and one of another model or beta ends.
    private Lease holding(CliRequest.Kind kind) throws InterruptedException {
        var ending = new ArrayList<ClaudeProcess>();
        synchronized (this) {
            isWanted = true;
            long until = System.nanoTime() + RETURN_WAIT.toNanos();
            while (isReturning(kind.conversation())) {
                long left = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
                if (left <= 0) break;
                wait(left);
            }
            Lease lease = idle(kind);
            if (lease != null) return lease;
            ending.addAll(endConversation(kind.conversation()));
            evictAbove(settings.cli().processesMax() - 1);
        }
        // What it still writes down is read by the one that resumes it.
        for (ClaudeProcess process : ending) process.awaitEnd(RETURN_WAIT);
        return null;
    }

    private boolean isReturning(String conversation) {
        return clearing.stream().anyMatch(kind -> kind.conversation().equals(conversation));
    }

    /// Ends a process that is of no use and starts another in its place; when that fails, the place
    /// is still that of the old one.
    Lease replace(Lease useless, CliRequest.Kind kind, List<String> more)
            throws InterruptedException {
        end(useless.process);
        return new Lease(start(more), kind, true);
    }

    /// Says that requests are to come: from now on processes are kept ready.
    synchronized void warmUp() {
        isWanted = true;
        notifyAll();
    }

    /// One that is just being cleared is worth a moment: a start takes twenty times as long.
    private synchronized Lease existing(CliRequest.Kind kind) throws InterruptedException {
        isWanted = true;
        long until = System.nanoTime() + CLEARING_WAIT.toNanos();
        for (; ; ) {
            Lease found = found(kind);
            long left = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
            if (found != null || left <= 0 || !clearing.contains(kind)) {
                if (found == null) evictAbove(settings.cli().processesMax() - 1);
                notifyAll();
                return found;
            }
            wait(left);
        }
    }

    private Lease found(CliRequest.Kind kind) {
        Lease same = idle(kind);
        if (same != null) return same;
        while (!warm.isEmpty()) {
            ClaudeProcess ready = warm.poll();
            if (ready.isAlive()) {
                counters.warmHits.increment();
                return new Lease(ready, kind, true);
            }
            end(ready);
        }
        return null;
    }

    private Lease idle(CliRequest.Kind kind) {
        for (var found = idle.descendingIterator(); found.hasNext(); ) {
            Idle candidate = found.next();
            if (!candidate.kind.equals(kind)) continue;
            found.remove();
            if (candidate.process.isAlive()) {
                counters.warmHits.increment();
                return new Lease(candidate.process, kind, false);
            }
            end(candidate.process);
        }
        return null;
    }

    /// Ends what is idle the longest until no more than `kept` processes are left beside the one
    /// that is asked for now.
    private void evictAbove(int kept) {
        while (busy - 1 + idle.size() + warm.size() > kept && !(idle.isEmpty() && warm.isEmpty())) {
            end(idle.isEmpty() ? warm.poll() : idle.poll().process);
        }
    }

    /// Ends the idle process that holds a conversation.
    ///
    /// @return it, if there was one
    synchronized List<ClaudeProcess> endConversation(String id) {
        var ended = new ArrayList<ClaudeProcess>();
        for (var each = idle.iterator(); each.hasNext(); ) {
            Idle candidate = each.next();
            if (!candidate.kind.conversation().equals(id)) continue;
            each.remove();
            end(candidate.process);
            ended.add(candidate.process);
        }
        return ended;
    }

    private void end(ClaudeProcess process) {
        all.remove(process);
        process.close();
    }

    private ClaudeProcess start(List<String> more) throws InterruptedException {
        Path path = program.path();
        CliFolders folders = CliFolders.open();
        try {
            ClaudeProcess process =
                    ClaudeProcess.start(
                            CliCommand.of(path, settings.cli(), more),
                            CliEnvironment.of(settings, folders.temporary(), more.isEmpty()),
                            folders,
                            settings.cli().workFolder());
            counters.started.increment();
            all.add(process);
            // Who closes ends all that it finds; this one may have come too late for that.
            if (isClosed) {
                end(process);
                throw new ApiException(ErrorKind.UNAVAILABLE, "the server is stopping");
            }
            Log.debug("process started").with("pid", process.pid()).write();
            return process;
        } catch (IOException e) {
            folders.close();
            throw new ApiException(
                            ErrorKind.UNAVAILABLE,
                            "the Claude Code CLI at "
                                    + path
                                    + " cannot be started: "
                                    + e.getMessage())
                    .code("cli_unavailable");
        }
    }

    /// Takes a process back once its turn is over, however it ends; returns at once.
    ///
    /// @param turn its last one
    /// @param isOver whether its answer came to its end
    void release(Lease lease, ProcessTurn turn, boolean isOver, After after) {
        turn.discard();
        if (isOver ? after != After.END : after == After.KEEP) {
            synchronized (this) {
                clearing.add(lease.kind);
            }
        }
        Thread.ofVirtual()
                .name("claude-release-" + lease.process.pid())
                .start(() -> {
                    boolean isKept = false;
                    try {
                        if (isOver) turn.awaitEnd(RESULT_WAIT);
                        isKept = hasStopped(lease, turn) && isReady(lease.process, after);
                    } catch (InterruptedException | IOException e) {
                        Log.debug("process not kept").with("error", e.getMessage()).write();
                    } finally {
                        returned(lease, isKept);
                    }
                });
    }

    /// Takes a process back that was asked no question since it was acquired.
    ///
    /// @param mayServeOn whether another request may have it
    void giveBack(Lease lease, boolean mayServeOn) {
        returned(lease, mayServeOn);
    }

    private static boolean isReady(ClaudeProcess process, After after)
            throws InterruptedException, IOException {
        return switch (after) {
            case CLEAR -> isCleared(process);
            case KEEP -> true;
            case END -> false;
        };
    }

    private synchronized void returned(Lease lease, boolean isKept) {
        if (isKept && !isClosed && lease.process.isAlive()) {
            idle.add(new Idle(lease.process, lease.kind, clock.instant()));
        } else {
            end(lease.process);
        }
        clearing.remove(lease.kind);
        freed();
    }

    /// Stops a turn that still runs.
    ///
    /// @return whether the process can be spoken to
    private boolean hasStopped(Lease lease, ProcessTurn turn) throws InterruptedException {
        if (turn.isEnded()) return turn.hasResult();
        return !lease.process.hasExited() && interrupt(lease.process, turn);
    }

    /// Interrupts a turn, and kills a process that does not hear.
    ///
    /// @return whether the turn is over and the process alive
    boolean interrupt(ClaudeProcess process, ProcessTurn turn) throws InterruptedException {
        counters.interrupts.increment();
        process.control(Json.object().put("subtype", "interrupt"));
        if (turn.awaitEnd(INTERRUPT_WAIT)) return turn.hasResult();
        counters.kills.increment();
        Log.warn("process killed: it did not stop").with("pid", process.pid()).write();
        process.kill();
        return false;
    }

    /// Takes everything of a request from a process: its values, then the conversation. The CLI
    /// itself says whether it has begun anew: an old one counts on from what the last one cost.
    private static boolean isCleared(ClaudeProcess process)
            throws InterruptedException, IOException {
        process.controlled(CliRequest.blank(), ClaudeProcess.CONTROL_WAIT);
        ProcessTurn clearing = process.begin(CliLines.user("/clear"));
        clearing.discard();
        if (!clearing.awaitEnd(ClaudeProcess.CONTROL_WAIT) || !clearing.hasResult()) return false;
        CliMessage.Result result = clearing.result();
        ObjectNode raw = result.raw();
        return !raw.path("is_error").asBoolean(true) && raw.path("total_cost_usd").asDouble(1) == 0;
    }

    /// Keeps [CliSettings#warm] processes ready and ends those that nobody used for long; one start
    /// at a time, and none while a request waits for one.
    private void keep() {
        try {
            for (; ; ) {
                synchronized (this) {
                    if (!wantsWarm()) wait(SWEEP_EVERY.toMillis());
                    if (isClosed) return;
                    sweep();
                    if (!wantsWarm()) continue;
                }
                Thread.sleep(all.isEmpty() ? Duration.ZERO : REFILL_DELAY);
                startWarm();
            }
        } catch (InterruptedException _) {
            // The server stops.
        }
    }

    private boolean wantsWarm() {
        int total = busy + idle.size() + warm.size();
        return isWanted
                && !isClosed
                && waiting.isEmpty()
                && warm.size() < settings.cli().warm()
                && total < settings.cli().processesMax()
                && program.isFound();
    }

    private void startWarm() throws InterruptedException {
        try {
            // This may take seconds; nobody is to wait for it.
            program.path();
            synchronized (this) {
                // Looked at again: a request may have taken the last place meanwhile.
                if (wantsWarm()) warm.add(start(List.of()));
            }
        } catch (ApiException | UncheckedIOException e) {
            // A request will say so; this thread only prepares.
            Log.debug("no process started ahead").with("error", e.getMessage()).write();
            Thread.sleep(SWEEP_EVERY);
        }
    }

    private void sweep() {
        warm.removeIf(process -> !process.isAlive());
        all.removeIf(process -> !process.isAlive());
        Instant now = clock.instant();
        for (var each = idle.iterator(); each.hasNext(); ) {
            Idle candidate = each.next();
            boolean isHeld = !candidate.kind.conversation().isEmpty();
            Duration kept = isHeld ? settings.sessionIdleTtl() : IDLE_KEPT;
            if (candidate.process.isAlive() && !candidate.since.plus(kept).isBefore(now)) continue;
            each.remove();
            end(candidate.process);
        }
    }

    /// {@return process ids of those that run; for tests and for whoever looks}
    List<Long> pids() {
        return all.stream().filter(ClaudeProcess::isAlive).map(ClaudeProcess::pid).toList();
    }

    /// Ends all of them and waits for that.
    @Override
    public void close() {
        synchronized (this) {
            isClosed = true;
            notifyAll();
        }
        keeper.interrupt();
        var ending = new ArrayList<>(all);
        ending.forEach(ClaudeProcess::close);
        try {
            long until = System.nanoTime() + ClaudeProcess.STEP.multipliedBy(2).toNanos();
            for (ClaudeProcess process : ending) {
                long left = Math.max(0, until - System.nanoTime());
                if (!process.awaitEnd(Duration.ofNanos(left))) process.kill();
            }
        } catch (InterruptedException _) {
            ending.forEach(ClaudeProcess::kill);
        }
    }
}
