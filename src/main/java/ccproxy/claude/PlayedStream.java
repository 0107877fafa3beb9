package ccproxy.claude;

import ccproxy.wire.ApiException;
import ccproxy.wire.TraceLine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import tools.jackson.databind.JsonNode;

/// The lines of a recorded answer, one after the other and without its pauses; but where the first
/// ping came before the first event there is a pause, because it sent the status. Ends with the
/// recorded error, if it did.
final class PlayedStream implements EventStream {
    private final Iterator<JsonNode> lines;
    private final Map<String, List<String>> headers = new TreeMap<>();
    private boolean isPausing;
    private JsonNode first;

    /// @param lines of `upstream.jsonl`
    /// @param isPausing whether it was silent for so long that a ping went out
    PlayedStream(List<JsonNode> lines, boolean isPausing) {
        this.lines = lines.iterator();
        this.isPausing = isPausing;
        first = line();
        if (first.has("headers")) {
            read(first.path("headers"));
            first = line();
        }
    }

    private JsonNode line() {
        return lines.hasNext() ? lines.next() : Recording.END;
    }

    private void read(JsonNode told) {
        for (var header : told.properties()) {
            var values = new ArrayList<String>();
            header.getValue().forEach(value -> values.add(value.asString("")));
            headers.put(header.getKey(), values);
        }
    }

    @Override
    public Next next(Duration wait) {
        if (isPausing) {
            isPausing = false;
            LockSupport.parkNanos(wait.toNanos());
            return new Next.Quiet();
        }
        JsonNode line = first;
        first = line();
        if (line.has("error")) throw ApiException.recorded(line.path("error"));
        if (line.has("end") || line.has("closed")) return new Next.End();
        return new Next.Event(TraceLine.read(line));
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
