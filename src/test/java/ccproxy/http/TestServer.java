package ccproxy.http;

import ccproxy.claude.Backends;
import ccproxy.claude.ClaudeSettings;
import ccproxy.claude.CliSettings;
import ccproxy.claude.ModelMapping;
import ccproxy.claude.Prices;
import ccproxy.observe.Ledger;
import ccproxy.observe.Metrics;
import ccproxy.observe.Observers;
import ccproxy.observe.TraceFolder;
import ccproxy.wire.Json;
import ccproxy.wire.JsonFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import tools.jackson.databind.JsonNode;

/// A server of this very process on a free port, with the echo backend unless told otherwise, and
/// what it logs.
final class TestServer implements AutoCloseable {
    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private final CapturedLog log = new CapturedLog();
    private String backend = "echo";
    private String host = "127.0.0.1";
    private String token = "";
    private String keys = "";
    private Keystore keystore = Keystore.NONE;
    private Set<String> hosts = Set.of();
    private Set<String> origins = Set.of();
    private Quotas quotas = new Quotas(Clock.systemUTC(), System::nanoTime, Map.of());
    private String apiKey = "";
    private String upstream = "http://127.0.0.1:1";
    private long bodyBytesMax = 1 << 20;
    private int streamsMax = 2000;
    private Duration ping = Duration.ofSeconds(5);
    private Duration busyWait = Duration.ofSeconds(30);
    private Duration firstEvent = Duration.ofSeconds(120);
    private Duration idle = Duration.ofSeconds(60);
    private boolean isStrict;
    private String models = "";
    private Prices prices = Prices.BUILT_IN;
    private Ledger ledger = Ledger.NONE;
    private CliSettings cli = CliSettings.NONE;
    private Optional<TraceFolder> traces = Optional.empty();
    private Backends backends;
    private Server server;

    TestServer host(String host) {
        this.host = host;
        return this;
    }

    TestServer token(String token) {
        this.token = token;
        return this;
    }

    /// Client keys as a file has them: `{"alice": {"token": "a", "models": ["opus"]}}`.
    TestServer keys(String json) {
        this.keys = json;
        return this;
    }

    TestServer tls(Keystore keystore) {
        this.keystore = keystore;
        return this;
    }

    TestServer quotas(Quotas quotas) {
        this.quotas = quotas;
        return this;
    }

    TestServer hosts(String... hosts) {
        this.hosts = Set.of(hosts);
        return this;
    }

    TestServer origins(String... origins) {
        this.origins = Set.of(origins);
        return this;
    }

    private ClientKeys keys() {
        String file = "{\"k\":" + (keys.isEmpty() ? "{}" : keys) + "}";
        var read = (Map<?, ?>) JsonFile.read(file, Map.of("k", JsonFile.Shape.TREE)).get("k");
        return ClientKeyReader.of(read).withDefault(token);
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

    TestServer streamsMax(int answers) {
        this.streamsMax = answers;
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

    TestServer prices(String table) {
        this.prices = Prices.parse(table);
        return this;
    }

    TestServer ledger(Path folder) {
        this.ledger = Ledger.open(folder, 1);
        return this;
    }

    /// Bare routes go to this Claude Code CLI.
    TestServer cli(CliSettings cli) {
        this.cli = cli;
        this.backend = "sdk";
        return this;
    }

    /// Requests are traced.
    TestServer traced(TraceFolder folder) {
        this.traces = Optional.of(folder);
        return this;
    }

    ClaudeSettings claude() {
        return new ClaudeSettings(
                backend,
                URI.create(upstream),
                "auto",
                apiKey,
                "",
                keys().isEmpty() && apiKey.isEmpty(),
                Duration.ofSeconds(5),
                firstEvent,
                idle,
                Duration.ofHours(1),
                busyWait,
                bodyBytesMax,
                cli,
                ModelMapping.parse(models),
                prices);
    }

    TestServer start() {
        ClaudeSettings claude = claude();
        backends = traces.isPresent() ? Backends.traced(claude) : Backends.open(claude);
        server =
                new Server(
                        new ServerSettings(
                                "1.2.3",
                                new ServerSettings.Listen(host, 0, keystore),
                                new ServerSettings.Access(keys(), hosts, origins),
                                new ServerSettings.Limits(bodyBytesMax, streamsMax),
                                ping,
                                isStrict,
                                "field"),
                        backends,
                        new Observers(new Metrics(), ledger),
                        quotas);
        traces.ifPresent(server::traced);
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

    /// As SIGTERM does, before [#stop].
    void leave(Duration delay) {
        server.leave(delay);
    }

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
                        .timeout(Duration.ofSeconds(60))
                        .method(
                                method,
                                body.isEmpty()
                                        ? BodyPublishers.noBody()
                                        : BodyPublishers.ofString(body));
        if (!body.isEmpty()) request.header("content-type", "application/json");
        for (int i = 0; i < headers.length; i += 2) request.setHeader(headers[i], headers[i + 1]);
        return CLIENT.sendAsync(request.build(), BodyHandlers.ofString());
    }

    /// {@return what this process logs}
    CapturedLog log() {
        return log;
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
        ledger.close();
        log.close();
    }
}
