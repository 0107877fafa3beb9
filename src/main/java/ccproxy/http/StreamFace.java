package ccproxy.http;

import ccproxy.wire.ApiException;
import ccproxy.wire.SseEvent;
import ccproxy.wire.SseWriter;
import java.io.IOException;

/// How one API shows an event stream. For one answer.
interface StreamFace {
    /// Told once, before anything else.
    void begin(SseWriter out);

    /// Shows an event.
    ///
    /// @return whether there was something to show
    /// @throws ApiException when the event tells of a failure that the face words itself
    boolean event(SseEvent event) throws IOException;

    /// Shows that the answer still comes.
    void ping() throws IOException;

    /// Shows that the answer is whole.
    void end() throws IOException;

    /// Shows that it failed.
    void fail(ApiException error, String requestId) throws IOException;
}
