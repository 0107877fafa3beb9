package ccproxy.http;

import ccproxy.observe.Log;
import ccproxy.wire.Json;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import tools.jackson.databind.JsonNode;

/// What this process logs, from its making until it is closed.
final class CapturedLog implements AutoCloseable {
    private final ByteArrayOutputStream log = new ByteArrayOutputStream();
    private final Log.Output before =
            Log.configure(
                    Log.Level.DEBUG,
                    Log.Format.JSON,
                    new PrintStream(log, true, StandardCharsets.UTF_8));

    /// {@return everything logged so far}
    String text() {
        return log.toString(StandardCharsets.UTF_8);
    }

    /// {@return the lines of requests that have ended}
    List<JsonNode> requestLines() {
        return text().lines()
                .map(Json::tree)
                .filter(line -> line.path("msg").asString().equals("request"))
                .toList();
    }

    /// {@return the lines of requests that have ended, once there are `count` of them}
    List<JsonNode> requestLines(int count) {
        Eventually.isTrue(count + " request lines", () -> requestLines().size() >= count);
        return requestLines();
    }

    /// {@return the line of a request, once it has ended}
    JsonNode requestLine(String requestId) {
        Eventually.isTrue("line of " + requestId, () -> !lines(requestId).isEmpty());
        return lines(requestId).getFirst();
    }

    private List<JsonNode> lines(String requestId) {
        return requestLines().stream()
                .filter(line -> line.path("request_id").asString().equals(requestId))
                .toList();
    }

    @Override
    public void close() {
        Log.configure(before);
    }
}
