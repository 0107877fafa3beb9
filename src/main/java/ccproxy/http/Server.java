package ccproxy.http;

import ccproxy.claude.Backends;
import ccproxy.observe.Ids;
import ccproxy.observe.Log;
import ccproxy.observe.RequestContext;
import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.JsonWriter;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/// The listener: one context, one virtual thread an exchange, one place where failures are caught.
public final class Server implements AutoCloseable {
    /// Connections that wait to be accepted; the default of 50 makes a burst of clients wait a
    /// second for the next SYN. Linux cuts it at `net.core.somaxconn` (4096).
    private static final int BACKLOG = 4096;

    private static final Pattern REQUEST_ID = Pattern.compile("[A-Za-z0-9._-]{8,64}");

    private final ServerSettings settings;
    private final Backends backends;
    private final Credentials credentials;
    private final Page page;
    private final Set<Exchange> running = ConcurrentHashMap.newKeySet();
    private HttpServer http;
    private ChatHandler chat;
    private MessagesHandler messages;
    private ModelsHandler models;
    private SessionsHandler sessions;
    private volatile boolean isStopping;

    /// A server that has not started.
    public Server(ServerSettings settings, Backends backends) {
        this.settings = settings;
        this.backends = backends;
        this.credentials = new Credentials(settings.authToken());
        this.page = new Page(settings, backends);
    }

    /// Binds and serves.
    ///
    /// @throws IOException when the address is taken or not ours
    public void start() throws IOException {
        http = HttpServer.create(new InetSocketAddress(settings.host(), settings.port()), BACKLOG);
        var answers = new Answers(settings.ping(), new ClientWatch(port()));
        chat = new ChatHandler(settings, backends, answers, credentials);
        messages = new MessagesHandler(settings, backends, answers, credentials);
        models = new ModelsHandler(backends, answers, credentials);
        sessions = new SessionsHandler(backends, credentials);
        http.setExecutor(
                Executors.newThreadPerTaskExecutor(
                        Thread.ofVirtual().name("exchange-", 0).factory()));
        http.createContext("/", this::serve);
        http.start();
    }

    /// {@return whether a session may have this id}
    public static boolean isSessionId(String id) {
        return Route.isSessionId(id);
    }

    /// {@return the port that it listens on}
    public int port() {
        return http.getAddress().getPort();
    }

    private void serve(HttpExchange exchange) {
        String given = exchange.getRequestHeaders().getFirst("x-request-id");
        boolean isUsable = given != null && REQUEST_ID.matcher(given).matches();
        String id = isUsable ? given : Ids.next("req_");
        String client = exchange.getRemoteAddress().getAddress().getHostAddress();
        var context = new RequestContext(id, client);
        context.run(() ->
                serve(
                        new Exchange(
                                exchange,
                                context,
                                Route.of(exchange.getRequestURI().getRawPath()))));
    }

    /// The one catch: whatever goes wrong, the client hears of it in its own API's words, the log
    /// gets its line, and the server lives on.
    private void serve(Exchange exchange) {
        boolean isGone = false;
        running.add(exchange);
        try {
            exchange.set("x-request-id", exchange.context().requestId());
            // The one that Anthropic's SDKs read; an upstream's own replaces it.
            if (exchange.isMessages()) exchange.set("request-id", exchange.context().requestId());
            dispatch(exchange);
        } catch (ClientGoneException _) {
            isGone = true;
        } catch (Throwable thrown) {
            isGone = !isTold(exchange, thrown);
        } finally {
            exchange.end(isGone);
            running.remove(exchange);
        }
    }

    private static boolean isTold(Exchange exchange, Throwable thrown) {
        try {
            exchange.fail(asApiException(thrown));
            return true;
        } catch (ClientGoneException _) {
            return false;
        }
    }

    private static ApiException asApiException(Throwable thrown) {
        return switch (thrown) {
            case ApiException told -> told;
            case InterruptedException _ -> stopping();
            // Only reading a body throws it here: its sender broke off.
            case IOException _ -> throw new ClientGoneException();
            default -> {
                Log.error("internal error").with(thrown).write();
                yield new ApiException(ErrorKind.INTERNAL, "internal error");
            }
        };
    }

    private void dispatch(Exchange exchange) throws IOException, InterruptedException {
        Route route = exchange.route();
        Route.Endpoint endpoint = route.endpoint();
        if (!endpoint.isOpen()) credentials.check(exchange);
        if (endpoint == Route.Endpoint.UNKNOWN) {
            throw new ApiException(ErrorKind.UNKNOWN_PATH, "path: there is nothing at this path");
        }
        if (exchange.method().equals("OPTIONS")) {
            exchange.set("allow", endpoint.allow());
            exchange.reply(204, "", new byte[0]);
            return;
        }
        if (!endpoint.takes(exchange.method())) {
            throw new ApiException(
                            ErrorKind.METHOD_NOT_ALLOWED,
                            "method: expected " + endpoint.allow() + ", found " + exchange.method())
                    .header("allow", endpoint.allow());
        }
        if (isStopping && !endpoint.isOpen()) throw stopping();
        switch (endpoint) {
            case CHAT -> chat.answer(exchange);
            case MESSAGES -> messages.answer(exchange);
            case COUNT_TOKENS -> messages.count(exchange);
            case MODELS, MODEL -> models.answer(exchange);
            case HEALTH, LIVE -> health(exchange, 200, "ok", Map.of());
            case READY -> ready(exchange);
            case SESSIONS -> sessions.list(exchange);
            case SESSION -> sessions.close(exchange);
            case INTERRUPT -> sessions.interrupt(exchange);
            case PAGE -> page.show(exchange);
            case UNKNOWN -> throw new AssertionError(endpoint);
        }
    }

    private void ready(Exchange exchange) {
        String problem = backends.problem();
        if (isStopping) health(exchange, 503, "stopping", Map.of());
        else if (problem.isEmpty()) health(exchange, 200, "ok", shown());
        else {
            var more = new LinkedHashMap<String, Object>(Map.of("problem", problem));
            more.putAll(shown());
            health(exchange, 503, "unavailable", more);
        }
    }

    private Map<String, Object> shown() {
        Map<String, Object> shown = backends.shown();
        return shown.isEmpty() ? Map.of() : Map.of(backends.name(), shown);
    }

    private void health(Exchange exchange, int status, String word, Map<String, Object> more) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("status", word);
        body.put("version", settings.version());
        body.put("backend", backends.name());
        body.putAll(more);
        exchange.json(status, JsonWriter.bytes(body));
    }

    private static ApiException stopping() {
        return new ApiException(ErrorKind.UNAVAILABLE, "the server is stopping")
                .header("retry-after", "1")
                .header("connection", "close");
    }

    /// Takes no new requests, lets those that run finish, and tells those that do not within
    /// `grace` so.
    public void stop(Duration grace) {
        if (http == null) return;
        isStopping = true;
        long until = System.nanoTime() + grace.toNanos();
        awaitIdle(until);
        // All are told before the first ends: what one of them frees, another must not begin with.
        running.forEach(exchange -> exchange.cutWith(stopping()));
        running.forEach(Exchange::cut);
        awaitIdle(System.nanoTime() + TimeUnit.SECONDS.toNanos(1));
        http.stop(0);
    }

    private void awaitIdle(long until) {
        try {
            while (!running.isEmpty() && System.nanoTime() < until) Thread.sleep(10);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        if (http != null) http.stop(0);
    }
}
