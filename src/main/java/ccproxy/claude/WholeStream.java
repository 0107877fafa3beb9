package ccproxy.claude;

import ccproxy.wire.SseEvent;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// An answer that is whole at once.
final class WholeStream implements EventStream {
    private final SseEvent event;
    private final Map<String, List<String>> headers;
    private boolean isTold;

    WholeStream(SseEvent event) {
        this(event, Map.of());
    }

    WholeStream(SseEvent event, Map<String, List<String>> headers) {
        this.event = event;
        this.headers = headers;
    }

    @Override
    public Next next(Duration wait) {
        if (isTold) return new Next.End();
        isTold = true;
        return new Next.Event(event);
    }

    @Override
    public boolean isReady() {
        return true;
    }

    @Override
    public Map<String, List<String>> headers() {
        return headers;
    }

    @Override
    public void close() {
        // Nothing runs.
    }
}
