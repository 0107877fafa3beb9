package ccproxy.claude;

import ccproxy.wire.CliMessage;
import ccproxy.wire.SseEvent;

/// The lines of a turn as the events of an answer. For one thread.
interface CliDecoder {
    /// Takes a line.
    ///
    /// @throws ccproxy.wire.ApiException when it says that the turn failed
    void add(CliMessage line);

    boolean hasEvent();

    /// {@return the next event; there must be one}
    SseEvent event();

    /// {@return whether the answer has begun}
    boolean hasBegun();

    /// {@return whether the answer has come to its end}
    boolean isComplete();
}
