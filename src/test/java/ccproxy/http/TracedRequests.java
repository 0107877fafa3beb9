package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ccproxy.observe.TraceFolder;
import ccproxy.wire.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/// A server of a test that traces, and its traces, read.
final class TracedRequests implements AutoCloseable {
    /// That the server uses, and that no pattern knows.
    static final String KEY = "a-key-without-a-known-look";

    private final Path folder;
    final TestServer server = new TestServer();

    /// @param folder for the traces; made if need be
    TracedRequests(Path folder) {
        this.folder = folder;
    }

    TestServer traced() {
        var limits = new TraceFolder.Limits(100, 1 << 20, 1 << 20);
        return server.traced(
                TraceFolder.open(folder, limits, Map.of("settings", Map.of()), List.of(KEY)));
    }

    /// {@return the n-th trace, once it has ended}
    Path trace(int n) throws IOException {
        Eventually.isTrue(
                "trace " + n,
                () -> traces().size() > n && isEnded(traces().get(n).resolve("end.json")));
        return traces().get(n);
    }

    private static boolean isEnded(Path end) throws IOException {
        return Files.exists(end) && Files.size(end) > 0;
    }

    List<Path> traces() throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.sorted().toList();
        }
    }

    static JsonNode json(Path trace, String name) throws IOException {
        return Json.tree(Files.readString(trace.resolve(name)));
    }

    static List<JsonNode> lines(Path trace, String name) throws IOException {
        return Files.readAllLines(trace.resolve(name)).stream().map(Json::tree).toList();
    }

    static List<String> events(Path trace, String name) throws IOException {
        return lines(trace, name).stream()
                .map(line -> line.path("event").asString(""))
                .filter(event -> !event.isEmpty())
                .toList();
    }

    static void assertEnded(Path trace, int status, String how, String error) throws IOException {
        JsonNode end = json(trace, "end.json");
        assertEquals(status, end.path("status").asInt(), end.toString());
        assertEquals(how, end.path("ended").asString(), end.toString());
        assertEquals(error, end.path("error").asString(""), end.toString());
    }

    static String header(JsonNode head, String name) {
        return head.path("headers").path(name).path(0).asString("");
    }

    @Override
    public void close() {
        server.close();
    }
}
