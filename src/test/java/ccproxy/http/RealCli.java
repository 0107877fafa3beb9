package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ccproxy.claude.CliSettings;
import ccproxy.wire.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/// A server whose CLI is a real one, in a home of its own. The CLI's upstream is the echo model
/// behind a door that notes what comes in; the server's API mode goes through the same door.
final class RealCli implements AutoCloseable {
    static final String SDK = "/sdk/v1/messages";
    static final String API = "/api/v1/messages";

    /// Between looks at a silent client.
    static final long PING = 200;

    private static final long BODY_MAX = 32 << 20;

    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private final TestServer echo;
    private final FakeUpstream door;
    private final TestServer server;
    private volatile FakeUpstream.Script script = this::passOn;
    private volatile FakeUpstream.Connection first;

    RealCli(CliVersion version, Path folder) throws IOException {
        this(version, folder, 0, 4, Map.of(), PING);
    }

    /// @param warm how many processes are kept ready: none spares half of the starts
    /// @param more variables of the CLI; an empty one is taken away
    /// @param pingMillis until a silent stream is begun: by then an error has a status of its own
    RealCli(
            CliVersion version,
            Path folder,
            int warm,
            int processesMax,
            Map<String, String> more,
            long pingMillis)
            throws IOException {
        String path = version.path();
        echo = new TestServer().bodyBytesMax(BODY_MAX).start();
        door = FakeUpstream.of(this::answer);
        Map<String, String> environment = environment(folder, door.url());
        environment.putAll(more);
        environment.values().removeIf(String::isEmpty);
        server =
                new TestServer()
                        .bodyBytesMax(BODY_MAX)
                        .pingMillis(pingMillis)
                        .upstream(door.url())
                        .cli(settings(path, folder, environment, warm, processesMax))
                        .start();
    }

    static CliSettings settings(
            String path, Path folder, Map<String, String> environment, int warm, int processesMax) {
        return new CliSettings(
                path,
                "",
                "",
                "default",
                CliSettings.MessageMode.IGNORE,
                warm,
                processesMax,
                folder.resolve("state"),
                environment);
    }

    /// {@return the variables of a CLI that knows nobody's login and asks nobody but `url`}
    static Map<String, String> environment(Path folder, String url) throws IOException {
        Path home = Files.createDirectories(folder.resolve("home"));
        var environment = new HashMap<String, String>();
        environment.put("PATH", "/usr/bin:/bin");
        environment.put("HOME", home.toString());
        environment.put("CLAUDE_CONFIG_DIR", home.resolve(".claude").toString());
        environment.put("ANTHROPIC_API_KEY", "a-key-of-the-test");
        environment.put("ANTHROPIC_BASE_URL", url);
        return environment;
    }

    TestServer server() {
        return server;
    }

    /// Answers the upstream's requests from now on.
    void script(FakeUpstream.Script script) {
        this.script = script;
    }

    /// Lets the echo model answer again, and forgets what was asked.
    void reset() {
        script = this::passOn;
        first = null;
        door.requests().clear();
    }

    private void answer(FakeUpstream.Connection connection) throws Exception {
        if (!isAsked(connection.request)) {
            connection.json(404, "{}");
            return;
        }
        if (first == null) first = connection;
        script.answer(connection);
    }

    /// Older versions ask for other things too, and mean nothing by it.
    private static boolean isAsked(FakeUpstream.Request request) {
        return request.head().startsWith("POST /v1/messages");
    }

    /// Has the echo model answer.
    void passOn(FakeUpstream.Connection connection) throws Exception {
        var request =
                HttpRequest.newBuilder(
                                URI.create("http://127.0.0.1:" + echo.port() + "/echo/v1/messages"))
                        .header("content-type", "application/json")
                        .POST(BodyPublishers.ofString(connection.request.body()))
                        .build();
        HttpResponse<Stream<String>> answer = CLIENT.send(request, BodyHandlers.ofLines());
        try (Stream<String> lines = answer.body()) {
            String type = answer.headers().firstValue("content-type").orElse("");
            if (!type.startsWith("text/event-stream")) {
                connection.json(answer.statusCode(), String.join("\n", lines.toList()));
                return;
            }
            connection.stream();
            Iterator<String> each = lines.iterator();
            while (each.hasNext()) connection.chunk(each.next() + "\n");
        }
    }

    /// {@return what the upstream was asked, in order}
    List<FakeUpstream.Request> asked() {
        return door.requests().stream().filter(RealCli::isAsked).toList();
    }

    /// {@return whether the first request's client has gone, or goes within that time}
    boolean isFirstLeftWithinMillis(long millis) throws InterruptedException {
        // The request is told of a moment before its connection.
        Eventually.isTrue("the first request", () -> first != null);
        return first.isLeftWithinMillis(millis);
    }

    String upstreamUrl() {
        return door.url();
    }

    /// {@return the one body that the upstream got}
    ObjectNode askedBody() {
        List<FakeUpstream.Request> asked = asked();
        assertEquals(1, asked.size(), () -> asked.toString());
        return body(asked.getFirst());
    }

    static ObjectNode body(FakeUpstream.Request request) {
        return (ObjectNode) Json.tree(request.body());
    }

    /// Asks, and expects an answer.
    ///
    /// @return the one body that the upstream got
    ObjectNode askedBy(String path, ObjectNode request, String... headers) {
        reset();
        HttpResponse<String> answer = server.post(path, request.toString(), headers);
        assertEquals(200, answer.statusCode(), answer::body);
        return askedBody();
    }

    /// {@return the CLI processes of this server that run}
    ///
    /// They are children of this JVM, and so is nothing else that is named so.
    static List<ProcessHandle> processes() {
        return ProcessHandle.current()
                .children()
                .filter(child -> child.info().commandLine().orElse("").contains("stream-json"))
                .filter(ProcessHandle::isAlive)
                .toList();
    }

    @Override
    public void close() throws IOException {
        server.close();
        door.close();
        echo.close();
    }
}
