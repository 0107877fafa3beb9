package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// What `doctor --client claude-code` plays as Claude Code's first requests has the shape of what
/// Claude Code really sends.
@Tag("real-cli")
class RealCliFirstRequestTest {
    private static final Path SCRIPT =
            Path.of("src/main/resources/ccproxy/command/clients/claude-code.json");

    /// Of the connection, not of the client.
    private static final Set<String> OF_THE_CONNECTION =
            Set.of("host", "content-length", "connection");

    @TempDir Path folder;

    @Test
    void theScriptHasTheShapeOfTheRealRequests() throws Exception {
        String program = CliVersion.NEWEST.path();
        JsonNode played = Json.tree(Files.readString(SCRIPT)).path("requests");
        try (var upstream = FakeUpstream.of(RealCliFirstRequestTest::answer)) {
            run(program, upstream.url());
            List<FakeUpstream.Request> seen = upstream.requests();
            assertSame(played.get(0), find(seen, "HEAD "));
            assertSame(played.get(1), find(seen, "POST /v1/messages?"));
        }
    }

    private void run(String program, String url) throws IOException, InterruptedException {
        Map<String, String> environment = RealCli.environment(folder, url);
        environment.remove("ANTHROPIC_API_KEY");
        environment.put("ANTHROPIC_AUTH_TOKEN", "a-token-of-the-test");
        var builder =
                new ProcessBuilder(program, "-p", "hi", "--model", "claude-sonnet-5-5")
                        .directory(folder.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(folder.resolve("out").toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        boolean isEnded = process.waitFor(60, TimeUnit.SECONDS);
        if (!isEnded) process.destroyForcibly();
        assertTrue(isEnded, () -> "still runs");
    }

    private static void answer(FakeUpstream.Connection connection) throws IOException {
        if (!connection.request.head().startsWith("POST /v1/messages")) {
            connection.json(404, "");
            return;
        }
        connection.stream();
        connection.chunk(FakeUpstream.START);
        connection.text("hi");
        connection.chunk(FakeUpstream.END);
    }

    private static FakeUpstream.Request find(List<FakeUpstream.Request> seen, String start) {
        return seen.stream()
                .filter(request -> request.head().startsWith(start))
                .findFirst()
                .orElseThrow(() -> new AssertionError(start + " was not asked: " + heads(seen)));
    }

    private static List<String> heads(List<FakeUpstream.Request> seen) {
        return seen.stream().map(request -> request.head().lines().findFirst().get()).toList();
    }

    private static void assertSame(JsonNode played, FakeUpstream.Request real) {
        String line = real.head().lines().findFirst().get();
        assertEquals(
                played.path("method").asString()
                        + " "
                        + played.path("path").asString()
                        + " HTTP/1.1",
                line);
        assertEquals(names(played.path("headers").propertyNames()), headers(real));
        if (!played.has("body")) return;
        for (String name : new String[] {"anthropic-beta", "anthropic-version", "x-app"}) {
            assertEquals(played.path("headers").path(name).asString(), real.header(name), name);
        }
        JsonNode body = RealCli.body(real);
        assertEquals(
                new TreeSet<>(played.path("body").propertyNames()),
                new TreeSet<>(body.propertyNames()));
        assertEquals(shape(played.path("body").path("system")), shape(body.path("system")));
        for (String name :
                new String[] {"thinking", "context_management", "output_config", "stream"}) {
            assertEquals(played.path("body").path(name), body.path(name), name);
        }
        assertEquals(roles(played.path("body")), roles(body));
        assertEquals(
                new TreeSet<>(played.path("body").path("tools").get(0).propertyNames()),
                new TreeSet<>(body.path("tools").get(0).propertyNames()));
    }

    private static Set<String> names(Iterable<String> names) {
        var lower = new TreeSet<String>();
        for (String name : names) lower.add(name.toLowerCase(Locale.ROOT));
        lower.removeAll(OF_THE_CONNECTION);
        return lower;
    }

    private static Set<String> headers(FakeUpstream.Request request) {
        var found = new ArrayList<String>();
        request.head()
                .lines()
                .skip(1)
                .filter(line -> line.contains(":"))
                .forEach(line -> found.add(line.substring(0, line.indexOf(':'))));
        return names(found);
    }

    /// Of each block the names of its members.
    private static List<String> shape(JsonNode blocks) {
        return blocks.valueStream().map(b -> new TreeSet<>(b.propertyNames()).toString()).toList();
    }

    private static List<String> roles(JsonNode body) {
        return body.path("messages").valueStream().map(m -> m.path("role").asString()).toList();
    }
}
