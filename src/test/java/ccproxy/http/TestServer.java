package ccproxy.http;

import ccproxy.claude.Backends;
import ccproxy.claude.ClaudeSettings;
import ccproxy.claude.CliSettings;
import ccproxy.claude.ModelMapping;
import ccproxy.observe.Log;
import ccproxy.wire.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import tools.jackson.databind.JsonNode;

/// A server of this very process on a free port, with the echo backend unless told otherwise, and
/// what it logs.
final class TestServer implements AutoCloseable {
    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private final ByteArrayOutputStream log = new ByteArrayOutputStream();
    private final Log.Output logBefore;
    private String backend = "echo";
    private String host = "127.0.0.1";
    private String token = "";
    private String apiKey = "";
    private String upstream = "http://127.0.0.1:1";
    private long bodyBytesMax = 1 << 20;
    private Duration ping = Duration.ofSeconds(5);
    private Duration busyWait = Duration.ofSeconds(30);
    private Duration firstEvent = Duration.ofSeconds(120);
    private Duration idle = Duration.ofSeconds(60);
    private boolean isStrict;
    private String models = "";
    private CliSettings cli = CliSettings.NONE;
    private Backends backends;
    private Server server;

    TestServer() {
        logBefore =
                Log.configure(
                        Log.Level.DEBUG,
                        Log.Format.JSON,
                        new PrintStream(log, true, StandardCharsets.UTF_8));
    }

    TestServer host(String host) {
        this.host = host;
        return this;
    }

    TestServer token(String token) {
        this.token = token;
        return this;
    }

    /// Bare routes go to this upstream, with the client's own credentials.
    TestServer upstream(String url) {
        this.upstream = url;
        this.backend = "api";
        return this;
    }

    TestServer apiKey(String key) {
        this.apiKey = key;
        return this;
    }

    TestServer bodyBytesMax(long bytes) {
        this.bodyBytesMax = bytes;
        return this;
    }

    TestServer pingMillis(long millis) {
        this.ping = Duration.ofMillis(millis);
        return this;
    }

    TestServer busyWaitMillis(long millis) {
        this.busyWait = Duration.ofMillis(millis);
        return this;
    }

    TestServer timeoutMillis(long firstEvent, long idle) {
        this.firstEvent = Duration.ofMillis(firstEvent);
        this.idle = Duration.ofMillis(idle);
        return this;
    }

    TestServer strict() {
        this.isStrict = true;
        return this;
    }

    TestServer models(String rules) {
        this.models = rules;
        return this;
    }

    /// Bare routes go to this Claude Code CLI.
    TestServer cli(CliSettings cli) {
        this.cli = cli;
        this.backend = "sdk";
        return this;
    }

    TestServer start() {
        var claude =
                new ClaudeSettings(
                        backend,
                        URI.create(upstream),
                        "auto",
                        apiKey,
                        "",
                        token.isEmpty() && apiKey.isEmpty(),
                        Duration.ofSeconds(5),
                        firstEvent,
                        idle,
                        Duration.ofHours(1),
                        busyWait,
                        bodyBytesMax,
                        cli,
                        ModelMapping.parse(models));
        backends = Backends.open(claude);
        server =
                new Server(
                        new ServerSettings(
                                "1.2.3", host, 0, token, bodyBytesMax, ping, isStrict, "field"),
                        backends);
        try {
            server.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    int port() {
        return server.port();
    }

    Backends backends() {
        return backends;
    }

    /// As SIGTERM does.
    void stop(Duration grace) {
        server.stop(grace);
    }

    /// {@return a connection whose bytes the test writes and reads itself}
    RawClient raw() {
        return new RawClient(port());
    }

    HttpResponse<String> get(String path, String... headers) {
        return send("GET", path, "", headers);
    }

    HttpResponse<String> post(String path, String body, String... headers) {
        return send("POST", path, body, headers);
    }

    HttpResponse<String> send(String method, String path, String body, String... headers) {
        return sendAsync(method, path, body, headers).join();
    }

    CompletableFuture<HttpResponse<String>> sendAsync(
            String method, String path, String body, String... headers) {
        var request =
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path))
                        .timeout(Duration.ofSeconds(20))
                        .method(
                                method,
                                body.isEmpty()
                                        ? BodyPublishers.noBody()
                                        : BodyPublishers.ofString(body));
        if (!body.isEmpty()) request.header("content-type", "application/json");
        for (int i = 0; i < headers.length; i += 2) request.setHeader(headers[i], headers[i + 1]);
        return CLIENT.sendAsync(request.build(), BodyHandlers.ofString());
    }

    /// {@return everything logged so far}
    String logged() {
        return log.toString(StandardCharsets.UTF_8);
    }

    /// {@return the lines of requests that have ended}
    List<JsonNode> requestLines() {
        return logged().lines()
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

    /// {@return what is told of a session, an empty object when it is not there}
    JsonNode session(String id) {
        String[] auth = token.isEmpty() ? new String[0] : new String[] {"x-api-key", token};
        for (JsonNode session : Json.tree(get("/sessions", auth).body()).path("data")) {
            if (session.path("id").asString().equals(id)) return session;
        }
        return Json.object();
    }

    @Override
    public void close() {
        // What still runs is ended and has its line: it must not show in the next test's log.
        if (server != null) server.stop(Duration.ZERO);
        if (backends != null) backends.close();
        Log.configure(logBefore);
    }
}
