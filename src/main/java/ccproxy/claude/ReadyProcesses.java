package ccproxy.claude;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// The processes of a pool that no request has: idle ones, each for its kind of request, and warm
/// ones for any. For whoever holds its lock, which is the pool's.
final class ReadyProcesses {
    /// A cleared process that nobody asked for so long holds 150 MB for nothing; one that holds a
    /// conversation is kept for `session.idle_ttl`.
    static final Duration IDLE_KEPT = Duration.ofMinutes(5);

    private final Duration conversationKept;
    private final Clock clock;
    private final Deque<ClaudeProcess> warm = new ArrayDeque<>();
    private final Deque<Idle> idle = new ArrayDeque<>();
    private boolean isOpen = true;

    /// A process between two requests; the one used last is last in line.
    private record Idle(ClaudeProcess process, CliRequest.Kind kind, Instant since) {}

    /// @param conversationKept how long one that holds a conversation is kept
    ReadyProcesses(Duration conversationKept, Clock clock) {
        this.conversationKept = conversationKept;
        this.clock = clock;
    }

    /// Adds one that was told its kind; ends it when none is taken any more.
    void addIdle(ClaudeProcess process, CliRequest.Kind kind) {
        if (!isOpen) process.close();
        else idle.add(new Idle(process, kind, clock.instant()));
    }

    /// Adds one that was told nothing.
    void addWarm(ClaudeProcess process) {
        warm.add(process);
    }

    /// {@return how many there are}
    int size() {
        return idle.size() + warm.size();
    }

    /// {@return how many were told nothing}
    int warm() {
        return warm.size();
    }

    /// Takes one for a request.
    ///
    /// @param isPlain whether one that was told nothing will do
    /// @return it, or null when there is none
    CliPool.Lease take(CliRequest.Kind kind, boolean isPlain) {
        CliPool.Lease same = takeIdle(kind);
        if (same != null) return same;
        while (isPlain && !warm.isEmpty()) {
            ClaudeProcess ready = warm.poll();
            if (ready.isAlive()) return new CliPool.Lease(ready, kind, true);
            ready.close();
        }
        return null;
    }

    private CliPool.Lease takeIdle(CliRequest.Kind kind) {
        for (var found = idle.descendingIterator(); found.hasNext(); ) {
            Idle candidate = found.next();
            if (!candidate.kind.equals(kind)) continue;
            found.remove();
            if (candidate.process.isAlive())
                return new CliPool.Lease(candidate.process, kind, false);
            candidate.process.close();
        }
        return null;
    }

    /// Ends what is idle the longest until there are no more than `room`.
    void evict(int room) {
        while (size() > Math.max(0, room)) {
            ClaudeProcess oldest = idle.isEmpty() ? warm.poll() : idle.poll().process;
            oldest.close();
        }
    }

    /// Ends the idle process that holds a conversation.
    ///
    /// @return it, if there was one
    List<ClaudeProcess> endConversation(String id) {
        var ended = new ArrayList<ClaudeProcess>();
        for (var each = idle.iterator(); each.hasNext(); ) {
            Idle candidate = each.next();
            if (!candidate.kind.conversation().equals(id)) continue;
            each.remove();
            candidate.process.close();
            ended.add(candidate.process);
        }
        return ended;
    }

    /// Ends those that nobody used for long, and forgets those that died.
    void sweep() {
        warm.removeIf(process -> !process.isAlive());
        Instant now = clock.instant();
        for (var each = idle.iterator(); each.hasNext(); ) {
            Idle candidate = each.next();
            boolean isHeld = !candidate.kind.conversation().isEmpty();
            Duration kept = isHeld ? conversationKept : IDLE_KEPT;
            if (candidate.process.isAlive() && !candidate.since.plus(kept).isBefore(now)) continue;
            each.remove();
            candidate.process.close();
        }
    }

    /// {@return whether more are taken}
    boolean isOpen() {
        return isOpen;
    }

    /// Ends all of them, and takes no more.
    void close() {
        isOpen = false;
        idle.forEach(candidate -> candidate.process.close());
        idle.clear();
        warm.forEach(ClaudeProcess::close);
        warm.clear();
    }
}
