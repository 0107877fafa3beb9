package ccproxy.claude;

import ccproxy.wire.SseEvent;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// One answer, event by event, pulled by the thread that writes it: where the backend owns a socket
/// it is read right here, so a slow client slows the upstream and nothing piles up. For one reader;
/// [#close()] may come from any thread, stops the source and wakes the reader. Close twice is fine.
public interface EventStream extends AutoCloseable {
    /// What happened within a wait. Told apart by `instanceof` where every answer passes: the JDK
    /// links a switch over patterns at run time, and the first answer after a start waits for it.
    sealed interface Next {
        /// An event, or a whole answer ([SseEvent#WHOLE]).
        record Event(SseEvent event) implements Next {}

        /// Nothing yet from the upstream.
        record Quiet() implements Next {}

        /// The question has not been asked yet: another one is before it.
        record Queued() implements Next {}

        /// The answer is over.
        record End() implements Next {}
    }

    /// {@return the next event, or what else there is to say after `wait` at the latest}
    ///
    /// @throws ccproxy.wire.ApiException when the answer failed
    /// @throws InterruptedException when the reader's thread was
    Next next(Duration wait) throws InterruptedException;

    /// {@return whether [#next] has an event at hand, so that flushing can wait for it}
    boolean isReady();

    /// {@return the upstream's response headers that a client may see, by lower-case name; known
    /// from the first event on}
    Map<String, List<String>> headers();

    @Override
    void close();
}
