package ccproxy.http;

import ccproxy.claude.Backends;
import ccproxy.claude.Claude;
import ccproxy.claude.EventStream;
import ccproxy.claude.ModelPattern;
import ccproxy.convert.Warnings;
import ccproxy.observe.Finished;
import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.Field;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// Who answers a request, and the headers that say so.
final class Asking {
    private final Backends backends;

    Asking(Backends backends) {
        this.backends = backends;
    }

    /// {@return the name of the backend of a route}
    String backend(Route route) {
        return route.backend().isEmpty() ? backends.name() : route.backend();
    }

    /// {@return the backend of a request}
    ///
    /// @throws ApiException when this version does not have it, or the client's key not the right
    Claude claude(Exchange exchange) {
        String name = backend(exchange.route());
        Claude claude = backends.byName().get(name);
        Set<String> allowed = exchange.key().backends();
        if (!allowed.isEmpty() && !allowed.contains(name)) {
            throw new ApiException(
                    ErrorKind.PERMISSION,
                    "backend: expected one that key '%s' may use (%s), found %s"
                            .formatted(
                                    exchange.key().name(),
                                    String.join(", ", new TreeSet<>(allowed)),
                                    name));
        }
        if (claude != null) return claude;
        throw new ApiException(
                ErrorKind.UNKNOWN_PATH,
                "/"
                        + name
                        + ": expected one of "
                        + String.join(", ", backends.byName().keySet())
                        + "; the backend is not in this version");
    }

    /// {@return the session of a request: of its path, else of its body}
    ///
    /// @throws ApiException when it has a name that no session may have, or two
    static String session(Route route, String inBody) {
        String session = route.session().isEmpty() ? inBody : route.session();
        if (!inBody.isEmpty() && !inBody.equals(session))
            throw Field.of("metadata.session_id", inBody)
                    .expectedValue("the path's session '" + session + "'");
        if (!session.isEmpty() && !Route.isSessionId(session)) {
            String where = route.session().isEmpty() ? "metadata.session_id" : "session_id";
            throw Field.of(where, session)
                    .expectedValue("1 to 128 of A-Z a-z 0-9 . _ - and no reserved word");
        }
        return session;
    }

    /// Lets a request pass whose key may ask this model.
    ///
    /// @param model as it goes to the backend
    /// @throws ApiException when it may not
    void permit(ClientKey key, String model) {
        if (mayUse(key, model)) return;
        List<String> allowed = key.models().stream().map(ModelPattern::text).toList();
        throw new ApiException(
                        ErrorKind.PERMISSION,
                        "model: expected one that key '%s' may use (%s), found %s"
                                .formatted(key.name(), String.join(", ", allowed), model))
                .at("model");
    }

    /// {@return whether a key may ask this model}; a name in its list means what it means in a
    /// request, so that `sonnet` is the model that `sonnet` stands for.
    boolean mayUse(ClientKey key, String model) {
        return key.models().isEmpty()
                || key.models().stream()
                        .anyMatch(allowed ->
                                allowed.matches(model)
                                        || allowed.isExact()
                                                && backends.catalog()
                                                        .resolve(allowed.text())
                                                        .equals(model));
    }

    /// Says who answers, in the headers and the log.
    void announce(Exchange exchange, String model, String session, boolean isStream) {
        String backend = backend(exchange.route());
        Route.Endpoint endpoint = exchange.route().endpoint();
        boolean isTurn = endpoint == Route.Endpoint.CHAT || endpoint == Route.Endpoint.MESSAGES;
        boolean isListed = backends.catalog().isListed(model);
        exchange.log()
                .asked(
                        new Finished.Asked(backend, model, session, isStream, isTurn, isListed),
                        backends.prices());
        exchange.set("x-ccproxy-backend", backend);
        exchange.set("x-ccproxy-model", model);
        exchange.set("x-ccproxy-session", session);
    }

    /// Passes on what the upstream's headers say, and our warnings.
    static void head(Exchange exchange, EventStream events, Warnings warnings) {
        exchange.setAll(events.headers());
        exchange.set("x-ccproxy-warnings", warnings.header());
    }
}
