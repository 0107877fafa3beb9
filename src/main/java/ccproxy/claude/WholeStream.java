package ccproxy.claude;

import ccproxy.wire.SseEvent;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// An answer that is whole at once.
final class WholeStream implements EventStream {
    private final SseEvent event;
    private boolean isTold;

    WholeStream(SseEvent event) {
        this.event = event;
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
        return Map.of();
    }

    @Override
    public void close() {
        // Nothing runs.
    }
}
