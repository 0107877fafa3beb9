package ccproxy.claude;

import ccproxy.wire.ApiException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

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
    /// A conversation whose last turn was left is back after the interrupt, at the latest.
    private static final Duration RETURN_WAIT = TurnEnd.INTERRUPT_WAIT.plusMillis(500);

    private static final Duration CLEARING_WAIT = Duration.ofMillis(250);

    private final ClaudeSettings settings;
    private final CliProgram program;
    private final CliCounters counters = new CliCounters();
    private final CliPlaces places;
    private final CliProcesses processes;
    private final ReadyProcesses ready;
    private final List<CliRequest.Kind> clearing = new ArrayList<>();
    private final PoolKeeper keeper;

    /// A process that is a request's own until [CliPool#release].
    ///
    /// @param isNew whether it still has to be told its kind
    record Lease(ClaudeProcess process, CliRequest.Kind kind, boolean isNew) {}

    CliPool(ClaudeSettings settings, CliProgram program, Clock clock) {
        this.settings = settings;
        this.program = program;
        places = new CliPlaces(settings.cli().processesMax());
        processes = new CliProcesses(settings, program, counters, this::wake);
        ready = new ReadyProcesses(settings.sessionIdleTtl(), clock);
        keeper =
                new PoolKeeper(
                        settings.cli(), new PoolKeeper.Parts(program, places, processes, ready));
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
    CompletableFuture<Void> queue() {
        return places.queue();
    }

    /// Gives a place up, or what it gave a right to.
    void leave(CompletableFuture<Void> place) {
        places.leave(place);
        wake();
    }

    private void wake() {
        synchronized (ready) {
            ready.notifyAll();
        }
    }

    /// {@return a process for a request of this kind; who holds a place that is done may take one}
    ///
    /// @throws ApiException when there is no usable program; the place is free again
    Lease acquire(CliRequest.Kind kind) throws InterruptedException {
        return acquire(kind, List.of());
    }

    /// {@return the process that holds the kind's conversation, or one that is started with
    /// arguments of its own}
    ///
    /// @param more those arguments; none for a process that is the model alone
    Lease acquire(CliRequest.Kind kind, List<String> more) throws InterruptedException {
        boolean isTaken = false;
        try {
            Lease lease = existing(kind, more.isEmpty());
            if (lease == null)
                lease = new Lease(processes.start(more, ClaudeProcess.END_WAIT), kind, true);
            isTaken = true;
            return lease;
        } finally {
            if (!isTaken) freed();
        }
    }

    /// Ends a process that is of no use and starts another in its place; when that fails, the place
    /// is still that of the old one.
    Lease replace(Lease useless, CliRequest.Kind kind, List<String> more)
            throws InterruptedException {
        useless.process.close();
        useless.process.awaitEnd(ClaudeProcess.END_WAIT);
        return new Lease(processes.start(more, ClaudeProcess.END_WAIT), kind, true);
    }

    private void freed() {
        places.freed();
        wake();
    }

    /// Says that requests are to come: from now on processes are kept ready.
    void warmUp() {
        keeper.want();
    }

    /// One that is just coming back from a turn is worth a wait: a start takes twenty times as
    /// long, and two processes that hold one conversation would not know of each other. Where there
    /// is none, there is room for another soon.
    private Lease existing(CliRequest.Kind kind, boolean isPlain) throws InterruptedException {
        var ended = new ArrayList<ClaudeProcess>();
        synchronized (ready) {
            Duration wait = kind.conversation().isEmpty() ? CLEARING_WAIT : RETURN_WAIT;
            long until = System.nanoTime() + wait.toNanos();
            Lease found = taken(kind, isPlain);
            while (found == null && isReturning(kind)) {
                long left = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
                if (left <= 0) break;
                ready.wait(left);
                found = taken(kind, isPlain);
            }
            keeper.want();
            if (found != null) return found;
            // One of another model or beta: what it still writes down is read by its successor.
            if (!kind.conversation().isEmpty())
                ended.addAll(ready.endConversation(kind.conversation()));
            // Beside those that are busy; who asks is counted with these already.
            ready.evict(settings.cli().processesMax() - places.taken());
        }
        for (ClaudeProcess process : ended) process.awaitEnd(ClaudeProcess.END_WAIT);
        return null;
    }

    private boolean isReturning(CliRequest.Kind kind) {
        if (kind.conversation().isEmpty()) return clearing.contains(kind);
        return clearing.stream().anyMatch(k -> k.conversation().equals(kind.conversation()));
    }

    private Lease taken(CliRequest.Kind kind, boolean isPlain) {
        Lease taken = ready.take(kind, isPlain);
        if (taken != null) counters.warmHits.increment();
        return taken;
    }

    /// Ends the idle process that holds a conversation.
    ///
    /// @return it, if there was one
    List<ClaudeProcess> endConversation(String id) {
        synchronized (ready) {
            return ready.endConversation(id);
        }
    }

    /// Takes a process back once its turn is over, however it ends; returns at once.
    ///
    /// @param turn its last one
    /// @param isOver whether its answer came to its end
    void release(Lease lease, ProcessTurn turn, boolean isOver, TurnEnd.After after) {
        turn.discard();
        boolean isExpected = isOver ? after != TurnEnd.After.END : after == TurnEnd.After.KEEP;
        if (isExpected) {
            synchronized (ready) {
                clearing.add(lease.kind);
            }
        }
        Thread.ofVirtual()
                .name("claude-release-" + lease.process.pid())
                .start(() -> {
                    boolean isKept = false;
                    try {
                        isKept =
                                new TurnEnd(lease.process, turn, counters)
                                        .isReadyFor(after, isOver);
                        // Its place is taken until it is gone: never more processes than allowed.
                        if (!isKept) {
                            lease.process.close();
                            lease.process.awaitEnd(ClaudeProcess.END_WAIT);
                        }
                    } catch (InterruptedException _) {
                        Thread.currentThread().interrupt();
                    } finally {
                        returned(lease, isKept, isExpected);
                    }
                });
    }

    /// Takes a process back that was asked no question since it was acquired.
    ///
    /// @param mayServeOn whether another request may have it
    void giveBack(Lease lease, boolean mayServeOn) {
        returned(lease, mayServeOn, false);
    }

    private void returned(Lease lease, boolean isKept, boolean isExpected) {
        synchronized (ready) {
            if (isKept && lease.process.isAlive()) ready.addIdle(lease.process, lease.kind);
            else lease.process.close();
            if (isExpected) clearing.remove(lease.kind);
        }
        freed();
    }

    /// Another pool takes over: what is idle or warm ends, what is busy once its turn is over. Who
    /// has asked here already is still answered.
    void retire() {
        synchronized (ready) {
            ready.close();
            ready.notifyAll();
        }
    }

    /// {@return process ids of those that run; for tests and for whoever looks}
    List<Long> pids() {
        return processes.pids();
    }

    /// Ends all of them and waits for that.
    @Override
    public void close() {
        retire();
        keeper.stop();
        processes.close();
    }
}
