package ccproxy.http;

import ccproxy.claude.Backends;
import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.JsonWriter;
import com.sun.net.httpserver.Headers;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/// Who answers which request, as one configuration has it: an exchange takes one of these when it
/// begins and keeps it to its end. For any number of threads.
final class Handlers {
    private final ServerSettings settings;
    private final Backends backends;
    private final Load load;
    private final BrowserGuard guard;
    private final Credentials credentials;
    private final Quotas quotas;
    private final ChatHandler chat;
    private final MessagesHandler messages;
    private final ModelsHandler models;
    private final SessionsHandler sessions;
    private final MetricsHandler metrics;
    private final UsageHandler usage;
    private final Page page;

    /// What outlives a configuration.
    ///
    /// @param clients who may have left
    /// @param observed what there is to see
    /// @param quotas what each key has used
    record Lasting(ClientWatch clients, Observed observed, Quotas quotas) {}

    Handlers(ServerSettings settings, Backends backends, Lasting lasting) {
        this.settings = settings;
        this.backends = backends;
        this.load = lasting.observed.load();
        this.guard = new BrowserGuard(settings);
        this.credentials = new Credentials(settings.access().keys());
        this.quotas = lasting.quotas;
        var answers = new Answers(settings.ping(), lasting.clients);
        this.chat = new ChatHandler(settings, backends, answers, credentials);
        this.messages = new MessagesHandler(settings, backends, answers, credentials);
        this.models = new ModelsHandler(backends, answers, credentials);
        this.sessions = new SessionsHandler(backends, credentials);
        this.metrics = new MetricsHandler(settings, backends, lasting.observed);
        this.usage = new UsageHandler(lasting.observed.observers().ledger());
        this.page = new Page(settings, backends);
    }

    /// {@return the backends that it asks}
    Backends backends() {
        return backends;
    }

    /// {@return the key that a client has shown, else [ClientKey#NONE]}
    ClientKey identify(Headers headers) {
        return credentials.identify(headers);
    }

    /// How near its end the server is.
    ///
    /// @param isLeaving whether new requests had better go elsewhere
    /// @param isStopping whether it begins nothing new
    record Stage(boolean isLeaving, boolean isStopping) {}

    /// Answers a request.
    ///
    /// @throws ApiException what to tell the client instead
    void answer(Exchange exchange, Stage stage) throws IOException, InterruptedException {
        Route route = exchange.route();
        Route.Endpoint endpoint = route.endpoint();
        if (guard.isAnswered(exchange)) return;
        if (!endpoint.isOpen()) credentials.check(exchange);
        if (endpoint == Route.Endpoint.USAGE && !exchange.key().owner().isEmpty()) {
            String message = "usage: expected auth_token, the key of who runs the server";
            throw new ApiException(ErrorKind.PERMISSION, message);
        }
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
        if (stage.isStopping() && !endpoint.isOpen()) throw Failures.stopping();
        if (endpoint.isTraced()) exchange.trace();
        if (endpoint.isAsking()) ask(exchange);
        else answer(exchange, endpoint, stage);
    }

    private void answer(Exchange exchange, Route.Endpoint endpoint, Stage stage)
            throws IOException, InterruptedException {
        switch (endpoint) {
            case MODELS, MODEL -> models.answer(exchange);
            case HEALTH, LIVE -> health(exchange, 200, "ok", Map.of());
            case READY -> ready(exchange, stage.isLeaving());
            case SESSIONS -> sessions.list(exchange);
            case SESSION -> sessions.close(exchange);
            case INTERRUPT -> sessions.interrupt(exchange);
            case METRICS -> metrics.show(exchange);
            case USAGE -> usage.show(exchange);
            case PAGE -> page.show(exchange);
            case CHAT, MESSAGES, COUNT_TOKENS, UNKNOWN -> throw new AssertionError(endpoint);
        }
    }

    /// Within the number of answers that the server gives at once; what only asks how it is, or
    /// what it knows, is not counted. What is refused here takes nothing off a key's limits.
    private void ask(Exchange exchange) throws IOException, InterruptedException {
        try (var _ = load.answer(settings.limits().streamsMax())) {
            if (exchange.key().isKnown()) askWithin(quotas.of(exchange.key().name()), exchange);
            else askClaude(exchange);
        }
    }

    private void askWithin(Quota quota, Exchange exchange)
            throws IOException, InterruptedException {
        exchange.limits(quota.admit(exchange.key()));
        try {
            askClaude(exchange);
        } finally {
            quota.spend(exchange.log().usage());
        }
    }

    private void askClaude(Exchange exchange) throws IOException, InterruptedException {
        switch (exchange.route().endpoint()) {
            case CHAT -> chat.answer(exchange);
            case MESSAGES -> messages.answer(exchange);
            default -> messages.count(exchange);
        }
    }

    private void ready(Exchange exchange, boolean isLeaving) {
        String problem = backends.problem();
        if (isLeaving) health(exchange, 503, "stopping", Map.of());
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
}
