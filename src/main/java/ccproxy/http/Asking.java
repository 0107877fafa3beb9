package ccproxy.http;

import ccproxy.claude.Backends;
import ccproxy.claude.Claude;
import ccproxy.claude.EventStream;
import ccproxy.convert.Warnings;
import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;

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

    /// {@return the backend of a route}
    ///
    /// @throws ApiException when this version does not have it
    Claude claude(Route route) {
        String name = backend(route);
        Claude claude = backends.byName().get(name);
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
        if (!inBody.isEmpty() && !inBody.equals(session)) {
            throw new ApiException(
                    ErrorKind.INVALID_REQUEST,
                    "metadata.session_id: expected the path's session '"
                            + session
                            + "', found '"
                            + inBody
                            + "'");
        }
        if (!session.isEmpty() && !Route.isSessionId(session)) {
            String where = route.session().isEmpty() ? "metadata.session_id" : "session_id";
            throw new ApiException(
                            ErrorKind.INVALID_REQUEST,
                            where
                                    + ": expected 1 to 128 of A-Z a-z 0-9 . _ - and no reserved word, found '"
                                    + session
                                    + "'")
                    .at(where);
        }
        return session;
    }

    /// Says who answers, in the headers and the log.
    void announce(Exchange exchange, String model, String session, boolean isStream) {
        String backend = backend(exchange.route());
        exchange.log().asked(backend, model, session, isStream);
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
