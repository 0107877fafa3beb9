package ccproxy.claude;

import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;

/// The right to have a process busy: so many at once, and a line of those who wait, first come
/// first served. Safe for any number of threads.
final class CliPlaces {
    /// Requests that may wait for a process: each holds a body in memory.
    static final int WAITING_MAX = 256;

    private final int placesMax;
    private final Deque<CompletableFuture<Void>> waiting = new ArrayDeque<>();
    private int taken;

    CliPlaces(int placesMax) {
        this.placesMax = placesMax;
    }

    /// {@return a place in the line; done when a process may be taken}
    ///
    /// @throws ApiException when too many wait already
    synchronized CompletableFuture<Void> queue() {
        if (taken < placesMax) {
            taken++;
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
    synchronized void leave(CompletableFuture<Void> place) {
        if (place.cancel(false)) waiting.remove(place);
        else freed();
    }

    /// Gives a right back: the next in line has it.
    synchronized void freed() {
        CompletableFuture<Void> next = waiting.poll();
        while (next != null && !next.complete(null)) next = waiting.poll();
        if (next == null) taken--;
    }

    /// {@return rights that are held}
    synchronized int taken() {
        return taken;
    }

    /// {@return whether somebody waits}
    synchronized boolean isWaitedFor() {
        return !waiting.isEmpty();
    }
}
